"""The table of error codes in docs/errors.md, read from the sources.

`python -m tests.architecture.error_table` writes it anew; a test compares.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, list_python, tree_of

DOCUMENT = ROOT / "docs/errors.md"
_START = "<!-- codes: written by `make errors` -->\n"
_FAMILIES = (
    "MalformedInput",
    "UntrustedSignature",
    "ForbiddenTransfer",
    "LedgerConflict",
    "ProofError",
    "Unavailable",
    "IntegrityBreach",
)


def _list_calls() -> Iterator[tuple[str, str, str, str]]:
    """Family, code, what is wanted in words ("" if computed), module."""
    for path in list_python("apps"):
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id not in _FAMILIES or not node.args:
                continue
            code = node.args[0]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield node.func.id, code.value, _wanted(node), _module(path)


def _wanted(call: ast.Call) -> str:
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg == "wanted" and isinstance(value, ast.Constant):
            return str(value.value)
    return ""


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT / "apps").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def table() -> str:
    """One section a family, one line a code, in alphabetical order."""
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    modules: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family, code, words, module in _list_calls():
        wanted[family, code].update({words} - {""})
        modules[family, code].add(module)
    lines = []
    for family in _FAMILIES:
        codes = sorted(code for known, code in modules if known == family)
        if codes:
            lines += [
                f"\n### {family}\n",
                "| code | wanted | raised in |",
                "|---|---|---|",
            ]
        for code in codes:
            words = "; ".join(sorted(wanted[family, code])).replace("|", "\\|")
            where = ", ".join(sorted(modules[family, code]))
            lines.append(f"| `{code}` | {words} | {where} |")
    return "\n".join(lines) + "\n"


def list_codes(text: str) -> set[tuple[str, str]]:
    """Family and code of every line of a table."""
    codes, family = set(), ""
    for line in text.splitlines():
        if line.startswith("### "):
            family = line.removeprefix("### ")
        elif line.startswith("| `"):
            codes.add((family, line.split("`")[1]))
    return codes


def written() -> str:
    """The table as it stands in the document."""
    return DOCUMENT.read_text(encoding="utf-8").partition(_START)[2]


if __name__ == "__main__":
    head, mark, _old = DOCUMENT.read_text(encoding="utf-8").partition(_START)
    DOCUMENT.write_text(head + (mark or f"\n{_START}") + table(), encoding="utf-8")
