"""The table of a chain in the file of services, and how it is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from apps.anchoring.clients.anchor_file import AnchorOptions
from apps.anchoring.clients.http import is_url
from apps.core.errors import MalformedInput

_ADDRESS: Final = re.compile(r"0x([0-9a-fA-F]{40})")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}")
_GWEI: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,9})?")
_WEI: Final = 10**9
_NEEDED: Final = ("rpc", "chain_id", "contract", "key")
_USUAL: Final = {
    # Two epochs: where Ethereum calls a block final.
    "confirmations": "64",
    "max_fee_gwei": "50",
}


@dataclass(frozen=True, slots=True)
class EvmOptions:
    """How a chain is asked and paid.

    Args:
        name: of the service.
        rpc: addresses of nodes; the first is asked, all must agree.
        contract: 20 bytes; empty before there is one.
        key: the file of the key that pays.
        confirmations: how many blocks, the one of the event counted, make it final.
        max_fee: the most that a unit of gas may cost, in wei.
    """

    name: str
    rpc: tuple[str, ...]
    chain_id: int
    contract: bytes
    key: Path
    confirmations: int
    max_fee: int


def read_options(options: AnchorOptions, *, needs_contract: bool) -> EvmOptions:
    """The table, taken apart.

    Raises:
        MalformedInput: `unfit_line`: a line is missing, unknown or of another form.
    """
    values = dict(options.values)
    needed = [each for each in _NEEDED if each != "contract" or needs_contract]
    odd = sorted({*needed} - values.keys()) + sorted(
        values.keys() - {*_NEEDED, *_USUAL}
    )
    if odd:
        wanted = ", ".join([*_NEEDED, *_USUAL])
        raise MalformedInput(
            "unfit_line", field=options.name, got=", ".join(odd), wanted=wanted
        )
    lines = _USUAL | values
    contract = lines.get("contract", "")
    return EvmOptions(
        name=options.name,
        rpc=_read_rpc(options.name, lines["rpc"]),
        chain_id=_read_number(options.name, "chain_id", lines["chain_id"]),
        contract=_read_address(options.name, contract) if contract else b"",
        key=options.folder / lines["key"],
        confirmations=_read_number(
            options.name, "confirmations", lines["confirmations"]
        ),
        max_fee=_read_gwei(options.name, lines["max_fee_gwei"]),
    )


def _read_rpc(name: str, text: str) -> tuple[str, ...]:
    urls = tuple(text.split())
    if not urls or not all(map(is_url, urls)) or len(urls) != len({*urls}):
        # The address may hold a secret: it is not repeated.
        raise MalformedInput(
            "unfit_line",
            field=f"{name}.rpc",
            wanted="http or https addresses, each once, with a blank between them",
        )
    return urls


def _read_number(name: str, line: str, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise MalformedInput(
            "unfit_line", field=f"{name}.{line}", got=text, wanted="a number"
        )
    return int(text)


def _read_address(name: str, text: str) -> bytes:
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise MalformedInput(
            "unfit_line", field=f"{name}.contract", got=text, wanted="0x and 40 digits"
        )
    return bytes.fromhex(found[1])


def _read_gwei(name: str, text: str) -> int:
    if not _GWEI.fullmatch(text) or not Decimal(text):
        raise MalformedInput(
            "unfit_line", field=f"{name}.max_fee_gwei", got=text, wanted="such as 1.5"
        )
    return int(Decimal(text) * _WEI)
