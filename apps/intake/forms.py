"""The form of an upload, read the same from the API and from the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile

from apps.core.encoding import parse_date
from apps.core.errors import MalformedInput
from apps.core.gs1.keys import Gln, Gtin, Lot
from apps.core.strict import parse_base64
from apps.intake import operations
from apps.intake.models import Upload
from apps.intake.queries import UploadWish, verify_wish
from apps.partners.queries import Actor

_CHUNK_BYTES: Final = 1 << 20
FIELDS: Final = ("gtin", "lot", "expiry_date", "site")
_OPTIONAL: Final = ("seed",)
_SEED_BYTES: Final = 32


def read_wish(fields: Mapping[str, str]) -> UploadWish:
    """The lot that the form names.

    Raises:
        MalformedInput: a field is missing or holds what it cannot; `field` names it.
    """
    return UploadWish(
        gtin=str(Gtin.parse(_text(fields, "gtin"))),
        lot=str(Lot.parse(_text(fields, "lot"))),
        expiry_date=parse_date(_text(fields, "expiry_date"), field="expiry_date"),
        site=_read_site(_text(fields, "site")),
        seed=_read_seed(fields["seed"]) if "seed" in fields else b"",
    )


def read_form(
    *,
    fields: Iterable[tuple[str, list[str]]],
    files: Iterable[tuple[str, list[UploadedFile[Any]]]],
    more: frozenset[str] = frozenset(),
) -> tuple[UploadWish, UploadedFile[Any]]:
    """The wish and the one file of a multipart form; fields in `more` are passed over.

    Raises:
        MalformedInput: a part that is missing, unknown or there twice.
    """
    single: dict[str, str] = {}
    for name, values in fields:
        if name in more:
            continue
        if name not in (*FIELDS, *_OPTIONAL) or len(values) != 1:
            raise MalformedInput(
                "unknown_field",
                field=name,
                got=f"{len(values)} parts of this name",
                wanted="each once: file, " + ", ".join((*FIELDS, *_OPTIONAL)),
            )
        single[name] = values[0]
    wish = read_wish(single)
    found = [file for name, several in files for file in several if name == "file"]
    others = [name for name, _several in files if name != "file"]
    if others or len(found) != 1:
        raise MalformedInput(
            "missing_field" if not found else "unknown_field",
            field=others[0] if others else "file",
            got=f"{len(found)} files, {len(others)} of other names",
            wanted="one file: CSV in UTF-8, XLSX or EPCIS in JSON",
        )
    return wish, found[0]


def submit_form(
    *, wish: UploadWish, file: UploadedFile[Any], actor: Actor, at: datetime
) -> Upload:
    """Keep the file and write the upload; what is refused on sight is not kept.

    Raises:
        MalformedInput: as `verify_wish` and `store_file`.
        LedgerConflict: as `receive_upload`.
    """
    verify_wish(wish=wish, gln=actor.gln, at=at)
    stored = operations.store_file(
        name=file.name or "", chunks=file.chunks(_CHUNK_BYTES)
    )
    return operations.receive_upload(wish=wish, file=stored, actor=actor, at=at)


def _text(fields: Mapping[str, str], name: str) -> str:
    text = fields.get(name)
    if text is None:
        raise MalformedInput(
            "missing_field", field=name, got="nothing", wanted="a value"
        )
    return text.strip(" ")


def _read_seed(text: str) -> bytes:
    seed = parse_base64(text, field="seed")
    if len(seed) != _SEED_BYTES:
        raise MalformedInput(
            "bad_length",
            field="seed",
            got=f"{len(seed)} bytes",
            wanted=f"{_SEED_BYTES} random bytes in base64",
        )
    return seed


def _read_site(text: str) -> str:
    try:
        return str(Gln.parse(text))
    except MalformedInput as error:
        raise MalformedInput(
            error.code, field="site", got=text, wanted=error.wanted
        ) from error
