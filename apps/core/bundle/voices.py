"""Whose voice is it: keys as the statements of the bundle bring and end them.

A key speaks only where its whole chain is shown, so that its end cannot be left out.
The judgement itself is the door's (`core.speech`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..bodies import Genesis, KeyEnrol, KeyRevoke, PartyAdmit, read_body
from ..delegation import read_delegation
from ..envelope import Envelope
from ..errors import MalformedInput, ProofError, UntrustedSignature
from ..speakers import Speaker, brought_by
from ..speech import Speech, verify_speech
from ..statement import Statement


@dataclass(slots=True)
class Voices:
    """The keys known so far, and who spoke how often.

    Args:
        chains: tag by what it is of, of every chain that the bundle shows whole.
        tied: tags that a signed statement has said what they are of.
    """

    chains: Mapping[tuple[str, ...], bytes]
    tied: set[bytes] = field(default_factory=set)
    genesis: Genesis | None = None
    speakers: dict[str, Speaker] = field(default_factory=dict)
    founders: set[str] = field(default_factory=set)  # keyids of genesis
    spoken: Counter[str] = field(default_factory=Counter)  # statements by GLN
    used: set[str] = field(default_factory=set)  # keyids

    def begin(self, body: Genesis) -> None:
        """Take the keys of genesis whose chains are shown."""
        self.genesis = body
        for party in body.parties:
            for named in party.keys:
                keyid = named.key.keyid
                self.founders.add(keyid)
                if ("key", keyid) in self.chains:
                    self.speakers[keyid] = Speaker(
                        named.key, party.gln, named.signer, "admin"
                    )

    def verify(
        self, envelope: Envelope, statement: Statement, accepted_ms: int
    ) -> None:
        """Check that whoever signed may say this.

        Raises:
            UntrustedSignature: as `speech.verify_speech`.
            MalformedInput: a body or a delegation that cannot be read.
        """
        if self.genesis is None:
            raise ProofError("no_genesis", wanted="genesis as the first entry")
        spoken = verify_speech(
            Speech(envelope, statement, accepted_ms),
            speakers=self.speakers,
            genesis=self.genesis,
            about=self._ended_by(statement),
        )
        self.spoken.update({each.gln for each in spoken})
        self.used.update(each.key.keyid for each in spoken)

    def learn(self, statement: Statement, *, at_ms: int) -> None:
        """Take the key that a judged statement brings or ends.

        Raises:
            ProofError: `enrolled_twice`, `wrong_chain`.
        """
        if statement.kind == "key.revoke":
            self._end(statement, at_ms)
        elif statement.kind in {"party.admit", "key.enrol"}:
            self._enrol(statement)

    def _enrol(self, statement: Statement) -> None:
        body = read_body(statement)
        if not isinstance(body, PartyAdmit | KeyEnrol):
            raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
        for keyid, speaker in brought_by(statement).items():
            if keyid in self.speakers or keyid in self.founders:
                raise ProofError("enrolled_twice", field=keyid, wanted="a new key")
            tag = self.chains.get(("key", keyid))
            if tag is None:
                continue  # of a key that signs nothing here
            if tag != body.key_tag:
                raise wrong_chain(f"key {keyid}", tag, body.key_tag)
            self.tied.add(tag)
            self.speakers[keyid] = speaker

    def _end(self, statement: Statement, at_ms: int) -> None:
        body = read_body(statement)
        if not isinstance(body, KeyRevoke):
            raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
        tags = [subject.tag for subject in statement.subjects]
        tag = self.chains.get(("key", body.keyid), b"")
        if tags != [tag]:
            raise wrong_chain(f"key {body.keyid}", tag, tags[0])
        self.tied.add(tag)
        known = self.speakers.get(body.keyid)
        if known is not None:
            self.speakers[body.keyid] = replace(known, revoked_ms=at_ms)

    def _ended_by(self, statement: Statement) -> Speaker | None:
        if statement.kind != "key.revoke":
            return None
        body = read_body(statement)
        return self.speakers.get(body.keyid) if isinstance(body, KeyRevoke) else None


def verify_sites(envelope: Envelope, sites: Iterable[str]) -> None:
    """Check that voices that were lent for one site spoke of that site alone.

    Raises:
        UntrustedSignature: `delegation_elsewhere`.
    """
    lent = [
        (each.keyid, read_delegation(each)[0].site)
        for each in envelope.signatures
        if each.delegation is not None
    ]
    if not lent:
        return
    found = set(sites)
    for keyid, site in lent:
        elsewhere = found - {site}
        if elsewhere:
            raise UntrustedSignature(
                "delegation_elsewhere",
                field=keyid,
                got=min(elsewhere),
                wanted=site,
            )


def wrong_chain(what: str, got: bytes, wanted: bytes) -> ProofError:
    """The refusal of a chain that is not of what the bundle says."""
    return ProofError("wrong_chain", field=what, got=got.hex(), wanted=wanted.hex())
