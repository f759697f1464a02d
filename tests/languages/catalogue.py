"""The sentences of the site, read from its sources, and their German catalogue.

`python -m tests.languages.catalogue` (`make catalogue`) brings the catalogue up to date:
new sentences stand in it untranslated, those that are gone are dropped. Scripts need no
extractor of their own: their sentences stand in the templates.
"""

from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS
from babel.messages.extract import extract as extract_calls
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from tests.architecture.sources import ROOT, list_files, list_python

GERMAN = ROOT / "locale/de/LC_MESSAGES/django.po"
# Where the sentences stand among a function's arguments; "c" is the context.
_KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": (1,),
    "gettext_noop": (1,),
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# Dates and names would make every run of `make catalogue` a change.
_VOLATILE = ("POT-", "PO-", "Last-T", "Report-", "Language-T", "Project-Id", "Gen")
_HEADER = """\
# The German sentences of PharmaTrace, in the words of docs/glossary.md.
# `make catalogue` adds what is new and drops what is gone; a hand translates."""


def extract() -> Catalog:
    """Every sentence that templates and modules mark for translation."""
    catalogue = Catalog(locale="de", charset="utf-8", fuzzy=False)
    for path in _sources():
        where = path.relative_to(ROOT).as_posix()
        for _line, ids, _comments, context in extract_calls(
            "python", BytesIO(_code(path).encode()), keywords=_KEYWORDS
        ):
            catalogue.add(ids, locations=[(where, 0)], context=context)
    return catalogue


def read_german() -> Catalog:
    """The German catalogue as it stands."""
    with GERMAN.open("rb") as file:
        return read_po(file, locale="de")


def written() -> bytes:
    """The German catalogue brought up to date, without guesses at what is new."""
    fresh, known = extract(), read_german()
    for message in list_sentences(fresh):
        old = known.get(message.id, message.context)
        message.string = old.string if old else message.string
    fresh.header_comment = _HEADER
    buffer = BytesIO()
    write_po(buffer, fresh, width=88, include_lineno=False)
    lines = buffer.getvalue().splitlines(keepends=True)
    volatile = tuple(f'"{name}'.encode() for name in _VOLATILE)
    return b"".join(line for line in lines if not line.startswith(volatile))


def list_sentences(catalogue: Catalog) -> list[Message]:
    """The messages of a catalogue without its header."""
    return [message for message in catalogue if message.id]


def _sources() -> list[Path]:
    python = [*list_python("apps"), *list_python("pharmatrace")]
    return sorted([*list_files(".html"), *python])


def _code(path: Path) -> str:
    """The file as Python; of a template, its calls stand between rows of X."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    marked = templatize(text, origin=str(path))
    return "\n".join(line.strip() for line in marked.splitlines())


if __name__ == "__main__":
    GERMAN.write_bytes(written())
