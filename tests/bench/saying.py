"""Many signed statements in the ledger at once, as evidence.

Each is signed by its own key and appended as the door does it. Nobody judges them on
the way in: the law does, when the projections are made of the log (`manage.py
rebuild`), and so does whoever checks the bundle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from apps.core.bodies import EventsFile
from apps.core.canonical import JsonValue, canonical_bytes
from apps.core.envelope import STATEMENT_TYPE, statement_id
from apps.core.epcis import EpcisEvent, event_json
from apps.core.signing import PrivateKey, sign_envelope
from apps.core.statement import parse_statement
from apps.core.subjects import Reference, Subject
from apps.custody.queries.sums import FileSums, Line, subjects_of_event
from apps.ledger import formats
from apps.ledger import operations as ledger
from apps.ledger.formats import Submission
from pharmatrace.demo.stage import Stage

_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Voice:
    """A party, the id of who signs for it, and the keys that sign."""

    gln: str
    signer: str
    keys: Sequence[PrivateKey]


@dataclass(frozen=True, slots=True)
class Sayer:
    """Signs and appends."""

    stage: Stage

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is said in here is one transaction."""
        with transaction.atomic():
            yield

    def event(
        self, voice: Voice, event: EpcisEvent, units: Mapping[str, object], *after: str
    ) -> str:
        """A statement of one event on these units, with its parents; its id."""
        parents = [Reference.parse(ref) for ref in after]
        line = Line(event_json(event), parents, units, voice.gln)
        said = self.say(
            voice,
            "event",
            "I move these packs",
            subjects_of_event(line),
            line.event,
            parents=parents,
        )
        return statement_id(said.envelope)

    def file(self, voice: Voice, events: Sequence[tuple[EpcisEvent, object]]) -> None:
        """A statement of a file of events, each with its units."""
        sums, lines = FileSums(), []
        for event, units in events:
            line = Line(event_json(event), [], units, voice.gln)
            sums.add(line)
            lines.append(canonical_bytes({"event": dict(line.event), "parents": []}))
        file = b"".join(line + b"\n" for line in lines)
        body = EventsFile.of(file).to_json()
        self.say(
            voice, "events", "I pack these cases", sums.subjects(), body, lines=file
        )

    def say(
        self,
        voice: Voice,
        kind: str,
        meaning: str,
        subjects: Sequence[Subject],
        body: Mapping[str, JsonValue],
        *,
        parents: Sequence[Reference] = (),
        lines: bytes | None = None,
    ) -> Submission:
        """Any statement, appended."""
        at = self.stage.tick(_MOMENT)
        payload = formats.new_statement(
            kind=kind,
            by=voice.gln,
            signer=voice.signer,
            meaning=meaning,
            subjects=subjects,
            parents=parents,
            body=body,
            at=at,
            ledger=settings.LEDGER_ORIGIN,
        )
        envelope = sign_envelope(
            payload_type=STATEMENT_TYPE,
            payload=payload,
            private_keys=list(voice.keys),
        )
        at_ms = formats.as_ms(at)
        said = Submission(envelope, parse_statement(payload), lines, at_ms)
        ledger.append_statement(submission=said, accepted_ms=at_ms)
        return said
