"""ES modules as one inline script, for a page that must work from a saved file.

Browsers load no module from a file beside the page (`file:` has no origin), so the
modules are put into one script. Nothing is rewritten but `import` and `export`: each
module becomes a function that is called once and returns what it exports, in the order
in which they need each other. Blank lines, comments on lines of their own and
indentation are left out.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

_IMPORT: Final = re.compile(
    r'^import \{(?P<names>[^}]*)\} from "(?P<path>\.[^"]*)";\n', re.MULTILINE
)
_EXPORT: Final = re.compile(
    r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE
)
_STRAY: Final = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_COMMENT: Final = re.compile(
    r"^[ \t]*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/)\n", re.MULTILINE
)
_CSS_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENT: Final = re.compile(r"^[ \t]+|[ \t]+$|^\n", re.MULTILINE)
# What would end the script in the page, or begin another state of its parser.
_UNSAFE: Final = re.compile(r"</script|<script|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Module:
    """A module's text without its imports and exports, and what they were."""

    path: Path
    body: str
    imports: tuple[tuple[Path, str], ...]
    exports: tuple[str, ...]


def join_modules(entry: Path) -> str:
    """The script that `entry` and all that it imports make together.

    Raises:
        RuntimeError: a form of import, export or text that is not known here, modules
            that import each other in a circle, text that ends a script in a page.
        OSError: a module that is not there.
    """
    order: dict[Path, _Module] = {}
    _collect(entry.resolve(), order, ())
    numbers = {path: number for number, path in enumerate(order)}
    parts = [_wrap(module, numbers) for module in order.values()]
    script = _INDENT.sub("", "".join(parts))
    if found := _UNSAFE.search(script):
        raise RuntimeError(f"{found[0]} cannot stand in an inline script")
    return script


def join_styles(paths: Iterable[Path]) -> str:
    """Style sheets one after the other, without comments and indentation.

    Raises:
        RuntimeError: text that ends a style in a page.
        OSError: a sheet that is not there.
    """
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    style = _INDENT.sub("", _CSS_COMMENT.sub("", text))
    if "</" in style:
        raise RuntimeError("</ cannot stand in an inline style")
    return style


def source_of(inline: str) -> str:
    """The source expression by which a content policy admits exactly this text."""
    digest = sha256(inline.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _collect(path: Path, order: dict[Path, _Module], above: tuple[Path, ...]) -> None:
    if path in order:
        return
    if path in above:
        circle = " > ".join(each.name for each in (*above, path))
        raise RuntimeError(f"modules import each other: {circle}")
    module = _read(path)
    for needed, _names in module.imports:
        _collect(needed, order, (*above, path))
    order[path] = module


def _read(path: Path) -> _Module:
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    imports = tuple(
        ((path.parent / found["path"]).resolve(), found["names"])
        for found in _IMPORT.finditer(text)
    )
    exports = tuple(found["name"] for found in _EXPORT.finditer(text))
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    if any(line.count("`") % 2 for line in body.splitlines()):
        raise RuntimeError(f"{path.name}: a template text of several lines")
    if found := _STRAY.search(body):
        raise RuntimeError(f"{path.name}: {found[0]!r} is no form that is known here")
    return _Module(path, body, imports, exports)


def _wrap(module: _Module, numbers: dict[Path, int]) -> str:
    names = "".join(_destructured(module, numbers))
    returned = f"return {{ {', '.join(module.exports)} }};\n" if module.exports else ""
    number = numbers[module.path]
    return f"const m{number} = (() => {{\n{names}{module.body}{returned}}})();\n"


def _destructured(module: _Module, numbers: dict[Path, int]) -> Iterator[str]:
    for path, names in module.imports:
        given = (each.strip() for each in names.split(","))
        pairs = (each.replace(" as ", ": ") for each in given if each)
        yield f"const {{ {', '.join(pairs)} }} = m{numbers[path]};\n"
