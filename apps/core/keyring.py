"""Whose key is it? Answered from signed statements alone.

Genesis names the first keys; `party.admit` and `key.enrol` bring further ones, signed
as `offices` says. A key that such statements lead to has standing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .bodies import Body, Genesis, PartyAdmit, read_body
from .delegation import read_delegation, verify_delegation
from .envelope import STATEMENT_TYPE, Envelope, Signature, statement_id
from .errors import MalformedInput, ProofError, UntrustedSignature
from .keys import PublicKey
from .signing import verify_signature
from .speakers import ADMIN, Speaker, brought_by, key_about
from .speech import Speech, verify_speech
from .statement import Statement, parse_statement
from .webauthn import WebauthnScope

_OFFICES: Final = frozenset({"operator", "regulator", "brand_authority"})
_NAMING: Final = frozenset({"genesis", "party.admit", "key.enrol"})


@dataclass(frozen=True, slots=True)
class Standing:
    """A key and what is known of it.

    Args:
        gln: the party it speaks for.
        signer: id of the person or system that holds it.
        role: of the party in genesis (operator, regulator, brand_authority), else
            of the key (member, signer, admin).
        shown_by: id of the statement that names it.
        has_standing: whether statements lead from genesis to it.
    """

    key: PublicKey
    gln: str
    signer: str
    role: str
    shown_by: str
    has_standing: bool

    @property
    def speaker(self) -> Speaker:
        """As those know the key who judge what was said."""
        role = ADMIN if self.role in _OFFICES else self.role
        return Speaker(self.key, self.gln, self.signer, role)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that a set of statements shows, by keyid."""

    keys: Mapping[str, Standing] = field(default_factory=dict)
    genesis: Genesis | None = None
    genesis_id: str = ""

    @property
    def speakers(self) -> dict[str, Speaker]:
        """The keys with standing."""
        return {
            keyid: each.speaker
            for keyid, each in self.keys.items()
            if each.has_standing
        }

    @property
    def webauthn(self) -> WebauthnScope | None:
        """The relying party that genesis names."""
        return None if self.genesis is None else self.genesis.webauthn


@dataclass(frozen=True, slots=True)
class Voice:
    """One signature that verified, or that no known key could check (`standing` None).

    `lent_to` is the device key's id, where the standing is its delegator's.
    """

    keyid: str
    standing: Standing | None
    lent_to: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    id: str
    envelope: Envelope
    statement: Statement
    body: Body


def build_keyring(envelopes: Iterable[Envelope], *, genesis_id: str = "") -> KeyRing:
    """The keys that `envelopes` show; other statements among them are passed over.

    1. Genesis, if it is there, is the one wanted, and all that it names have signed.
    2. Admissions and enrolments that keys with standing signed, as the door wants it.
    3. The keys of the others, without standing.

    Args:
        envelopes: statements in any order.
        genesis_id: the id that the verifier was given; "" takes whatever genesis is
            there, and then nothing has standing.

    Raises:
        MalformedInput: a statement that cannot be read.
        UntrustedSignature: a genesis that not all its parties signed.
        ProofError: `no_genesis`, `wrong_genesis`, `two_geneses`; `enrolled_twice`,
            `admitted_twice`: no honest ledger holds both statements.
    Source: DESIGN section 3, "Genesis and keys".
    """
    said = [each for each in map(_read, envelopes) if each is not None]
    # 1.
    ring = _start(said, genesis_id)
    waiting = [each for each in said if each.statement.kind != "genesis"]
    # 2.
    if genesis_id and ring.genesis is not None:
        ring, waiting = _admit_all(ring, ring.genesis, waiting)
    # 3.
    keys = dict(ring.keys)
    for each in waiting:
        for keyid, standing in _named(each, has_standing=False).items():
            keys.setdefault(keyid, standing)
    return KeyRing(keys, ring.genesis, ring.genesis_id)


def verify_voices(
    *, envelope: Envelope, ring: KeyRing, accepted_ms: int, lines: bytes | None = None
) -> tuple[Voice, ...]:
    """Check every signature of `envelope` that a key of `ring` can check.

    Where the ring leads from a genesis, also whether those who signed may say this.

    Raises:
        UntrustedSignature: one does not verify, or may not say this.
        ProofError: `no_standing`: the ring has a genesis that does not lead there.
        MalformedInput: a delegation or a body that cannot be read.
    """
    voices = tuple(
        _verify_voice(envelope, each, ring, accepted_ms) for each in envelope.signatures
    )
    if ring.genesis is None or not ring.speakers:
        return voices
    statement = parse_statement(envelope.payload)
    own = brought_by(statement)
    for voice in voices:
        if voice.keyid not in ring.speakers.keys() | own.keys():
            raise ProofError(
                "no_standing", field=voice.keyid, wanted="a key that genesis leads to"
            )
    verify_speech(
        Speech(envelope, statement, accepted_ms, lines),
        speakers=ring.speakers,
        genesis=ring.genesis,
        about=ring.speakers.get(key_about(statement)),
    )
    return voices


def _verify_voice(
    envelope: Envelope, signature: Signature, ring: KeyRing, accepted_ms: int
) -> Voice:
    lent = signature.delegation
    if lent is not None:
        return _verify_lent(envelope, signature, lent, ring, accepted_ms)
    standing = ring.keys.get(signature.keyid)
    if standing is None:
        return Voice(signature.keyid, None)
    verify_signature(
        key=standing.key, pae=envelope.pae, signature=signature, webauthn=ring.webauthn
    )
    return Voice(signature.keyid, standing)


def _verify_lent(
    envelope: Envelope,
    signature: Signature,
    lent: Envelope,
    ring: KeyRing,
    accepted_ms: int,
) -> Voice:
    delegation, delegator = read_delegation(signature)
    verify_signature(
        key=delegation.key,
        pae=envelope.pae,
        signature=signature,
        webauthn=ring.webauthn,
    )
    standing = ring.keys.get(delegator)
    if standing is None:
        return Voice(delegator, None, signature.keyid)
    verify_delegation(
        envelope=lent,
        delegator=standing.key,
        webauthn=ring.webauthn,
        delegation=delegation,
        accepted_ms=accepted_ms,
    )
    if (delegation.by, delegation.signer) != (standing.gln, standing.signer):
        raise UntrustedSignature("delegation_mismatch", field=signature.keyid)
    return Voice(delegator, standing, signature.keyid)


def _read(envelope: Envelope) -> _Said | None:
    if envelope.payload_type != STATEMENT_TYPE:
        return None
    statement = parse_statement(envelope.payload)
    if statement.kind not in _NAMING:
        return None
    return _Said(statement_id(envelope), envelope, statement, read_body(statement))


def _start(said: list[_Said], genesis_id: str) -> KeyRing:
    geneses = {each.id: each for each in said if isinstance(each.body, Genesis)}
    if len(geneses) > 1:
        raise ProofError("two_geneses", step=4, got=sorted(geneses))
    if not geneses:
        if genesis_id:
            raise ProofError("no_genesis", step=4, wanted=genesis_id)
        return KeyRing()
    ((found, each),) = geneses.items()
    if genesis_id and found != genesis_id:
        raise ProofError("wrong_genesis", step=4, got=found, wanted=genesis_id)
    if not isinstance(each.body, Genesis):
        raise MalformedInput("wrong_kind", field="kind", got=each.statement.kind)
    verify_speech(_speech(each), speakers={}, genesis=each.body)
    keys = _named(each, has_standing=bool(genesis_id))
    return KeyRing(keys, each.body, found)


def _admit_all(
    ring: KeyRing, genesis: Genesis, waiting: list[_Said]
) -> tuple[KeyRing, list[_Said]]:
    """The ring with every key that statements lead to, and the others' statements."""
    glns = {party.gln: ring.genesis_id for party in genesis.parties}
    while True:
        shown = [each for each in waiting if _stands(each, ring, genesis)]
        if not shown:
            return ring, waiting
        keys = dict(ring.keys)
        for each in shown:
            _verify_first(each, keys, glns)
            keys.update(_named(each, has_standing=True))
        ring = KeyRing(keys, ring.genesis, ring.genesis_id)
        waiting = [each for each in waiting if each not in shown]


def _stands(said: _Said, ring: KeyRing, genesis: Genesis) -> bool:
    """Whether those signed who must, all of them by keys with standing."""
    try:
        verify_speech(_speech(said), speakers=ring.speakers, genesis=genesis)
    except (UntrustedSignature, MalformedInput):
        return False
    return said.statement.ledger == genesis.origin


def _verify_first(
    said: _Said, keys: Mapping[str, Standing], glns: dict[str, str]
) -> None:
    """A party is admitted once and a key enrolled once: which would count?"""
    for keyid in _named(said, has_standing=True):
        if keyid in keys and keys[keyid].shown_by != said.id:
            raise ProofError("enrolled_twice", step=4, field=keyid, got=said.id)
    body = said.body
    if isinstance(body, PartyAdmit) and glns.setdefault(body.gln, said.id) != said.id:
        raise ProofError("admitted_twice", step=4, field=body.gln, got=said.id)


def _speech(said: _Said) -> Speech:
    # Nobody lends a voice for these kinds, so the signer's own moment will do.
    return Speech(said.envelope, said.statement, said.statement.at_ms)


def _named(said: _Said, *, has_standing: bool) -> dict[str, Standing]:
    offices: dict[str, str] = {}
    if isinstance(said.body, Genesis):
        offices = {party.gln: party.role for party in said.body.parties}
    return {
        keyid: Standing(
            each.key,
            each.gln,
            each.signer,
            offices.get(each.gln, each.role),
            said.id,
            has_standing,
        )
        for keyid, each in brought_by(said.statement).items()
    }
