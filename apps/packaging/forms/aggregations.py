"""The form of a file of packing, read the same from the API and from the page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile

from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.packaging.forms.pools import owned_product
from apps.packaging.models import Aggregation
from apps.packaging.operations.aggregations import PackWish, receive_aggregation
from apps.partners.queries import Actor

_CHUNK_BYTES: Final = 1 << 20


def submit_aggregation(
    *,
    fields: Iterable[tuple[str, list[str]]],
    files: Iterable[tuple[str, list[UploadedFile[Any]]]],
    actor: Actor,
    at: datetime,
) -> Aggregation:
    """Take a file of packing in: file, gtin, site, and perhaps lot.

    Raises:
        MalformedInput: a part that is missing, unknown or there twice;
            `unknown_product`, `unknown_site`.
        LedgerConflict: as `receive_aggregation`.
    """
    sent = {name: values for name, values in fields if name != "csrfmiddlewaretoken"}
    if any(len(values) != 1 for values in sent.values()):
        raise MalformedInput("unknown_field", field="lot", wanted="each field once")
    texts = {name: values[0].strip() for name, values in sent.items()}
    asked = Fields({n: text for n, text in texts.items() if text}, where="")
    gtin, site = asked.gtin("gtin"), asked.gln("site")
    lot = asked.lot("lot") if asked.has("lot") else ""
    asked.close()
    file = _one_file(files)
    owned_product(gtin, actor)
    return receive_aggregation(
        wish=PackWish(gtin, lot, site),
        file_name=file.name or "",
        chunks=file.chunks(_CHUNK_BYTES),
        actor=actor,
        at=at,
    )


def _one_file(
    files: Iterable[tuple[str, list[UploadedFile[Any]]]],
) -> UploadedFile[Any]:
    listed = [(name, file) for name, several in files for file in several]
    if len(listed) != 1 or listed[0][0] != "file":
        raise MalformedInput(
            "missing_field" if not listed else "unknown_field",
            field="file",
            got=f"{len(listed)} files",
            wanted="one file: CSV in UTF-8, XLSX or EPCIS in JSON",
        )
    return listed[0][1]
