"""Rows of the pages about partners, keys and what waits for a signature."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from apps.core.bodies import PartyAdmit, parse_body
from apps.core.envelope import Envelope, parse_envelope
from apps.core.errors import MalformedInput
from apps.core.statement import parse_statement
from apps.ledger.formats import as_ms
from apps.partners.models import (
    KeyRequest,
    Licence,
    Proposal,
    SigningKey,
    TradingPartner,
)
from apps.partners.queries.actors import Actor
from apps.partners.queries.genesis import get_genesis
from apps.partners.queries.keys import (
    list_keys,
    list_partner_keys,
    requests_visible_to,
)
from apps.partners.queries.people import display_name, names_of
from apps.partners.queries.register import search_partners


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key and the name of whom it speaks for; the id where nobody is known.

    Attributes:
        label: what its owner calls the device, "" where that is not known or told.
    """

    key: SigningKey
    person: str
    label: str


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A partner and what of its licences is in force."""

    partner: TradingPartner
    in_force: str
    is_of_genesis: bool
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A new key that waits for an administrator; `envelope` is DSSE JSON text."""

    id: int
    label: str
    person: str
    keyid: str
    at: datetime
    envelope: str


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A party statement that waits for signatures."""

    id: int
    words: str
    at: datetime
    envelope: str
    signed_by: list[str]
    wants_new_key: bool
    may_sign: bool


def list_key_rows(*, gln: str, actor: Actor) -> list[KeyRow]:
    """A partner's keys with their history, those in use first.

    What the people of the partner call their devices is told to them alone.
    """
    keys = list_partner_keys(gln=gln)
    names = names_of({key.signer for key in keys})
    requests = KeyRequest.objects.filter(keyid__in=[key.keyid for key in keys])
    labels = dict(requests.values_list("keyid", "label")) if actor.gln == gln else {}
    return [
        KeyRow(key, names.get(key.signer, key.signer), labels.get(key.keyid, ""))
        for key in keys
    ]


def list_partners(
    *, actor: Actor, text: str, role: str, at: datetime
) -> list[PartnerRow]:
    """The register as `actor` sees it, by name."""
    partners = search_partners(actor=actor, text=text, role=role)
    current = Licence.objects.filter(is_current=True).order_by("role")
    ms = as_ms(at)
    genesis = {each.gln for each in get_genesis().parties}
    return [
        _partner_row(partner, ms, genesis)
        for partner in partners.order_by("name", "gln").prefetch_related(
            Prefetch("licences", current)
        )
    ]


def list_requests(*, actor: Actor) -> list[RequestRow]:
    """Keys that wait: all of the organisation for its admin, else one's own."""
    requests = requests_visible_to(actor).select_related("user").order_by("created_at")
    return [_request_row(request) for request in requests]


def list_proposals(*, actor: Actor) -> list[ProposalRow]:
    """Party statements that wait for signatures; none for those outside the offices."""
    if not actor.sees_register:
        return []
    proposals = Proposal.objects.filter(closed_at=None).order_by("created_at")
    return [_proposal_row(proposal, actor) for proposal in proposals]


def find_request(request_id: int) -> KeyRequest:
    """A request for a key with its organisation.

    Raises:
        MalformedInput: `unknown_request`.
    """
    found = KeyRequest.objects.select_related("partner").filter(pk=request_id).first()
    if found is None:
        raise MalformedInput("unknown_request", got=request_id)
    return found


def find_proposal(proposal_id: int) -> Proposal:
    """A party statement that waits.

    Raises:
        MalformedInput: `unknown_proposal`.
    """
    found = Proposal.objects.filter(pk=proposal_id, closed_at=None).first()
    if found is None:
        raise MalformedInput("unknown_proposal", got=proposal_id)
    return found


def wants_new_key(proposal: Proposal) -> bool:
    """True if the key of a party to be admitted has not signed yet."""
    return _wants_new_key(parse_envelope(bytes(proposal.envelope)))


def glns_of(envelope: Envelope) -> set[str]:
    """The parties whose enrolled keys signed; the signatures are not checked here."""
    keys = list_keys(each.keyid for each in envelope.signatures)
    return {key.partner.gln for key in keys}


def _partner_row(partner: TradingPartner, ms: int, genesis: set[str]) -> PartnerRow:
    licences = list(partner.licences.all())
    in_force = [
        licence.get_role_display()
        for licence in licences
        if not licence.is_suspended
        and licence.from_ms <= ms
        and (licence.to_ms is None or ms < licence.to_ms)
    ]
    return PartnerRow(
        partner=partner,
        in_force=", ".join(in_force),
        is_of_genesis=partner.gln in genesis,
        is_suspended=any(licence.is_suspended for licence in licences),
    )


def _request_row(request: KeyRequest) -> RequestRow:
    return RequestRow(
        id=request.pk,
        label=request.label,
        person=display_name(request.user),
        keyid=request.keyid,
        at=request.created_at,
        envelope=bytes(request.envelope).decode(),
    )


def _proposal_row(proposal: Proposal, actor: Actor) -> ProposalRow:
    envelope = parse_envelope(bytes(proposal.envelope))
    keys = list_keys(each.keyid for each in envelope.signatures)
    signed = {key.partner.gln for key in keys}
    return ProposalRow(
        id=proposal.pk,
        words=proposal.words,
        at=proposal.created_at,
        envelope=bytes(proposal.envelope).decode(),
        signed_by=sorted({key.partner.name for key in keys}),
        wants_new_key=_wants_new_key(envelope),
        may_sign=actor.can_sign and actor.gln not in signed,
    )


def _wants_new_key(envelope: Envelope) -> bool:
    statement = parse_statement(envelope.payload)
    body = parse_body(statement.kind, statement.body)
    if not isinstance(body, PartyAdmit):
        return False
    signed = {each.keyid for each in envelope.signatures}
    return body.first_key.key.keyid not in signed
