"""Who spoke, and may they say this: one judgement for door, verifier and replay.

The caller knows keys (from rows, from files, from what it read so far) and gives
them as speakers; what a statement of each kind needs is decided here alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .bodies import Genesis
from .delegation import Delegation, read_delegation, verify_delegation
from .encoding import format_time_ms
from .envelope import Envelope, Signature
from .epcis import parse_event
from .errors import UntrustedSignature
from .events import read_file
from .offices import verify_offices
from .signing import Verify, verify_signature
from .speakers import MEMBER, Speaker, brought_by
from .statement import GOODS_KINDS, Statement


@dataclass(frozen=True, slots=True)
class Speech:
    """A statement as it came, with what belongs to it.

    Args:
        lines: the file of kind `events`; None where it is not at hand, and then
            nobody can say at which sites its events took place.
        accepted_ms: the law's moment.
    """

    envelope: Envelope
    statement: Statement
    accepted_ms: int
    lines: bytes | None = None


def delegators_of(envelope: Envelope) -> dict[str, str]:
    """Keyid of each device key that signed, and of the key that lent it its voice.

    Raises:
        MalformedInput: a delegation that cannot be read.
    """
    return {
        each.keyid: read_delegation(each)[1]
        for each in envelope.signatures
        if each.delegation is not None
    }


def verify_speech(
    speech: Speech,
    *,
    speakers: Mapping[str, Speaker],
    genesis: Genesis,
    about: Speaker | None = None,
    verify: Verify = verify_signature,
) -> tuple[Speaker, ...]:
    """Check that whoever signed may say this; those who spoke, in order of keyid.

    1. Every signature verifies: under a key that may sign and is not revoked, under
       a key that the statement brings, or under a key that such a one lent its voice.
    2. One of them is of `by`, and `signer` is the person or system that holds it.
    3. Those whom the kind needs have signed (see `offices`).

    Args:
        speakers: the enrolled keys that the caller knows, by keyid.
        genesis: of this ledger; for kind `genesis` the statement's own body.
        about: the key that a key.revoke ends or a key.reattest speaks of, where it
            is known.
        verify: what checks one signature; only who has each of them checked apart from
            this (`sealed`) may give another.

    Returns:
        For a device key the one that lent its voice; brought keys are among them.

    Raises:
        UntrustedSignature: whatever of this does not hold.
        MalformedInput: a body, an event or a delegation that cannot be read.
    Source: DESIGN section 3, "Envelope" and "Genesis and keys".
    """
    brought = brought_by(speech.statement)
    # 1.
    spoken = {}
    for signature in speech.envelope.signatures:
        speaker = _verify_signature(
            speech, signature, speakers, brought, genesis, verify
        )
        spoken[speaker.key.keyid] = speaker
    # 2.
    _verify_speaker(speech.statement, spoken.values())
    # 3.
    known = [each for keyid, each in spoken.items() if keyid not in brought]
    verify_offices(
        speech.statement,
        signed={each.keyid for each in speech.envelope.signatures},
        brought=brought,
        known=known,
        genesis=genesis,
        about=about,
    )
    return tuple(spoken[keyid] for keyid in sorted(spoken))


def _verify_signature(
    speech: Speech,
    signature: Signature,
    speakers: Mapping[str, Speaker],
    brought: Mapping[str, Speaker],
    genesis: Genesis,
    verify: Verify,
) -> Speaker:
    if signature.delegation is not None:
        lent = signature.delegation
        return _verify_lent(speech, signature, lent, speakers, genesis, verify)
    # A new key only shows possession, so its own role does not matter yet.
    new = brought.get(signature.keyid)
    speaker = new or _usable(signature.keyid, speakers)
    verify(
        key=speaker.key,
        pae=speech.envelope.pae,
        signature=signature,
        webauthn=genesis.webauthn,
    )
    return speaker


def _usable(keyid: str, speakers: Mapping[str, Speaker]) -> Speaker:
    speaker = speakers.get(keyid)
    if speaker is None:
        raise UntrustedSignature(
            "unknown_key",
            field=keyid,
            got="a key that nobody enrolled",
            wanted="an enrolled key",
        )
    if speaker.revoked_ms is not None:
        raise UntrustedSignature(
            "revoked_key",
            field=keyid,
            got=f"revoked {format_time_ms(speaker.revoked_ms)}",
            wanted="a key that is not revoked",
        )
    if speaker.role == MEMBER:
        raise UntrustedSignature(
            "key_may_not_sign", field=keyid, got=MEMBER, wanted="a signer's key"
        )
    return speaker


def _verify_lent(
    speech: Speech,
    signature: Signature,
    lent: Envelope,
    speakers: Mapping[str, Speaker],
    genesis: Genesis,
    verify: Verify,
) -> Speaker:
    """Check one signature of a device key; the key that lent its voice.

    1. The delegation speaks for the ledger, party and person of its delegator.
    2. It was lent for signing, and speaks of goods, at the one site it names.
    3. The delegator signed it, and its time is the law's moment.
    4. The device key signed the statement.
    """
    delegation, keyid = read_delegation(signature)
    speaker = _usable(keyid, speakers)
    # 1.
    names = (delegation.ledger, delegation.by, delegation.signer)
    if names != (speech.statement.ledger, speaker.gln, speaker.signer):
        raise UntrustedSignature(
            "delegation_mismatch",
            field=signature.keyid,
            got="another ledger, party or person",
            wanted="the delegator's own",
        )
    # 2.
    _verify_use(speech, delegation)
    # 3.
    verify_delegation(
        envelope=lent,
        delegator=speaker.key,
        webauthn=genesis.webauthn,
        delegation=delegation,
        accepted_ms=speech.accepted_ms,
        verify=verify,
    )
    # 4.
    verify(
        key=delegation.key,
        pae=speech.envelope.pae,
        signature=signature,
        webauthn=genesis.webauthn,
    )
    return speaker


def _verify_use(speech: Speech, delegation: Delegation) -> None:
    kind = speech.statement.kind
    if kind not in GOODS_KINDS:
        raise UntrustedSignature(
            "delegation_too_weak", field="kind", got=kind, wanted="an event"
        )
    if delegation.role == MEMBER:
        raise UntrustedSignature(
            "delegation_too_weak", field="role", got=MEMBER, wanted="signer"
        )
    elsewhere = _sites(speech) - {delegation.site}
    if elsewhere:
        raise UntrustedSignature(
            "delegation_elsewhere",
            field="readPoint",
            got=min(elsewhere),
            wanted=delegation.site,
        )


def _sites(speech: Speech) -> set[str]:
    if speech.statement.kind == "event":
        return {parse_event(speech.statement.body).read_point.gln}
    if speech.lines is None:
        return set()
    lines = read_file(speech.statement, speech.lines)
    return {line.event.read_point.gln for line in lines}


def _verify_speaker(statement: Statement, spoken: Iterable[Speaker]) -> None:
    signers = {each.signer for each in spoken if each.gln == statement.by}
    if not signers:
        raise UntrustedSignature(
            "not_of_party", field="by", got=statement.by, wanted="a signature of `by`"
        )
    if statement.signer not in signers:
        raise UntrustedSignature(
            "not_the_signer",
            field="signer",
            got=statement.signer,
            wanted="the person or system whose key signed",
        )
