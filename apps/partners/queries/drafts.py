"""Wishes about partners and keys, drafted as the exact bytes to sign."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.bodies import (
    ANY_PRODUCT,
    LICENCE_ROLES,
    KeyEnrol,
    KeyRevoke,
    NamedKey,
    PartyAdmit,
    PartyLicence,
    SiteNamed,
)
from apps.core.canonical import JsonValue
from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.core.leaf import key_tag, party_tag
from apps.core.party_bodies import read_country, read_key, read_signer
from apps.core.statement import Statement
from apps.core.subjects import Subject
from apps.edge.secrets import tag_key
from apps.ledger.formats import Draft, new_statement
from apps.partners.models import LicenceRole, MemberRole, Site, new_signer_id
from apps.partners.queries.actors import Actor
from apps.partners.queries.genesis import get_genesis, is_authority
from apps.partners.queries.keys import find_key
from apps.partners.queries.people import names_of
from apps.partners.queries.register import get_partner, list_sites
from apps.partners.queries.wishes import read_day, read_role, wish_fields

_MOST_LINES = 5_000


def draft_admit(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A party.admit by an authority: gln, name, country, spki_b64, alg[, signer].

    Raises:
        MalformedInput: a field that its value cannot hold, or an unknown one.
    """
    fields = wish_fields(wish)
    gln, name, country = fields.gln("gln"), fields.text("name"), read_country(fields)
    key = read_key(fields)
    signer = read_signer(fields) if fields.has("signer") else new_signer_id()
    fields.close()
    body = PartyAdmit(gln, name, country, NamedKey(key, signer), _key(key.keyid))
    return _draft(
        kind="party.admit",
        meaning=gettext_noop("admits the party and its first key"),
        words=admit_words(body, who=_name(actor)),
        tags=[_party(gln), _key(key.keyid)],
        body=body.to_json(),
        actor=actor,
        at=at,
    )


def draft_licence(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A party.licence by an authority: gln, role, gs1_prefixes, scope, from[, to].

    `sites` (lines "GLN name", or objects) may be left out: the partner keeps those
    it has. `from` and `to` are days or moments in UTC.

    Raises:
        MalformedInput: `unknown_partner`, or a field that its value cannot hold.
    """
    fields = wish_fields(wish)
    partner = get_partner(fields.gln("gln"))
    body = PartyLicence(
        gln=partner.gln,
        role=fields.word("role", LICENCE_ROLES),
        gs1_prefixes=tuple(sorted(_lines(fields, "gs1_prefixes"))),
        sites=_read_sites(fields, list_sites(gln=partner.gln)),
        scope=tuple(sorted(_lines(fields, "scope") or ANY_PRODUCT)),
        from_ms=read_day(fields, "from"),
        to_ms=read_day(fields, "to") if fields.has("to") else None,
        is_suspended=fields.flag("suspended") if fields.has("suspended") else False,
    )
    fields.close()
    return _draft(
        kind="party.licence",
        meaning=gettext_noop("licenses the party"),
        words=licence_words(body, who=_name(actor), name=partner.name),
        tags=[_party(partner.gln)],
        body=body.to_json(),
        actor=actor,
        at=at,
    )


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
        party=actor.gln, key=key, signer=signer, role=role, key_tag=_key(key.keyid)
    )
    person = names_of({signer}).get(signer, signer)
    return _draft(
        kind="key.enrol",
        meaning=gettext_noop("enrols a signing key"),
        words=_("The key %(key)s speaks for %(person)s of %(who)s, as %(role)s.")
        % {
            "key": key.keyid[:16],
            "person": person,
            "who": _name(actor),
            "role": MemberRole(role).label,
        },
        tags=[_party(actor.gln), _key(key.keyid)],
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
    person = names_of({key.signer}).get(key.signer, key.signer)
    return _draft(
        kind="key.revoke",
        meaning=gettext_noop("revokes a signing key"),
        words=_("The key %(key)s of %(person)s signs nothing more: %(reason)s.")
        % {"key": keyid[:16], "person": person, "reason": reason.rstrip(".")},
        tags=[_key(keyid)],
        body=body.to_json(),
        actor=actor,
        at=at,
    )


def admit_words(body: PartyAdmit, *, who: str) -> str:
    """A party.admit as a sentence."""
    said = _("%(who)s admits %(name)s (GLN %(gln)s, %(country)s) with the key %(key)s.")
    return said % {
        "who": who,
        "name": body.name,
        "gln": body.gln,
        "country": body.country,
        "key": body.first_key.key.keyid[:16],
    }


def licence_words(body: PartyLicence, *, who: str, name: str) -> str:
    """A party.licence as a sentence."""
    said = _("%(who)s suspends the licence of %(name)s as %(role)s.")
    if not body.is_suspended:
        said = _("%(who)s licenses %(name)s as %(role)s, sites: %(sites)d.")
    return said % {
        "who": who,
        "name": name,
        "role": LicenceRole(body.role).label,
        "sites": len(body.sites),
    }


def words_of(statement: Statement, body: PartyAdmit | PartyLicence) -> str:
    """What a party statement says, as a sentence."""
    who = get_partner(statement.by).name
    if isinstance(body, PartyAdmit):
        return admit_words(body, who=who)
    return licence_words(body, who=who, name=get_partner(body.gln).name)


def _draft(
    *,
    kind: str,
    meaning: str,
    words: str,
    tags: Iterable[bytes],
    body: Mapping[str, JsonValue],
    actor: Actor,
    at: datetime,
    signer: str = "",
) -> Draft:
    payload = new_statement(
        kind=kind,
        by=actor.gln,
        signer=signer or (actor.user.signer if actor.user else ""),
        meaning=meaning,
        subjects=[Subject(tag) for tag in tags],
        parents=[],
        body=body,
        at=at,
        ledger=get_genesis().origin,
    )
    return Draft(payload=payload, words=words)


def _lines(fields: Fields, name: str) -> tuple[str, ...]:
    if not fields.has(name):
        return ()
    return fields.distinct(name, Fields.string, most=_MOST_LINES)


def _read_sites(fields: Fields, known: Iterable[Site]) -> tuple[SiteNamed, ...]:
    sites = [SiteNamed(site.gln, site.name) for site in known]
    if fields.has("sites"):
        sites = list(fields.each("sites", _read_site, most=_MOST_LINES))
    return tuple(sorted(sites, key=lambda site: site.gln))


def _read_site(fields: Fields, name: str) -> SiteNamed:
    """`{"gln", "name"}`, or a line: the GLN, a blank, the name."""
    value = fields.take(name)
    if isinstance(value, str):
        gln, _blank, title = value.strip().partition(" ")
        value = {"gln": gln, "name": title.strip()}
    inner = Fields(value, where=fields.path(name))
    site = SiteNamed(gln=inner.gln("gln"), name=inner.text("name"))
    inner.close()
    return site


def _name(actor: Actor) -> str:
    return actor.partner.name if actor.partner else ""


def _party(gln: str) -> bytes:
    return party_tag(tag_key(), gln=gln)


def _key(keyid: str) -> bytes:
    return key_tag(tag_key(), keyid=keyid)
