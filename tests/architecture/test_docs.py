"""What the documents name exists: files, pictures, commands, settings, addresses."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, get_resolver, resolve

from tests.architecture.sources import ROOT, list_files
from tests.architecture.test_site import _variables

PAGES = list_files(".md")
PICTURES = ROOT / "docs/pictures"
_MOST_PICTURE_BYTES = 150_000
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)|<img src=\"([^\"]+)\"")
_TICKED = re.compile(r"`([^`\n]+)`")
_FOLDERS = ("apps/", "docs/", "tests/", "templates/", "static/", "pharmatrace/")
# Names in capitals that are no settings of ours.
_OTHER_NAMES = {"DEMO_APPROVER", "POSTGRES_PASSWORD", "TEST_DB"}
_EXAMPLE = {"$ID": "0" * 64, "$RECALL": "0" * 64, "$UPLOAD": str(UUID(int=0))}
_EXAMPLE |= dict.fromkeys(("$POOL", "$RUN", "$FILE"), str(UUID(int=0)))
_PLACES = re.compile(r"\{[a-z]+\}|<[A-Za-z]+>")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _ticked() -> Iterator[tuple[str, str]]:
    """Page and every text in backticks on it."""
    for page in PAGES:
        for found in _TICKED.findall(_text(page)):
            yield _name(page), found


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_to_files(page):
    links = ["".join(found) for found in _LINK.findall(_text(page))]

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_picture_is_shown_and_small():
    shown = {
        (page.parent / "".join(found)).resolve()
        for page in PAGES
        for found in _LINK.findall(_text(page))
    }
    pictures = set(PICTURES.glob("*.png"))

    assert pictures - shown == set()
    assert len(pictures) >= 8
    large = {p.name for p in pictures if p.stat().st_size > _MOST_PICTURE_BYTES}
    assert large == set()


def test_files_that_are_named_exist():
    missing = {
        (page, name)
        for page, name in _ticked()
        if name.startswith(_FOLDERS) and not re.search(r"[\s*<{…]", name)
        if not (ROOT / name).exists() and not list(ROOT.glob(f"{name}.*"))
    }

    assert missing == set()


def test_targets_of_make_that_are_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", _text(page), re.MULTILINE)
    }

    assert named - targets == set()
    assert {"run", "test", "check", "pictures", "errors", "outsider"} <= named


def test_commands_that_are_named_exist_with_their_options():
    known = get_commands()
    for page in PAGES:
        text = _text(page).replace("\\\n", " ")
        for name, rest in re.findall(r"manage\.py ([a-z_-]+)([^`\n]*)", text):
            command = name.replace("-", "_")  # as manage.py itself reads it
            assert command in known, f"{page.name}: manage.py {command}"
            options = re.findall(r"--[a-z][a-z-]+", rest)
            app = known[command]
            loaded = load_command_class(app, command) if isinstance(app, str) else app
            parser = loaded.create_parser("manage.py", command)
            given = {
                option for each in parser._actions for option in each.option_strings
            }
            assert set(options) - given == set(), f"{page.name}: manage.py {command}"


def test_options_of_the_outsiders_commands_exist():
    for name in ("sign", "verify", "monitor"):
        source = _text(ROOT / f"apps/core/outside/{name}.py")
        named = {
            option
            for page in PAGES
            for line in re.findall(rf"pharmatrace-{name}([^\n`|]*)", _text(page))
            for option in re.findall(r"--[a-z][a-z-]+", line)
        }
        assert {option for option in named if f'"{option}"' not in source} == set()


def test_settings_that_are_named_exist():
    pattern = re.compile(r"^([A-Z][A-Z]+(?:_[A-Z]+)+)(?:=\S*)?$")
    named = {
        found[1]
        for _page, text in _ticked()
        if (found := pattern.match(text)) is not None
    }

    assert named - _variables() - _OTHER_NAMES == set()


def _addresses() -> Iterator[tuple[str, str]]:
    """Page and path of every address of the site."""
    for page in PAGES:
        for path in re.findall(r"\$SITE(/[^\s\"']*)", _text(page)):
            yield _name(page), path
    for page, text in _ticked():
        path = text.removeprefix("GET ").removeprefix("POST ")
        if re.match(r"/(api|log|scan|labels|health|uploads|ledger)\b", path):
            yield page, path


def test_addresses_that_are_named_exist():
    unknown = set()
    for page, address in _addresses():
        path = address.partition("?")[0].partition("[")[0]
        for name, value in _EXAMPLE.items():
            path = path.replace(name, value)
        path = _PLACES.sub("0", path)
        if path == "/log/":  # what lies below it is named one by one
            continue
        try:
            resolve(path)
        except Resolver404:
            unknown.add((page, address))

    assert unknown == set()


def test_every_call_for_machines_is_on_the_page_of_the_api():
    text = _text(ROOT / "docs/api.md")
    for name, value in _EXAMPLE.items():
        text = text.replace(name, value)
    shown = set()
    for path in re.findall(r"(/api/v1/[^\s\"'`?*]+)", text):
        try:
            shown.add(resolve(path).url_name)
        except Resolver404:
            continue
    routes = {
        pattern.name
        for part in get_resolver().url_patterns
        if str(part.pattern) == "api/v1/"
        for pattern in _flat(part.url_patterns)
    }

    assert len(routes) > 15
    assert routes - shown == set()


def _flat(patterns):
    for each in patterns:
        yield from _flat(each.url_patterns) if hasattr(each, "url_patterns") else [each]
