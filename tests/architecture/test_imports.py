"""Who imports whom: what the import-linter contracts say, and what they cannot say."""

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.architecture.sources import ROOT, Import, list_imports, list_python, tree_of

_CORE = ROOT / "apps/core"
_OUTSIDE = _CORE / "outside"
# What reads a clock, the environment or the network.
_IMPURE = ("time", "os", "socket", "http", "urllib.request", "subprocess", "threading")
_CLOCKS = {"now", "utcnow", "today"}
_BUILDERS = (
    *("tree", "tiles", "mapbuild", "maproots"),
    *("serialsbuild", "windowbuild"),
    *("bundle.build", "bundle.share", "bundle.follow", "bundle.zipwrite"),
)
_BUILDING_COMMANDS = ("monitor", "witness")

_BETWEEN_APPS = {"operations", "queries"}
# (kind of importing module, kind of imported module): why it may.
_EXCEPTIONS = {
    ("models", "models"): "a foreign key names its target",
    ("operations", "formats"): "values that are handed over, such as Draft",
    ("queries", "formats"): "values that are handed over, such as Draft",
    ("formats", "formats"): "values that are handed over, such as Draft",
    ("formats", "operations"): "values that are handed over, such as Submission",
    ("formats", "labels"): "the symbols of packs are drawn in one place",
    ("queries", "labels"): "the symbols of packs are drawn in one place",
    ("api", "authentication"): "the doors' one guard",
    ("views", "authentication"): "the doors' one guard",
    ("tasks", "tasks"): "run_once, the decorator of every task",
}


def test_the_import_contracts_hold():
    ran = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout


def test_the_ground_imports_the_standard_library_cryptography_and_itself():
    wrong = [
        f"{found.where} imports {found.module}"
        for path in list_python("apps/core")
        for found in list_imports(path)
        if found.level == 0
        and found.module.split(".")[0] not in {*sys.stdlib_module_names, "cryptography"}
    ]

    assert wrong == []


def test_the_ground_reads_no_clock_no_environment_and_no_network():
    pure = [p for p in list_python("apps/core") if not p.is_relative_to(_OUTSIDE)]
    wrong = [
        f"{found.where} imports {found.module}"
        for path in pure
        for found in list_imports(path)
        if found.level == 0
        and any(f"{found.module}.".startswith(f"{name}.") for name in _IMPURE)
    ]
    wrong += [
        f"{path.relative_to(ROOT)}:{node.lineno} asks the clock"
        for path in pure
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in _CLOCKS
    ]

    assert wrong == []


def test_nothing_in_the_ground_imports_the_commands():
    wrong = [
        found.where
        for path in list_python("apps/core")
        if not path.is_relative_to(_OUTSIDE)
        for found in list_imports(path)
        if "outside" in f"{found.module}.{found.name}".split(".")
    ]

    assert wrong == []


def test_the_verifier_half_builds_nothing():
    graph = grimp.build_graph("apps", cache_dir=None)
    builders = {f"apps.core.{name}" for name in _BUILDERS} & graph.modules
    may_build = builders | {
        module
        for module in graph.modules
        for command in _BUILDING_COMMANDS
        if module.startswith(f"apps.core.outside.{command}")
    }
    wrong = [
        " -> ".join(chain)
        for module in graph.find_descendants("apps.core") - may_build
        for builder in builders
        if (chain := graph.find_shortest_chain(module, builder))
    ]

    assert builders
    assert wrong == []


def _kind(parts: tuple[str, ...]) -> str:
    """The kind of a module: the name below its app, without the ending."""
    return parts[2].removesuffix(".py") if len(parts) > 2 else ""


def _crosses(found: Import) -> bool:
    parts = found.module.split(".")
    own = found.path.relative_to(ROOT).parts[1]
    is_app = found.level == 0 and parts[0] == "apps" and len(parts) > 1
    return is_app and parts[1] not in {own, "core", "edge"}


@pytest.mark.parametrize(
    "app",
    sorted(p.name for p in (ROOT / "apps").iterdir() if (p / "apps.py").is_file()),
)
def test_between_apps_only_operations_and_queries_are_imported(app: str):
    wrong = []
    for path in list_python(f"apps/{app}"):
        for found in filter(_crosses, list_imports(path)):
            names = (*found.module.split("."), found.name)
            importer, imported = _kind(path.relative_to(ROOT).parts), names[2]
            is_allowed = (
                imported in _BETWEEN_APPS or (importer, imported) in _EXCEPTIONS
            )
            if imported == "models" and not is_allowed:
                is_allowed = not _asks_rows(path, found.name)  # a type, no more
            if not is_allowed:
                wrong.append(f"{found.where} imports {'.'.join(names)}")

    assert wrong == []


def _asks_rows(path: Path, model: str) -> bool:
    """True if the file uses `model` for more than types: `Model.objects`."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"objects", "_default_manager"}
        and isinstance(node.value, ast.Name)
        and node.value.id == model
        for node in ast.walk(tree_of(path))
    )
