"""The outsider's package stands alone: one dependency, no Django, no site."""

import subprocess
import sys
import tomllib
from pathlib import Path

CORE = Path(__file__).resolve().parents[3] / "apps" / "core"
PROJECT = tomllib.loads((CORE / "pyproject.toml").read_text())
ASK = """
import sys
sys.path.insert(0, sys.argv[1])
from pharmatrace_core.outside import monitor, sign, verify
import pharmatrace_core.bodies, pharmatrace_core.epcis.build
site = {"django", "apps", "pharmatrace", "celery", "pyroaring"}
print(sorted(site & {name.partition(".")[0] for name in sys.modules}))
"""


def test_the_commands_load_without_the_site(tmp_path):
    (tmp_path / "pharmatrace_core").symlink_to(CORE, target_is_directory=True)

    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", ASK, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert done.stdout.strip() == "[]"


def test_the_package_needs_cryptography_only():
    (need,) = PROJECT["project"]["dependencies"]

    assert need.startswith("cryptography")


def test_every_folder_of_the_ground_is_packed():
    folders = {
        "pharmatrace_core" + "".join(f".{part}" for part in path.parent.parts)
        for path in (found.relative_to(CORE) for found in CORE.rglob("__init__.py"))
        if "build" not in path.parts
    }

    assert set(PROJECT["tool"]["setuptools"]["packages"]) == folders


def test_the_commands_are_there_to_be_called():
    for target in PROJECT["project"]["scripts"].values():
        module, _, function = target.partition(":")
        path = CORE.joinpath(*module.split(".")[1:]).with_suffix(".py")
        assert f"def {function}(" in path.read_text()
