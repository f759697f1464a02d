"""The form of an upload, read the same from the API and from the page."""

from __future__ import annotations

import re
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
from apps.intake.operations import Announced
from apps.intake.queries import UploadWish, verify_wish
from apps.partners.queries import Actor

_CHUNK_BYTES: Final = 1 << 20
FIELDS: Final = ("gtin", "lot", "expiry_date", "site")
TICKS: Final = ("check_only", "into_recalled_lot")
_ANNOUNCED: Final = ("file_name", "size_bytes", "file_digest")
_OPTIONAL: Final = ("seed", *TICKS, *_ANNOUNCED)
_YES: Final = ("1", "true", "on")
_NO: Final = ("0", "false", "")
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_SIZE: Final = re.compile("[0-9]{1,18}")
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
        is_check_only=_read_tick(fields, "check_only"),
        is_into_recalled=_read_tick(fields, "into_recalled_lot"),
    )


def read_form(
    *,
    fields: Iterable[tuple[str, list[str]]],
    files: Iterable[tuple[str, list[UploadedFile[Any]]]],
    more: frozenset[str] = frozenset(),
) -> tuple[UploadWish, UploadedFile[Any] | Announced]:
    """The wish, and the one file of a multipart form or what is said of one to come.

    Fields in `more` are passed over.

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
    sent = list(files)
    if not sent and "file_digest" in single:
        return wish, _read_announced(single)
    found = [file for name, several in sent for file in several if name == "file"]
    others: list[str] = [name for name in _ANNOUNCED if name in single]
    others += [name for name, _several in sent if name != "file"]
    if others or len(found) != 1:
        raise MalformedInput(
            "missing_field" if not found else "unknown_field",
            field=others[0] if others else "file",
            got=f"{len(found)} files, {len(others)} of other names",
            wanted="one file: CSV in UTF-8, XLSX or EPCIS in JSON; or, of one to come,"
            " file_name, size_bytes and file_digest",
        )
    return wish, found[0]


def submit_form(
    *,
    wish: UploadWish,
    file: UploadedFile[Any] | Announced,
    actor: Actor,
    at: datetime,
) -> Upload:
    """Keep the file and write the upload; what is refused on sight is not kept.

    Raises:
        MalformedInput: as `verify_wish` and `store_file`.
        LedgerConflict: as `receive_upload`.
    """
    if isinstance(file, Announced):
        return operations.begin_upload(wish=wish, file=file, actor=actor, at=at)
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


def _read_tick(fields: Mapping[str, str], name: str) -> bool:
    text = fields.get(name, "").lower()
    if text not in (*_YES, *_NO):
        raise MalformedInput("bad_value", field=name, got=text, wanted="true or false")
    return text in _YES


def _read_announced(fields: Mapping[str, str]) -> Announced:
    """What is said of a file that will come in chunks."""
    digest, size = fields["file_digest"], _text(fields, "size_bytes")
    if not _DIGEST.fullmatch(digest):
        raise MalformedInput(
            "bad_digest",
            field="file_digest",
            got=digest,
            wanted="SHA-256 of the file, 64 hex digits in lower case",
        )
    if not _SIZE.fullmatch(size):
        raise MalformedInput(
            "not_digits", field="size_bytes", got=size, wanted="the file's bytes"
        )
    return Announced(fields.get("file_name", ""), digest, int(size))


def _read_site(text: str) -> str:
    try:
        return str(Gln.parse(text))
    except MalformedInput as error:
        raise MalformedInput(
            error.code, field="site", got=text, wanted=error.wanted
        ) from error
