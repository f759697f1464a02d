"""Rows of the pages about partners, keys and what waits for a signature."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch

from apps.core.bodies import KeyEnrol, read_body
from apps.core.envelope import parse_envelope
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
from apps.partners.queries.keys import list_partner_keys, requests_visible_to
from apps.partners.queries.licences import LicenceState, licence_state
from apps.partners.queries.people import display_name, names_of
from apps.partners.queries.register import search_partners

_WORST = (LicenceState.SUSPENDED, LicenceState.LAPSED, LicenceState.AHEAD)


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
    """A partner and what of its licences is in force.

    Attributes:
        in_force: roles, "" where there is none.
        state: of its current licences, where none is in force: suspended before lapsed
            before ahead; None without any.
    """

    partner: TradingPartner
    in_force: str
    is_of_genesis: bool
    state: LicenceState | None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A new key that waits for an administrator; `envelope` is DSSE JSON text.

    Attributes:
        algorithm: of the new key.
        replaces: keyid of the key that ends with the confirmation, "" for none.
        lost_since: UTC day since when that one may be in foreign hands.
        is_own: the reader asked for it.
        is_with_offices: it waits for an authority and the operator instead.
    """

    id: int
    label: str
    person: str
    keyid: str
    algorithm: str
    replaces: str
    lost_since: date | None
    at: datetime
    envelope: str
    is_own: bool
    is_with_offices: bool


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
    asked = Proposal.objects.filter(about=actor.gln, kind="key.enrol", closed_at=None)
    with_offices = {bytes(each) for each in asked.values_list("envelope", flat=True)}
    payloads = {parse_envelope(each).payload for each in with_offices}
    return [_request_row(request, actor, payloads) for request in requests]


def find_request(request_id: int) -> KeyRequest:
    """A request for a key with its organisation.

    Raises:
        MalformedInput: `unknown_request`.
    """
    found = KeyRequest.objects.select_related("partner").filter(pk=request_id).first()
    if found is None:
        raise MalformedInput("unknown_request", got=request_id)
    return found


def _partner_row(partner: TradingPartner, ms: int, genesis: set[str]) -> PartnerRow:
    licences = [(each, licence_state(each, ms)) for each in partner.licences.all()]
    states = {state for _licence, state in licences}
    return PartnerRow(
        partner=partner,
        in_force=", ".join(
            licence.get_role_display()
            for licence, state in licences
            if state == LicenceState.IN_FORCE
        ),
        is_of_genesis=partner.gln in genesis,
        state=next((state for state in _WORST if state in states), None),
    )


def _request_row(
    request: KeyRequest, actor: Actor, with_offices: set[bytes]
) -> RequestRow:
    envelope = parse_envelope(bytes(request.envelope))
    body = read_body(parse_statement(envelope.payload))
    return RequestRow(
        id=request.pk,
        label=request.label,
        person=display_name(request.user),
        keyid=request.keyid,
        algorithm=body.key.alg if isinstance(body, KeyEnrol) else "",
        replaces=request.replaces,
        lost_since=request.lost_since,
        at=request.created_at,
        envelope=bytes(request.envelope).decode(),
        is_own=request.user == actor.user,
        is_with_offices=envelope.payload in with_offices,
    )
