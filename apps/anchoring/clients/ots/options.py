"""The table of calendars in the file of services."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from apps.anchoring.clients.anchor_file import AnchorOptions
from apps.anchoring.clients.http import is_url
from apps.anchoring.clients.ots.blocks import CHAINS
from apps.core.errors import MalformedInput

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_MOST_CALENDARS: Final = 8
_USUAL: Final = {
    "accept": "",
    "headers": "",
    "confirmations": "6",
    "chain": "bitcoin",
}


@dataclass(frozen=True, slots=True)
class OtsOptions:
    """Whom to ask.

    Args:
        calendars: addresses where digests are handed in.
        accepted: addresses that promises may name.
        headers: the line that names a source of headers; "": none.
        folder: of the file; paths in that line are relative to it.
        confirmations: how many blocks, its own counted, make a block count.
        chain: `bitcoin`, or `bitcoin-regtest` for trials.
    """

    calendars: tuple[str, ...]
    accepted: frozenset[str]
    headers: str
    folder: Path
    confirmations: int
    chain: str


def read_options(options: AnchorOptions) -> OtsOptions:
    """The table, taken apart.

    Raises:
        MalformedInput: `unfit_line`: a line is missing, unknown or of another form.
    """
    name, values = options.name, _USUAL | dict(options.values)
    odd = sorted({"calendars"} - values.keys())
    odd += sorted(values.keys() - {"calendars", *_USUAL})
    if odd:
        wanted = ", ".join(["calendars", *_USUAL])
        raise MalformedInput(
            "unfit_line", field=name, got=", ".join(odd), wanted=wanted
        )
    calendars = _read_urls(f"{name}.calendars", values["calendars"])
    if not 1 <= len(calendars) <= _MOST_CALENDARS:
        raise MalformedInput(
            "unfit_line", field=f"{name}.calendars", got=len(calendars), wanted="1 to 8"
        )
    if not _NUMBER.fullmatch(values["confirmations"]):
        raise MalformedInput(
            "unfit_line",
            field=f"{name}.confirmations",
            got=values["confirmations"],
            wanted="a number",
        )
    if values["chain"] not in CHAINS:
        raise MalformedInput(
            "unfit_line",
            field=f"{name}.chain",
            got=values["chain"],
            wanted=", ".join(CHAINS),
        )
    return OtsOptions(
        calendars=calendars,
        accepted=frozenset(calendars)
        | {*_read_urls(f"{name}.accept", values["accept"])},
        headers=values["headers"],
        folder=options.folder,
        confirmations=int(values["confirmations"]),
        chain=values["chain"],
    )


def _read_urls(field: str, text: str) -> tuple[str, ...]:
    urls = tuple(url.rstrip("/") for url in text.split())
    if not all(map(is_url, urls)) or len(urls) != len({*urls}):
        raise MalformedInput(
            "unfit_line",
            field=field,
            got=text,
            wanted="http or https addresses, each once, with a blank between them",
        )
    return urls
