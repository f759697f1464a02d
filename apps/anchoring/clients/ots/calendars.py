"""Calendars of OpenTimestamps over HTTP: a digest in, a proof out, hours apart.

Source: opentimestamps-client, `POST /digest` and `GET /timestamp/<hex>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from apps.anchoring.clients.http import Budget, Question, ask
from apps.anchoring.clients.ots.proofs import keep_pending, list_pending, read_answer
from apps.core.errors import ProofError, Unavailable

_ANSWER_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
_MAX_ANSWER_BYTES: Final = 10_000  # as the standard client
_HTTP_OK: Final = 200
_HTTP_NOT_FOUND: Final = 404
_ACCEPT: Final = {"Accept": "application/vnd.opentimestamps.v1"}


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of a table, for one round.

    Args:
        accepted: addresses that promises may name: nobody else's are asked.
    """

    accepted: frozenset[str]
    budget: Budget

    def submit(self, url: str, digest: bytes) -> Any:
        """Hand in a digest; a `Timestamp` over it that ends in promises.

        Raises:
            Unavailable: `calendar_silent`; `calendar_declines`.
            MalformedInput: `bad_stamp`.
            ProofError: `unfit_proof`; `calendar_unknown`: the promise is of a calendar
                that the table does not name.
        """
        status, answer = self._ask("POST", f"{url}/digest", digest)
        if status != _HTTP_OK:
            raise Unavailable("calendar_declines", field=url, got=status)
        stamp = read_answer(answer, digest)
        kept = keep_pending(stamp, self.accepted)
        if kept is None:
            raise ProofError(
                "calendar_unknown",
                field=url,
                got=[uri for _, uri in list_pending(stamp)],
                wanted=", ".join(sorted(self.accepted)),
            )
        return kept

    def find(self, url: str, commitment: bytes) -> Any:
        """The `Timestamp` over a commitment of this calendar; None while it has none.

        Raises:
            Unavailable, MalformedInput, ProofError: as `submit`.
        """
        if url not in self.accepted:
            raise ProofError("calendar_unknown", got=url)
        path = f"{url}/timestamp/{commitment.hex()}"
        status, answer = self._ask("GET", path, None)
        if status == _HTTP_NOT_FOUND:
            return None
        if status != _HTTP_OK:
            raise Unavailable("calendar_declines", field=url, got=status)
        return read_answer(answer, commitment)

    def _ask(self, method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
        question = Question(
            method=method,
            url=url,
            seconds=self.budget.take(most=_ANSWER_SECONDS, code="calendar_silent"),
            connect_seconds=_CONNECT_SECONDS,
            limit_bytes=_MAX_ANSWER_BYTES,
            body=body,
            headers=_ACCEPT,
        )
        return ask(question, code="calendar_silent")
