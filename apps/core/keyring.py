"""Whose key is it? Answered from signed statements alone.

Genesis names the first keys. `party.admit` brings a party's first key, under the
signatures of an authority and the operator; `key.enrol` brings a further one, under
its own signature and that of a key of the same party. A key that such a chain of
statements leads to has standing; one that only names itself has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from .bodies import Genesis, KeyEnrol, PartyAdmit, read_body
from .delegation import read_delegation, verify_delegation
from .envelope import STATEMENT_TYPE, Envelope, Signature, statement_id
from .errors import ProofError, UntrustedSignature
from .keys import PublicKey
from .signing import verify_signature
from .statement import Statement, parse_statement
from .webauthn import WebauthnScope


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


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that a set of statements shows, by keyid."""

    keys: Mapping[str, Standing] = field(default_factory=dict)
    genesis: Genesis | None = None
    genesis_id: str = ""

    @property
    def webauthn(self) -> WebauthnScope | None:
        """The relying party that genesis names."""
        return None if self.genesis is None else self.genesis.webauthn


@dataclass(frozen=True, slots=True)
class Voice:
    """One signature that verified, or that no known key could check (`standing` None).

    Args:
        lent_to: keyid of the device key, where the standing is its delegator's.
    """

    keyid: str
    standing: Standing | None
    lent_to: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    id: str
    envelope: Envelope
    statement: Statement
    body: Genesis | PartyAdmit | KeyEnrol


def build_keyring(envelopes: Iterable[Envelope], *, genesis_id: str = "") -> KeyRing:
    """The keys that `envelopes` show; other statements among them are passed over.

    1. Genesis, if it is there, is the one wanted and signed by keys that it names.
    2. Admissions and enrolments, as far as their signers have standing.
    3. The keys of the others, without standing.

    Args:
        envelopes: statements in any order.
        genesis_id: the id that the verifier was given; "" takes whatever genesis is
            there, and then nothing has standing.

    Raises:
        MalformedInput: a statement that cannot be read.
        UntrustedSignature: a genesis that its own keys did not sign.
        ProofError: `wrong_genesis`, `two_geneses`.
    Source: DESIGN section 3, "Genesis and keys".
    """
    said = [each for each in map(_read, envelopes) if each is not None]
    # 1.
    ring = _start(said, genesis_id)
    keys = dict(ring.keys)
    # 2.
    waiting = [each for each in said if not isinstance(each.body, Genesis)]
    while True:
        shown = [each for each in waiting if _is_shown(each, keys, ring.webauthn)]
        if not shown:
            break
        for each in shown:
            keys.update(_named(each, has_standing=True))
        waiting = [each for each in waiting if each not in shown]
    # 3.
    for each in waiting:
        for keyid, standing in _named(each, has_standing=False).items():
            keys.setdefault(keyid, standing)
    return KeyRing(keys, ring.genesis, ring.genesis_id)


def verify_voices(
    *, envelope: Envelope, ring: KeyRing, accepted_ms: int
) -> tuple[Voice, ...]:
    """Check every signature of `envelope` that a key of `ring` can check.

    Raises:
        UntrustedSignature: one does not verify.
        MalformedInput: a delegation that cannot be read.
    """
    return tuple(
        _verify_voice(envelope, each, ring, accepted_ms) for each in envelope.signatures
    )


def _verify_voice(
    envelope: Envelope, signature: Signature, ring: KeyRing, accepted_ms: int
) -> Voice:
    if signature.delegation is not None:
        return _verify_lent(
            envelope, signature, signature.delegation, ring, accepted_ms
        )
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
    if statement.kind not in {"genesis", "party.admit", "key.enrol"}:
        return None
    body = cast(Genesis | PartyAdmit | KeyEnrol, read_body(statement))
    return _Said(statement_id(envelope), envelope, statement, body)


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
    keys = _named(each, has_standing=bool(genesis_id))
    body = each.body if isinstance(each.body, Genesis) else None
    _verify_genesis(each, keys, body)
    return KeyRing(keys, body, found)


def _verify_genesis(
    said: _Said, keys: Mapping[str, Standing], body: Genesis | None
) -> None:
    scope = body.webauthn if body else None
    for signature in said.envelope.signatures:
        if signature.keyid not in keys:
            raise UntrustedSignature(
                "unknown_key", field=signature.keyid, wanted="a key that genesis names"
            )
        verify_signature(
            key=keys[signature.keyid].key,
            pae=said.envelope.pae,
            signature=signature,
            webauthn=scope,
        )
    roles = {keys[each.keyid].role for each in said.envelope.signatures}
    if "operator" not in roles:
        raise UntrustedSignature("not_of_party", wanted="the operator's signature")


def _named(said: _Said, *, has_standing: bool) -> dict[str, Standing]:
    body = said.body
    if isinstance(body, Genesis):
        named = [
            (key.key, party.gln, key.signer, party.role)
            for party in body.parties
            for key in party.keys
        ]
    elif isinstance(body, PartyAdmit):
        named = [(body.first_key.key, body.gln, body.first_key.signer, "admin")]
    else:
        named = [(body.key, body.party, body.signer, body.role)]
    return {
        key.keyid: Standing(key, gln, signer, role, said.id, has_standing)
        for key, gln, signer, role in named
    }


def _is_shown(
    said: _Said, keys: Mapping[str, Standing], scope: WebauthnScope | None
) -> bool:
    """Whether all signers have standing, and enough of them signed."""
    own = _named(said, has_standing=True)
    if own.keys() & keys.keys():
        return False  # a keyid is enrolled once in the ledger
    known = {**keys, **own}
    signers = [known.get(each.keyid) for each in said.envelope.signatures]
    if any(each is None or not each.has_standing for each in signers):
        return False
    try:
        for signature in said.envelope.signatures:
            verify_signature(
                key=known[signature.keyid].key,
                pae=said.envelope.pae,
                signature=signature,
                webauthn=scope,
            )
    except UntrustedSignature:
        return False
    others = [known[each.keyid] for each in said.envelope.signatures]
    others = [each for each in others if each.key.keyid not in own]
    if isinstance(said.body, PartyAdmit):
        roles = {each.role for each in others}
        return "operator" in roles and bool(roles & {"regulator", "brand_authority"})
    has_new = own.keys() <= {each.keyid for each in said.envelope.signatures}
    admins = {"admin", "operator", "regulator", "brand_authority"}
    party = said.statement.by
    return has_new and any(e.gln == party and e.role in admins for e in others)
