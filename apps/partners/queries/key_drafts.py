"""Wishes about keys, drafted as the exact bytes to sign."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop, ngettext

from apps.core.bodies import KeyEnrol, KeyReattest, KeyRevoke
from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.core.party_bodies import read_key, read_signer
from apps.core.subjects import MAX_PARENTS, Reference
from apps.edge.numbers import grouped
from apps.ledger import queries as ledger
from apps.ledger.formats import Draft
from apps.partners.queries.actors import Actor
from apps.partners.queries.drafting import (
    key_tag_of,
    make_draft,
    name_of,
    party_tag_of,
)
from apps.partners.queries.genesis import is_authority
from apps.partners.queries.keys import find_key
from apps.partners.queries.suspects import suspect_among
from apps.partners.queries.wishes import read_day, read_role, wish_fields
from apps.partners.queries.words import enrol_words, revoke_words


def draft_enrol(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A key.enrol of a key for the actor: spki_b64, alg[, label, role, signer].

    Only an admin may name another `signer`: that of a system, or a colleague.

    Raises:
        MalformedInput: `role_too_strong`, `not_yours`, or a field that its value
            cannot hold.
    """
    fields = wish_fields(wish)
    key = read_key(fields)
    if fields.has("label"):
        fields.text("label", longest=80)  # it stays with the request, unsigned
    role = read_role(fields, actor)
    own = actor.user.signer if actor.user else ""
    signer = read_signer(fields) if fields.has("signer") else own
    fields.close()
    if signer != own and not actor.can_administer:
        raise MalformedInput(
            "not_yours", field="signer", got=signer, wanted="your own id"
        )
    body = KeyEnrol(
        party=actor.gln,
        key=key,
        signer=signer,
        role=role,
        key_tag=key_tag_of(key.keyid),
    )
    return make_draft(
        kind="key.enrol",
        meaning=gettext_noop("enrols a signing key"),
        words=enrol_words(body, who=name_of(actor)),
        tags=[party_tag_of(actor.gln), key_tag_of(key.keyid)],
        body=body.to_json(),
        actor=actor,
        at=at,
        signer=signer,
    )


def draft_revoke(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A key.revoke: keyid, reason[, suspect_since (a day or moment)].

    Raises:
        MalformedInput: `unknown_key` for another party's key too, or a field that
            its value cannot hold.
    """
    fields = wish_fields(wish)
    keyid = fields.hexed("keyid").hex()
    reason = fields.text("reason")
    since = read_day(fields, "suspect_since") if fields.has("suspect_since") else None
    fields.close()
    key = find_key(keyid)
    # An authority, with the operator, ends the stolen key of a party that cannot.
    if key is None or (key.partner.gln != actor.gln and not is_authority(actor.gln)):
        raise MalformedInput(
            "unknown_key", field="keyid", got=keyid, wanted="a key of your organisation"
        )
    body = KeyRevoke(keyid=keyid, reason=reason, suspect_since_ms=since)
    return make_draft(
        kind="key.revoke",
        meaning=gettext_noop("revokes a signing key"),
        words=revoke_words(body),
        tags=[key_tag_of(keyid)],
        body=body.to_json(),
        actor=actor,
        at=at,
    )


def draft_reattest(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A key.reattest: keyid, statements (ids)[, note].

    Raises:
        MalformedInput: `unknown_key`, `not_suspect` (of foreign and missing statements
            too), or a field that its value cannot hold.
    """
    fields = wish_fields(wish)
    keyid = fields.hexed("keyid").hex()
    names = fields.distinct("statements", Fields.hexed, least=1, most=MAX_PARENTS)
    note = fields.prose("note") if fields.has("note") else ""
    fields.close()
    key = find_key(keyid)
    if key is None or key.partner.gln != actor.gln or key.suspect_since_ms is None:
        raise MalformedInput(
            "unknown_key",
            field="keyid",
            got=keyid,
            wanted="a key of yours that was revoked as suspect",
        )
    wanted = [name.hex() for name in names]
    others = set(wanted) - suspect_among(ledger.list_signed(ids=wanted), key)
    if others:
        raise MalformedInput(
            "not_suspect",
            field="statements",
            got=min(others),
            wanted="statements that the key signed while it was suspect",
        )
    words = ngettext(
        "%(who)s stands by %(n)s statement that the suspect key %(key)s signed.",
        "%(who)s stands by %(n)s statements that the suspect key %(key)s signed.",
        len(wanted),
    ) % {"who": name_of(actor), "n": grouped(len(wanted)), "key": keyid[:16]}
    return make_draft(
        kind="key.reattest",
        meaning=gettext_noop("says again what a suspect key signed"),
        words=words,
        tags=[party_tag_of(actor.gln)],
        body=KeyReattest(keyid=keyid, note=note).to_json(),
        actor=actor,
        at=at,
        parents=[Reference(name) for name in wanted],
    )
