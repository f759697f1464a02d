"""Size and shape of the files: what a reader may rely on."""

import re

import pytest

from tests.architecture.sources import ROOT, list_files, tree_of

_PYTHON_LINES = 300
_TEMPLATE_LINES = 120
_SCRIPT_LINES = 300
# Data, not prose: the table of application identifiers has a line for each.
_DATA_MODULES = {"apps/core/gs1/ai_table.py"}

# The page that works from a saved file: its one style and one script stand inside, and its
# policy admits these two by their hash alone (docs/adr/0023).
_ONE_FILE = "templates/exchange/verify.html"
_SEALED = (
    "<style>{{ page.parts.style }}</style>",
    '<script type="module">{{ page.parts.script }}</script>',
)

# What the content security policy would stop, so that it is seen before a browser is.
_INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "an hx-on handler": re.compile(r"\bhx-on\b", re.I),
    "an evaluated hx-vals": re.compile(r"js:\s*\{", re.I),
    "a javascript: address": re.compile(r"=\s*[\"']\s*javascript:", re.I),
    "a foreign host": re.compile(r"(?:src|href|action)=\"(?:https?:)?//", re.I),
}
_SCRIPT = re.compile(
    r"<script\b(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.I | re.S
)


def _name(path):
    return str(path.relative_to(ROOT))


def test_files_are_short_enough_to_be_read_at_once():
    limits = {".py": _PYTHON_LINES, ".html": _TEMPLATE_LINES, ".js": _SCRIPT_LINES}
    long = [
        f"{_name(path)}: {lines} lines"
        for suffix, limit in limits.items()
        for path in list_files(suffix)
        if "migrations" not in path.parts and _name(path) not in _DATA_MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > limit
    ]

    assert long == []


@pytest.mark.parametrize("path", list_files(".html"), ids=_name)
def test_a_template_holds_nothing_inline(path):
    text = path.read_text(encoding="utf-8")
    for sealed in _SEALED if _name(path) == _ONE_FILE else ():
        assert sealed in text
        text = text.replace(sealed, "", 1)
    wrong = [what for what, pattern in _INLINE.items() if pattern.search(text)]
    for found in _SCRIPT.finditer(text):
        is_data = "application/json" in found["attributes"]
        if not is_data and (found["body"].strip() or "src=" not in found["attributes"]):
            wrong.append("an inline script")

    assert wrong == []


def test_scripts_evaluate_nothing_and_write_no_markup():
    banned = re.compile(
        r"\beval\(|new Function\(|\.innerHTML|\.outerHTML|document\.write"
    )
    wrong = [
        f"{_name(path)}: {found[0]}"
        for path in list_files(".js")
        if path.is_relative_to(ROOT / "static")
        for found in banned.finditer(path.read_text(encoding="utf-8"))
    ]

    assert wrong == []


def test_every_module_says_what_it_is_for():
    import ast

    silent = [
        _name(path)
        for path in list_files(".py")
        if path.is_relative_to(ROOT / "apps") and "migrations" not in path.parts
        if path.stat().st_size and not ast.get_docstring(tree_of(path))
    ]

    assert silent == []


def test_the_lock_file_names_no_host_of_one_machine():
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
    assert '"integrity": "sha512-' in lock


def test_no_file_holds_a_private_key_or_is_large():
    from tests.architecture.staged import list_faults

    everything = [path for path in list_files("") if "golden" not in path.parts]

    assert list_faults(everything) == []
