"""OpenTimestamps as a service that stamps heads: promised by calendars, kept by Bitcoin.

A proof ends in a block's root of hashes. Whether the block is so is for a source of
headers; without one the token is kept all the same, and says which block attests it, not
when: it bears no time, and pages say that the header was not checked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apps.anchoring.clients.anchor_file import AnchorOptions
from apps.anchoring.clients.anchors import (
    AnchorService,
    Facts,
    Promise,
    Promised,
    Stamp,
    Withdrawn,
)
from apps.anchoring.clients.http import Budget
from apps.anchoring.clients.ots.blocks import HEADER_SIZE, Header
from apps.anchoring.clients.ots.calendars import Calendars
from apps.anchoring.clients.ots.headers import HeaderSource, open_headers
from apps.anchoring.clients.ots.options import OtsOptions, read_options
from apps.anchoring.clients.ots.proofs import (
    keep,
    list_blocks,
    list_pending,
    new_stamp,
    read_file,
    write_file,
)
from apps.core.encoding import decode_hex
from apps.core.errors import ProofError, TraceError, Unavailable

logger = logging.getLogger(__name__)

# For all questions of one call.
_SECONDS: Final = 30.0
_LOOK: Final = timedelta(minutes=15)
# A calendar needs hours; after so long it has lost what it promised.
_FORGOTTEN: Final = timedelta(days=7)
# Bitcoin admits blocks whose clock is two hours off.
_MAX_SKEW: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class OpenTimestamps:
    """The calendars of one table.

    Args:
        options: None where only stored tokens are judged.
    """

    options: OtsOptions | None

    def stamp(self, data: bytes, *, at: datetime) -> Promise:
        """Hand the digest of `data` in at every calendar; one promise is enough.

        Raises:
            Unavailable, MalformedInput, ProofError: no calendar promised; see
                `Calendars.submit`.
        """
        options = self._options()
        calendars = Calendars(options.accepted, Budget(_SECONDS))
        whole, faults = new_stamp(data), []
        for url in options.calendars:
            try:
                whole.merge(calendars.submit(url, whole.msg))
            except TraceError as error:
                faults.append(_noted(error, url))
        if len(faults) == len(options.calendars):
            raise faults[0]
        count = len(options.calendars)
        note = f"promised by {count - len(faults)} of {count} calendars"
        return Promise(write_file(whole), at + _LOOK, note)

    def resume(
        self, promised: Promised, data: bytes, *, at: datetime
    ) -> Stamp | Promise | Withdrawn:
        """Ask the calendars for the way to a block.

        Raises:
            Unavailable, MalformedInput, ProofError: none of them gave one that counts,
                and none says that it will.
        """
        try:
            whole = read_file(promised.state, data)
        except TraceError as error:
            return Withdrawn(error)
        if at - promised.begun_at > _FORGOTTEN:
            return Withdrawn(Unavailable("calendar_forgot", wanted="within 7 days"))
        look = _Look(self._options(), promised, at)
        for place, url in list_pending(whole):
            found = look.complete(place, url)
            if found is not None:
                return self._final(whole, place, found)
        if look.waiting:
            note = ", ".join(sorted({*look.waiting}))
            return Promise(promised.state, at + _LOOK, note)
        raise look.faults[0]

    def verify(self, token: bytes, data: bytes, *, facts: Facts) -> Stamp:
        """Check that the proof leads from `data` to one block, and the header if kept.

        Raises:
            MalformedInput, ProofError: see `proofs` and `Header`.
        """
        whole = read_file(token, data)
        blocks = list_blocks(whole)
        if len(blocks) != 1 or list_pending(whole):
            raise ProofError("unfit_proof", field="blocks", got=len(blocks), wanted="1")
        ((root, height),) = blocks
        chain = str(facts.get("chain", "bitcoin"))
        if "header" not in facts:
            return Stamp(token, None, {"chain": chain, "block_number": height})
        text = str(facts["header"])
        raw = decode_hex(text, size_bytes=HEADER_SIZE, field="header")
        header = Header.parse(raw, chain=chain)
        header.verify_root(root)
        return _checked(token, header, chain, height)

    def _final(self, whole: Any, place: Any, found: _Found) -> Stamp:
        place.merge(found.way)
        token = write_file(keep(whole, found.root, found.height))
        chain = self._options().chain
        if found.header is None:
            return Stamp(token, None, {"chain": chain, "block_number": found.height})
        return _checked(token, found.header, chain, found.height)

    def _options(self) -> OtsOptions:
        if self.options is None:
            raise RuntimeError("a judge of tokens was asked to send")
        return self.options


@dataclass(frozen=True, slots=True)
class _Found:
    """A way to a block, and the header where it was checked."""

    way: Any
    root: bytes
    height: int
    header: Header | None


class _Look:
    """One round of questions about a promise."""

    def __init__(self, options: OtsOptions, promised: Promised, at: datetime) -> None:
        budget = Budget(_SECONDS)
        self.calendars = Calendars(options.accepted, budget)
        self.headers: HeaderSource | None = open_headers(
            options.headers, options.folder, budget
        )
        self.options, self.begun_at, self.at = options, promised.begun_at, at
        self.waiting: list[str] = []
        self.faults: list[TraceError] = []

    def complete(self, place: Any, url: str) -> _Found | None:
        """The way from a calendar's promise to a block that counts; None without."""
        try:
            answer = self.calendars.find(url, place.msg)
            if answer is None or not (blocks := list_blocks(answer)):
                self.waiting.append("waits for a block")
                return None
            root, height = blocks[0]
            way = keep(answer, root, height)
            if self.headers is None:
                return _Found(way, root, height, None)
            return self._check(self.headers, way, root, height)
        except TraceError as error:
            self.faults.append(_noted(error, url))
            return None

    def _check(
        self, headers: HeaderSource, way: Any, root: bytes, height: int
    ) -> _Found | None:
        raw, name = headers.header(height)
        header = Header.parse(raw, chain=self.options.chain)
        if header.hash_hex != name:
            raise ProofError(
                "block_differs", field="hash", got=name, wanted=header.hash_hex
            )
        header.verify_root(root)
        _verify_time(header, since=self.begun_at, at=self.at)
        depth, wanted = headers.tip() - height + 1, self.options.confirmations
        if depth < wanted:
            self.waiting.append(
                f"block {height}, {max(depth, 0)} of {wanted} confirmations"
            )
            return None
        return _Found(way, root, height, header)


def _noted(error: TraceError, url: str) -> TraceError:
    logger.warning("Calendar %s: %s", url, error)
    return error


def _checked(token: bytes, header: Header, chain: str, height: int) -> Stamp:
    return Stamp(
        token,
        datetime.fromtimestamp(header.time_seconds, tz=UTC),
        {
            "chain": chain,
            "block_number": height,
            "block_hash": header.hash_hex,
            "header": header.raw.hex(),
        },
    )


def _verify_time(header: Header, *, since: datetime, at: datetime) -> None:
    when = datetime.fromtimestamp(header.time_seconds, tz=UTC)
    if not since - _MAX_SKEW <= when <= at + _MAX_SKEW:
        raise ProofError(
            "stamp_time_off",
            got=when.isoformat(),
            wanted=f"{since.isoformat()} to {at.isoformat()}, within 2 hours",
        )


def open_ots(options: AnchorOptions) -> AnchorService:
    """The calendars that a table of the file describes; without any line, a judge.

    Raises:
        MalformedInput: `unfit_line`: see `read_options` and `open_headers`.
    """
    if not options.values:
        return OpenTimestamps(None)
    read = read_options(options)
    # A line that cannot be used is a fault now, not hours later.
    open_headers(read.headers, read.folder, Budget(_SECONDS))
    return OpenTimestamps(read)
