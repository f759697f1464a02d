"""Shifts: an enrolled key lends its voice to a device for some hours, and takes it back.

What counts is the delegation that the person's own key signed and that travels in each
signature of the device key. The site keeps a row so that pages can show who speaks and
where, and so that a shift ends when its person says so.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.core.delegation import Delegation, parse_delegation, verify_delegation
from apps.core.envelope import DELEGATION_TYPE, Envelope, parse_envelope
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import load_public_key
from apps.ledger.formats import as_ms
from apps.partners import queries
from apps.partners.models import MemberRole, Shift, SigningKey
from apps.partners.queries import Actor


def begin_shift(*, actor: Actor, envelope: bytes, at: datetime) -> Shift:
    """Take note of a delegation that the actor's own key signed.

    1. It is a delegation with one signature, which nobody lent on.
    2. It speaks for this ledger, the actor, and a site of theirs.
    3. Its device key is fresh; a key of the actor that may sign has signed it.

    Raises:
        MalformedInput: `wrong_payload_type`, `not_yours`, `site_unknown`, or what
            cannot be read.
        UntrustedSignature: `unknown_key`, `delegation_out_of_time`, or it does not
            verify.
        LedgerConflict: `key_known`: a device key is made for one shift.
    Source: DESIGN section 3, "Genesis and keys".
    """
    if actor.partner is None or actor.user is None:
        raise RuntimeError("a shift needs an organisation and a person")
    # 1.
    parsed = parse_envelope(envelope)
    _require_form(parsed)
    delegation = parse_delegation(parsed.payload)
    # 2.
    _require_own(delegation, actor)
    # 3.
    keyid = delegation.key.keyid
    if queries.find_key(keyid) is not None:
        raise _known(keyid)
    lender = _lender(parsed, actor)
    verify_delegation(
        envelope=parsed,
        delegator=load_public_key(spki=bytes(lender.spki), alg=lender.algorithm),
        webauthn=queries.get_genesis().webauthn,
        delegation=delegation,
        accepted_ms=as_ms(at),
    )
    try:
        with transaction.atomic():
            return Shift.objects.create(
                partner=actor.partner,
                user=actor.user,
                device_keyid=keyid,
                lender_keyid=lender.keyid,
                site=delegation.site,
                from_ms=delegation.from_ms,
                to_ms=delegation.to_ms,
            )
    except IntegrityError as error:
        raise _known(keyid) from error


def end_shift(*, actor: Actor, shift_id: int, at: datetime) -> bool:
    """End a shift of the actor, or of a colleague for an admin; False if none runs."""
    return _end(queries.shifts_visible_to(actor).filter(pk=shift_id), at)


def end_shift_of_session(*, shift_id: int, user_id: int, at: datetime) -> bool:
    """End the shift that a session began, as its person logs out."""
    return _end(Shift.objects.filter(pk=shift_id, user_id=user_id), at)


def _end(shifts: QuerySet[Shift], at: datetime) -> bool:
    return shifts.filter(ended_at=None).update(ended_at=at) == 1


def _require_form(envelope: Envelope) -> None:
    if envelope.payload_type != DELEGATION_TYPE:
        raise MalformedInput(
            "wrong_payload_type",
            field="payloadType",
            got=envelope.payload_type,
            wanted=DELEGATION_TYPE,
        )
    is_alone = len(envelope.signatures) == 1
    if not is_alone or envelope.signatures[0].delegation is not None:
        raise MalformedInput(
            "bad_length",
            field="signatures",
            got=f"{len(envelope.signatures)} signatures",
            wanted="one, of an enrolled key",
        )


def _require_own(delegation: Delegation, actor: Actor) -> None:
    signer = actor.user.signer if actor.user else ""
    wanted = {
        "ledger": (delegation.ledger, queries.get_genesis().origin),
        "by": (delegation.by, actor.gln),
        "signer": (delegation.signer, signer),
        "role": (delegation.role, MemberRole.SIGNER.value),
    }
    for name, (got, own) in wanted.items():
        if got != own:
            raise MalformedInput("not_yours", field=name, got=got, wanted=own)
    if delegation.site not in {site.gln for site in queries.list_sites(gln=actor.gln)}:
        raise MalformedInput(
            "site_unknown", field="site", got=delegation.site, wanted="a site of yours"
        )


def _lender(envelope: Envelope, actor: Actor) -> SigningKey:
    keyid = envelope.signatures[0].keyid
    if keyid not in queries.list_own_keyids(actor=actor):
        raise UntrustedSignature(
            "unknown_key",
            field=keyid,
            got="none of your keys that may sign",
            wanted="an enrolled key of yours",
        )
    return SigningKey.objects.get(keyid=keyid)


def _known(keyid: str) -> LedgerConflict:
    return LedgerConflict("key_known", field="delegate", got=keyid, wanted="a new key")
