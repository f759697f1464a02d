"""The project's files and what they import, read as text: nothing is executed."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def list_files(*suffixes: str) -> tuple[Path, ...]:
    """Files git knows or would take, with one of `suffixes`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    paths = [ROOT / name for name in listed if name.endswith(suffixes)]
    return tuple(path for path in paths if path.is_file())


def list_python(folder: str) -> list[Path]:
    """Python files below `folder`, without migrations."""
    below = ROOT / folder
    return [
        path
        for path in list_files(".py")
        if path.is_relative_to(below) and "migrations" not in path.parts
    ]


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `module` is absolute unless `level` says how many dots."""

    path: Path
    line: int
    module: str
    name: str
    level: int

    @property
    def where(self) -> str:
        """Path and line, as an editor wants them."""
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def list_imports(path: Path) -> Iterator[Import]:
    """Every import of the file, wherever in it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name, "", 0)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = node.module or ""
                yield Import(path, node.lineno, module, alias.name, node.level)
