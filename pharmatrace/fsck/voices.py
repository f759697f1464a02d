"""Who may speak, learned from the statements themselves while they are read.

Nothing here comes from the tables of partners and keys: those are projections. The
judgement is the door's own (`core.speech`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from apps.core.bodies import Genesis, read_body
from apps.core.envelope import Envelope
from apps.core.errors import MalformedInput, TraceError, UntrustedSignature
from apps.core.sealed import Keys
from apps.core.signing import PublicKey
from apps.core.speakers import Speaker, brought_by, key_about
from apps.core.speech import Speech, verify_speech
from apps.core.statement import Statement
from pharmatrace.fsck.finding import Finding, finding_of


class Voices:
    """The keys that were named so far, and which of them were revoked."""

    def __init__(self) -> None:
        self.genesis: Genesis | None = None
        self._speakers: dict[str, Speaker] = {}  # by keyid
        self._asked: set[str] = set()  # keyids of signatures that nobody checked yet

    @property
    def receipt_keys(self) -> Keys:
        """Those that genesis names."""
        named = self.genesis.receipt_keys if self.genesis else ()
        return {key.keyid: _plain(key) for key in named}

    def hand_over_keys(self) -> Keys:
        """Those of the signatures that came since the last time."""
        known = self._asked & self._speakers.keys()
        self._asked.clear()
        return {keyid: _plain(self._speakers[keyid].key) for keyid in known}

    def learn(self, statement: Statement, *, at_ms: int) -> Iterator[Finding]:
        """Take the keys that a judged statement brings, and the end of a key."""
        for keyid, speaker in brought_by(statement).items():
            if keyid in self._speakers:
                yield Finding("key_known", keyid, wanted="a new key")
            else:
                self._speakers[keyid] = speaker
        if statement.kind == "key.revoke":
            known = self._speakers.get(key_about(statement))
            if known:
                self._speakers[known.key.keyid] = replace(known, revoked_ms=at_ms)

    def check(self, speech: Speech, *, where: str) -> Iterator[Finding]:
        """Whether those who signed may say this; that they signed, `seals` checks."""
        self._asked |= _keyids(speech.envelope)
        try:
            if speech.statement.kind == "genesis" and self.genesis is None:
                self.genesis = _read_genesis(speech.statement)
            if self.genesis is None:
                raise UntrustedSignature("no_genesis", wanted="genesis at index 0")
            verify_speech(
                speech,
                speakers=self._speakers,
                genesis=self.genesis,
                about=self._speakers.get(key_about(speech.statement)),
                verify=_leave_to_seals,
            )
        except TraceError as error:
            yield finding_of(error, where)


def _keyids(envelope: Envelope) -> set[str]:
    """Of all who signed it, and of those who lent them their voice."""
    lent = [each.delegation for each in envelope.signatures if each.delegation]
    signatures = [
        *envelope.signatures,
        *(one for each in lent for one in each.signatures),
    ]
    return {each.keyid for each in signatures}


def _plain(key: PublicKey) -> tuple[str, bytes]:
    return key.alg, key.spki


def _leave_to_seals(**_: object) -> None:
    """Each signature is checked by `seals`, under this same key."""


def _read_genesis(statement: Statement) -> Genesis:
    body = read_body(statement)
    if not isinstance(body, Genesis):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    return body
