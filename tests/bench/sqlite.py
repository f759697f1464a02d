"""The sequencer on SQLite, as `make run` has it: `python -m tests.bench.sqlite`."""

import os
import tempfile
from pathlib import Path

SIZE = 20_000


def main() -> None:
    """Print the one figure in the table's form."""
    with tempfile.TemporaryDirectory(prefix="pt-bench-") as var:
        os.environ.pop("DATABASE_URL", None)
        os.environ["PHARMATRACE_TEST_VAR"] = var
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        from tests.bench.backlog import integration
        from tests.bench.report import as_table
        from tests.bench.world import build

        figure = integration(build(Path(var)), size=SIZE, rounds=3)
    print(as_table([figure]))


if __name__ == "__main__":
    main()
