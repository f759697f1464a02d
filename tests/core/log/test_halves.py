"""Who verifies must not lean on the code that builds."""

import subprocess
import sys

VERIFIERS = (
    "merkle note notekey checkpoint policy proof map leaf chain ranges serials"
    " window promise proofcode packproof packcode packs"
    " bundle.verify outside.verify"
)
BUILDERS = (
    *("tree", "tiles", "mapbuild", "maproots", "serialsbuild", "windowbuild"),
    *("bundle.build", "bundle.share", "bundle.follow", "bundle.zipwrite"),
)


def test_the_verifier_half_loads_no_builder_and_no_django():
    script = (
        "import importlib, sys\n"
        f"for name in {VERIFIERS!r}.split(): importlib.import_module('apps.core.' + name)\n"
        f"built = [n for n in {BUILDERS!r} if 'apps.core.' + n in sys.modules]\n"
        "assert not built, built\n"
        "assert 'django' not in sys.modules\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
