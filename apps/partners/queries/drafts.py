"""Wishes about partners and their licences, drafted as the exact bytes to sign."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from apps.core.bodies import (
    ANY_PRODUCT,
    LICENCE_ROLES,
    NamedKey,
    PartyAdmit,
    PartyLicence,
    SiteNamed,
)
from apps.core.fields import Fields
from apps.core.party_bodies import read_country, read_key, read_signer
from apps.ledger.formats import Draft
from apps.partners.models import Site, new_signer_id
from apps.partners.queries.actors import Actor
from apps.partners.queries.drafting import (
    key_tag_of,
    make_draft,
    name_of,
    party_tag_of,
)
from apps.partners.queries.register import get_partner, list_sites
from apps.partners.queries.wishes import read_day, wish_fields
from apps.partners.queries.words import admit_words, licence_words

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
    body = PartyAdmit(gln, name, country, NamedKey(key, signer), key_tag_of(key.keyid))
    return make_draft(
        kind="party.admit",
        meaning=gettext_noop("admits the party and its first key"),
        words=admit_words(body, who=name_of(actor)),
        tags=[party_tag_of(gln), key_tag_of(key.keyid)],
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
    return make_draft(
        kind="party.licence",
        meaning=gettext_noop("licenses the party"),
        words=licence_words(body, who=name_of(actor), name=partner.name),
        tags=[party_tag_of(partner.gln)],
        body=body.to_json(),
        actor=actor,
        at=at,
    )


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
