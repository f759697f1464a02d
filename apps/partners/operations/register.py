"""Partners and licences, as signed party statements make them.

Both kinds are signed by an authority (the regulator, or a brand authority named in
genesis) and by the operator; the law of custody has no other source.
"""

from apps.core.bodies import PartyAdmit, PartyLicence, SiteNamed, read_body
from apps.core.errors import LedgerConflict, MalformedInput
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.partners import queries
from apps.partners.formats import Said
from apps.partners.models import (
    Licence,
    LicenceRole,
    MemberRole,
    Site,
    TradingPartner,
)
from apps.partners.operations.authenticate import authenticate
from apps.partners.operations.closing import close_proposal
from apps.partners.operations.keys import (
    require_key_tag,
    require_new_key,
    row_of_key,
)
from apps.partners.operations.locks import Lock, lock_partners
from apps.partners.operations.tags import key_tag_of, party_tag_of, require_tags

_OFFICES = frozenset({LicenceRole.REGULATOR.value, LicenceRole.OPERATOR.value})


def admit_partner(submission: Submission) -> Accepted:
    """Accept party.admit: a new party and the key of its first administrator.

    Raises:
        MalformedInput: `wrong_subjects`, `wrong_tag`, or a body that cannot be read.
        UntrustedSignature: as `authenticate`.
        LedgerConflict: `partner_known`, `key_known`, `proposal_withdrawn`.
    Source: DESIGN section 3, "Genesis and keys".
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, PartyAdmit):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    key = body.first_key.key
    require_tags(statement, party_tag_of(body.gln), key_tag_of(key.keyid))
    require_key_tag(body.key_tag, key.keyid)
    authenticate(submission=submission)
    if queries.find_partner(body.gln) is not None:
        raise LedgerConflict(
            "partner_known", field="body.gln", got=body.gln, wanted="a new party"
        )
    require_new_key(key.keyid)
    said = Said.by(submission)
    partner = TradingPartner.objects.create(
        gln=body.gln,
        name=body.name,
        country=body.country,
        tag=party_tag_of(body.gln),
        admitted_by=said.statement_id,
    )
    row_of_key(
        key=key,
        partner=partner,
        signer=body.first_key.signer,
        role=MemberRole.ADMIN,
        said=said,
    ).save(force_insert=True)
    close_proposal(said)
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def license_partner(submission: Submission) -> Accepted:
    """Accept party.licence; it replaces the party's licence of the same role.

    Raises:
        MalformedInput: `unknown_partner`, `site_taken`, `wrong_subjects`, or a body
            that cannot be read.
        UntrustedSignature: as `authenticate`.
        LedgerConflict: `proposal_withdrawn`.
    Source: DESIGN section 3, "Genesis and keys".
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, PartyLicence):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    require_tags(statement, party_tag_of(body.gln))
    authenticate(submission=submission)
    # Events hold this row shared while the law reads the licence.
    lock_partners(glns=[body.gln], lock=Lock.EXCLUSIVE)
    partner = queries.get_partner(body.gln)
    _require_free_sites(partner, body.sites)
    said = Said.by(submission)
    _write_licence(partner, body, said)
    _write_sites(partner, body.sites)
    _write_shown_role(partner)
    close_proposal(said)
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def _require_free_sites(partner: TradingPartner, sites: tuple[SiteNamed, ...]) -> None:
    glns = [site.gln for site in sites]
    foreign = Site.objects.filter(gln__in=glns).exclude(partner=partner).first()
    if foreign is not None:
        raise MalformedInput(
            "site_taken",
            field="body.sites",
            got=foreign.gln,
            wanted="a place of no other party",
        )


def _write_licence(partner: TradingPartner, body: PartyLicence, said: Said) -> None:
    Licence.objects.filter(partner=partner, role=body.role, is_current=True).update(
        is_current=False
    )
    Licence.objects.create(
        partner=partner,
        role=body.role,
        gs1_prefixes=list(body.gs1_prefixes),
        sites=[site.gln for site in body.sites],
        scope=list(body.scope),
        from_ms=body.from_ms,
        to_ms=body.to_ms,
        is_suspended=body.is_suspended,
        statement_id=said.statement_id,
        accepted_ms=said.accepted_ms,
    )


def _write_sites(partner: TradingPartner, sites: tuple[SiteNamed, ...]) -> None:
    """A partner's sites are those of its current licences, as named last."""
    for site in sites:
        Site.objects.update_or_create(
            gln=site.gln, partner=partner, defaults={"name": site.name}
        )
    named = Licence.objects.filter(partner=partner, is_current=True)
    kept = {gln for glns in named.values_list("sites", flat=True) for gln in glns}
    Site.objects.filter(partner=partner).exclude(gln__in=kept).delete()


def _write_shown_role(partner: TradingPartner) -> None:
    """Pages show the newest role that is not suspended; genesis roles stay.

    A trader keeps its pages while it is suspended; an office is then no office.
    """
    if partner.gln in {each.gln for each in queries.get_genesis().parties}:
        return
    current = Licence.objects.filter(
        partner=partner, is_current=True, is_suspended=False
    ).order_by("-accepted_ms", "-id")
    kept = "" if partner.role in _OFFICES else partner.role
    partner.role = current.values_list("role", flat=True).first() or kept
    partner.save(update_fields=["role"])
