"""Signatures of statements and receipts, a page at a time, by processes beside ours."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from apps.core.sealed import Fault, Sealed, SealedBatch, SealJudge
from apps.edge.processes import Beside, spare_processes
from apps.ledger.queries import StoredStatement
from pharmatrace.fsck.finding import Finding
from pharmatrace.fsck.voices import Voices

_MANY: Final = 2_000  # statements from which on processes are worth their start


def judge_beside(statements: int) -> Beside[SealedBatch, list[Fault]]:
    """Who judges the signatures of so many statements."""
    processes = spare_processes() if statements >= _MANY else 0
    return Beside(SealJudge, processes=processes)


class SealChecker:
    """Fed with pages of statements; the findings come when they are judged."""

    def __init__(self, beside: Beside[SealedBatch, list[Fault]]) -> None:
        self._beside = beside
        self._names: deque[list[str]] = deque()  # of each batch that is not judged yet

    def check(
        self, page: Sequence[StoredStatement], voices: Voices
    ) -> Iterator[Finding]:
        """Hand over a page whose keys `voices` has learned."""
        batch = SealedBatch(
            rows=[sealed for each in page if (sealed := _sealed(each)) is not None],
            keys=voices.hand_over_keys(),
            receipt_keys=voices.receipt_keys,
            webauthn=voices.genesis.webauthn if voices.genesis else None,
        )
        self._names.append([row.statement_id for row in batch.rows])
        yield from self._findings(self._beside.put(batch))

    def finish(self) -> Iterator[Finding]:
        """After the last page."""
        yield from self._findings(self._beside.finish())

    def _findings(self, answers: Iterable[list[Fault]]) -> Iterator[Finding]:
        for faults in answers:
            names = self._names.popleft()
            for fault in faults:
                where = f"statement {names[fault.row]}"
                if fault.part == "receipt":
                    where = f"receipt of {where}"
                place = f"{where}, {fault.field}" if fault.field else where
                yield Finding(fault.code, place, fault.got, fault.wanted)


def _sealed(stored: StoredStatement) -> Sealed | None:
    vault = stored.vault
    if vault is None:
        return None
    return Sealed(
        stored.id,
        stored.envelope_digest,
        stored.keyids,
        vault.payload,
        vault.signatures,
        vault.receipt,
    )
