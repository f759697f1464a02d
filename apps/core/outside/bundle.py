"""The part of pharmatrace-verify that checks a bundle and says what it shows."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from ..bundle.head import Demands, describe
from ..bundle.report import LotReport, Report
from ..bundle.verify import verify_bundle
from ..encoding import decode_hex, format_time_ms, parse_time_ms
from ..errors import MalformedInput, ProofError, TraceError
from ..policy import Policy
from .console import read_input

_ZIP: Final = b"PK"
_TAG_KEY_BYTES: Final = 32


def is_bundle(name: str) -> bool:
    """Whether the file, or standard input for `-`, begins as a zip does."""
    if name == "-":
        peek = getattr(sys.stdin.buffer, "peek", lambda _: b"")
        return bytes(peek(len(_ZIP))[: len(_ZIP)]) == _ZIP
    try:
        with Path(name).open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        return False  # whoever reads it as something else says so


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that only a bundle has."""
    only = parser.add_argument_group("for a bundle")
    only.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="a checkpoint that you have: a bundle of an older one is refused",
    )
    only.add_argument(
        "--not-before",
        metavar="TIME",
        default="",
        help="refuse a bundle of a checkpoint older than YYYY-MM-DDThh:mm:ss.sssZ",
    )
    only.add_argument(
        "--tag-key",
        metavar="FILE",
        help="the ledger's tag key, if you have it: 32 bytes, or their hex",
    )
    only.add_argument(
        "--units", metavar="FILE", help="write each pack and its place to this CSV"
    )


def check_bundle(name: str, options: argparse.Namespace, policy: Policy) -> Report:
    """Verify the bundle in file `name`, or on standard input, as the options demand.

    Raises:
        ProofError: `step` names the failed one.
        OSError: a file cannot be read or written.
    """
    if not options.genesis:
        raise ProofError(
            "no_genesis", step=2, wanted="--genesis ID: a bundle is judged from there"
        )
    demands = _demands(options, policy)
    if name == "-":
        report = verify_bundle(sys.stdin.buffer, demands)
    else:
        with Path(name).open("rb") as file:
            report = verify_bundle(file, demands)
    if options.units:
        _write_units(options.units, report.lots)
    return report


def say(report: Report) -> None:
    """Print where the units are, who signed, and as of when."""
    for lot in report.lots:
        _say_lot(lot)
    for link in report.links:
        who = link.gln or f"a {link.role} in {link.country}"
        print(f"  {format_time_ms(link.time_ms)}  {link.lot}  {link.what:<14}  {who}")
    print(f"Signed by {len(report.signers)} parties:")
    for signer in report.signers:
        count = f"{signer.statements:,} statement(s)"
        print(f"  {signer.gln}  {count:>20}  {signer.name}")
    print(f"As of {describe(report.head)}.")


def _say_lot(lot: LotReport) -> None:
    print(
        f"Lot {lot.lot} of {lot.gtin}, expiry {lot.expiry_date}: {lot.size:,} unit(s),"
        f" {lot.recalled:,} recalled, {lot.held:,} on hold."
    )
    for place in lot.places:
        print(
            f"  {place.count:>12,}  {place.status:<20}  {place.gln}  site {place.site}"
            f"  {place.name}"
        )
    total = sum(place.count for place in lot.places)
    print(f"  {total:>12,}  in all: every unit once")


def _demands(options: argparse.Namespace, policy: Policy) -> Demands:
    not_before = options.not_before
    try:
        return Demands(
            policy=policy,
            genesis_id=options.genesis,
            checkpoint=read_input(options.checkpoint) if options.checkpoint else b"",
            not_before_ms=(
                parse_time_ms(not_before, field="--not-before") if not_before else 0
            ),
            tag_key=_read_tag_key(options.tag_key) if options.tag_key else b"",
        )
    except TraceError as error:
        raise ProofError(
            error.code, step=1, field=error.field, got=error.got, wanted=error.wanted
        ) from error


def _read_tag_key(name: str) -> bytes:
    """The key in a file.

    Raises:
        MalformedInput: `bad_tag_key`; what was read is a secret, so it is not shown.
    """
    data = read_input(name)
    if len(data) == _TAG_KEY_BYTES:
        return data
    try:
        text = data.decode("ascii").strip()
        return decode_hex(text, size_bytes=_TAG_KEY_BYTES, field="--tag-key")
    except (UnicodeDecodeError, MalformedInput):
        raise MalformedInput(
            "bad_tag_key",
            field="--tag-key",
            got=f"{len(data)} bytes",
            wanted="32 bytes, or 64 lower-case hex digits",
        ) from None


def _write_units(name: str, lots: Sequence[LotReport]) -> None:
    head = ("gtin", "lot", "serial", "holder", "site", "status", "recalled", "on_hold")
    rows = (
        (lot.gtin, lot.lot, *row[:4], *("yes" if flag else "no" for flag in row[4:]))
        for lot in lots
        for row in lot.units()
    )
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(chain([head], rows))
