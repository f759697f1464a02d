"""New keys on their way: each signs its own enrolment and waits for an administrator."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.core.bodies import KeyEnrol, read_body
from apps.core.envelope import (
    STATEMENT_TYPE,
    Envelope,
    envelope_bytes,
    parse_envelope,
)
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import WEBAUTHN_ES256, verify_signature
from apps.core.statement import Statement, parse_statement
from apps.ledger.formats import as_ms
from apps.partners import queries
from apps.partners.models import KeyRequest, Outcome, Proposal
from apps.partners.operations.authenticate import verify_scope
from apps.partners.operations.keys import require_new_key
from apps.partners.queries import Actor

_LABEL_CHARACTERS: Final = 80
# WebAuthn Level 3 section 4, "Credential ID": at most 1,023 bytes; base64url.
_CREDENTIAL: Final = re.compile(r"[0-9A-Za-z_-]{1,1364}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is told beside a new key; none of it is signed.

    Args:
        label: what its owner calls the device.
        credential_id: of a passkey, base64url, so that any browser of the person can
            ask the authenticator for it; "" for other keys.
        replaces: keyid of the person's key that ends with the confirmation, or "".
        lost_since: UTC day since when that one may be in foreign hands.
    """

    label: str = ""
    credential_id: str = ""
    replaces: str = ""
    lost_since: date | None = None


def request_key(
    *, actor: Actor, envelope: bytes, asked: Asked, at: datetime
) -> KeyRequest:
    """Keep a key.enrol that the new key has signed, for an administrator to co-sign.

    Raises:
        MalformedInput: no key.enrol, another party's or person's, or too strong a role;
            a credential that is none, or of no passkey; a key to replace that is not
            the person's own.
        UntrustedSignature: the new key has not signed it, or somebody else has too.
        LedgerConflict: `key_known`, `key_requested`.
    """
    parsed, statement = read_envelope(envelope)
    body = read_body(statement)
    if not isinstance(body, KeyEnrol) or actor.user is None or actor.partner is None:
        raise MalformedInput(
            "wrong_kind", field="kind", got=statement.kind, wanted="key.enrol"
        )
    if (statement.by, body.signer) != (actor.gln, actor.user.signer):
        raise MalformedInput(
            "not_yours", field="signer", got=body.signer, wanted="your own id"
        )
    queries.require_role(body.role, actor)
    genesis = queries.get_genesis()
    verify_scope(statement, origin=genesis.origin, at_ms=as_ms(at))
    if [each.keyid for each in parsed.signatures] != [body.key.keyid]:
        raise UntrustedSignature(
            "possession_missing",
            field="signatures",
            got="another key's, or several",
            wanted="the new key's alone",
        )
    verify_signature(
        key=body.key,
        pae=parsed.pae,
        signature=parsed.signatures[0],
        webauthn=genesis.webauthn,
    )
    require_new_key(body.key.keyid)
    _verify_asked(asked, body, actor)
    try:
        with transaction.atomic():
            return KeyRequest.objects.create(
                partner=actor.partner,
                user=actor.user,
                keyid=body.key.keyid,
                label=asked.label.strip()[:_LABEL_CHARACTERS],
                credential_id=asked.credential_id,
                replaces=asked.replaces,
                lost_since=asked.lost_since,
                envelope=envelope_bytes(parsed),
                created_at=at,
            )
    except IntegrityError as error:
        raise LedgerConflict("key_requested", got=body.key.keyid) from error


def close_expired(*, at: datetime) -> int:
    """Close requests and proposals that the door would take no more; how many."""
    requests = KeyRequest.objects.filter(closed_at=None)
    proposals = Proposal.objects.filter(closed_at=None)
    over = proposals.filter(pk__in=_expired(proposals, at))
    return requests.filter(pk__in=_expired(requests, at)).update(
        closed_at=at
    ) + over.update(closed_at=at, outcome=Outcome.EXPIRED)


def _expired(
    rows: QuerySet[KeyRequest] | QuerySet[Proposal], at: datetime
) -> list[int]:
    return [
        pk
        for pk, envelope in rows.values_list("pk", "envelope")
        if read_envelope(bytes(envelope))[1].expires_ms < as_ms(at)
    ]


def _verify_asked(asked: Asked, body: KeyEnrol, actor: Actor) -> None:
    is_passkey = body.key.alg == WEBAUTHN_ES256
    if asked.credential_id and not (
        is_passkey and _CREDENTIAL.fullmatch(asked.credential_id)
    ):
        raise MalformedInput(
            "bad_text",
            field="credential_id",
            got=asked.credential_id[:80],
            wanted="the base64url of a passkey's credential",
        )
    if asked.replaces and asked.replaces not in queries.list_own_keyids(actor=actor):
        raise MalformedInput(
            "unknown_key",
            field="replaces",
            got=asked.replaces,
            wanted="a key of yours that is not revoked",
        )


def read_envelope(envelope: bytes) -> tuple[Envelope, Statement]:
    """The envelope of a statement and what it holds; nothing is verified.

    Raises:
        MalformedInput: another payload type, or what cannot be read.
    """
    parsed = parse_envelope(envelope)
    if parsed.payload_type != STATEMENT_TYPE:
        raise MalformedInput(
            "wrong_payload_type",
            field="payloadType",
            got=parsed.payload_type,
            wanted=STATEMENT_TYPE,
        )
    return parsed, parse_statement(parsed.payload)
