"""The table of error codes in docs/errors.md, read from the sources.

`python -m tests.architecture.error_table` writes it anew and keeps the sentence of each
code that stands there already; a test compares, and wants a sentence for every code.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, list_python, tree_of

DOCUMENT = ROOT / "docs/errors.md"
_START = "<!-- codes: written by `make errors`; the sentences are kept -->\n"
_FAMILIES = (
    "MalformedInput",
    "UntrustedSignature",
    "ForbiddenTransfer",
    "LedgerConflict",
    "ProofError",
    "Unavailable",
    "IntegrityBreach",
)
_Functions = dict[str, ast.FunctionDef]


def _name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _code_argument(call: ast.Call) -> ast.expr | None:
    """What a call gives as the code: by name, else what comes first."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    return next(iter([*named, *call.args]), None)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _functions(path: Path) -> _Functions:
    return {
        node.name: node
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef)
    }


def _makers(path: Path) -> dict[str, str]:
    """Functions that make an error of the code they are given, with its family."""
    made = {}
    for name, function in _functions(path).items():
        for call in _calls(function):
            argument = _code_argument(call)
            is_passed_on = isinstance(argument, ast.Name) and argument.id == "code"
            if _name_of(call) in _FAMILIES and is_passed_on:
                made[name] = _name_of(call)
    return made


def _assigned(path: Path, name: str) -> Iterator[ast.expr]:
    """What a name is set to, anywhere in the module."""
    for node in ast.walk(tree_of(path)):
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            value = getattr(node, "value", None)
            yield from [value] if value else []


def _codes(node: ast.expr | None, path: Path) -> Iterator[str]:
    """The texts that an expression can be: literals, choices, tables, returns."""
    inner: list[ast.expr | None] = []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        inner = [node.body, node.orelse]
    elif isinstance(node, ast.Name):
        inner = [*_assigned(path, node.id)]
    elif isinstance(node, ast.Dict):
        inner = [*node.values]
    elif isinstance(node, ast.Call):
        inner = _returned(node, path)
    for each in inner:
        yield from _codes(each, path)


def _returned(call: ast.Call, path: Path) -> list[ast.expr | None]:
    """What a call can give: a table's entry or its default, a function's returns."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "get":
        return [call.func.value, *call.args[1:]]
    function = _functions(path).get(_name_of(call))
    found = ast.walk(function) if function else ()
    return [each.value for each in found if isinstance(each, ast.Return)]


def _list_codes() -> Iterator[tuple[str, str]]:
    """Family and code of every refusal that the sources can raise."""
    paths = [*list_python("apps"), *list_python("pharmatrace")]
    shared = {
        name: family
        for path in paths
        for name, family in _makers(path).items()
        if not name.startswith("_")
    }
    for path in paths:
        families = {name: name for name in _FAMILIES} | shared | _makers(path)
        for call in _calls(tree_of(path)):
            family = families.get(_name_of(call))
            if family:
                for code in _codes(_code_argument(call), path):
                    yield family, code


def table(sentences: dict[tuple[str, str], str]) -> str:
    """One section a family, one line a code, in alphabetical order."""
    codes = defaultdict(set)
    for family, code in _list_codes():
        codes[family].add(code)
    lines = []
    for family in _FAMILIES:
        lines += [f"\n### {family}\n", "| code | what it says |", "|---|---|"]
        lines += [
            f"| `{code}` | {sentences.get((family, code), '')} |"
            for code in sorted(codes[family])
        ]
    return "\n".join(lines) + "\n"


def read_sentences(text: str) -> dict[tuple[str, str], str]:
    """Family and code of every line of a table, with its sentence."""
    found, family = {}, ""
    for line in text.splitlines():
        if line.startswith("### "):
            family = line.removeprefix("### ")
        elif line.startswith("| `"):
            _edge, code, sentence = line.split("|", 2)
            found[family, code.strip(" `")] = sentence.strip("| ")
    return found


def written() -> str:
    """The table as it stands in the document."""
    return DOCUMENT.read_text(encoding="utf-8").partition(_START)[2]


if __name__ == "__main__":
    head, mark, old = DOCUMENT.read_text(encoding="utf-8").partition(_START)
    body = table(read_sentences(old))
    DOCUMENT.write_text(head + (mark or f"\n{_START}") + body, encoding="utf-8")
