"""Party statements on their way to two offices: who signed, and on whom they wait."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.bodies import Body, Genesis, read_body
from apps.core.envelope import Envelope, parse_envelope
from apps.core.errors import MalformedInput
from apps.core.speakers import brought_by
from apps.core.statement import Statement, parse_statement
from apps.partners.formats import as_datetime
from apps.partners.models import Proposal, SigningKey
from apps.partners.queries.actors import Actor
from apps.partners.queries.genesis import get_genesis
from apps.partners.queries.keys import list_keys
from apps.partners.queries.people import display_name, names_of
from apps.partners.queries.register import names_of_glns

_MOST_CLOSED = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a party statement is.

    Attributes:
        keys: the enrolled keys that signed.
        waits_for: for each office that has not, the parties of which one must.
        wants_new_key: the key that it brings has not signed itself.
    """

    keys: tuple[SigningKey, ...]
    waits_for: tuple[frozenset[str], ...]
    wants_new_key: bool

    def takes(self, gln: str) -> bool:
        """Whether a signature of this party is waited for."""
        return any(gln in office for office in self.waits_for)

    def has_signed(self, signer: str) -> bool:
        """Whether this person has signed already, for whichever office."""
        return any(key.signer == signer for key in self.keys)


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A party statement as the page of proposals shows it.

    Attributes:
        signed_by: persons and their parties.
        waits_for: the parties that have not signed.
        may_sign: this person's signature is one of those waited for.
        is_last: it would be the last one.
        is_own: this person has signed for another office: somebody else must.
    """

    id: int
    kind: str
    words: str
    proposed_by: str
    at: datetime
    expires_at: datetime
    envelope: str
    signed_by: list[str]
    waits_for: list[str]
    wants_new_key: bool
    may_sign: bool
    is_last: bool
    is_own: bool
    may_withdraw: bool


def proposals_visible_to(actor: Actor) -> QuerySet[Proposal]:
    """All for the offices; what is asked for a party's own key for that party."""
    proposals = Proposal.objects.select_related("user")
    if actor.sees_register:
        return proposals
    return proposals.filter(about=actor.gln, kind="key.enrol")


def open_proposals(actor: Actor) -> QuerySet[Proposal]:
    """What waits for signatures, whoever's."""
    return proposals_visible_to(actor).filter(closed_at=None)


def list_proposals(*, actor: Actor) -> list[ProposalRow]:
    """What waits for signatures, the oldest first."""
    waiting = open_proposals(actor).order_by("created_at")
    return [_row(proposal, actor) for proposal in waiting]


def list_closed_proposals(*, actor: Actor) -> list[Proposal]:
    """What waited and how it ended, the latest first; the last fifty."""
    closed = proposals_visible_to(actor).exclude(closed_at=None)
    return list(closed.order_by("-closed_at")[:_MOST_CLOSED])


def find_proposal(proposal_id: int) -> Proposal:
    """A party statement that waits.

    Raises:
        MalformedInput: `unknown_proposal`.
    """
    found = Proposal.objects.filter(pk=proposal_id, closed_at=None).first()
    if found is None:
        raise MalformedInput("unknown_proposal", got=proposal_id)
    return found


def standing_of(envelope: Envelope) -> Standing:
    """Who signed a party statement, and on whom it waits.

    Raises:
        MalformedInput: a statement that cannot be read.
    """
    statement = parse_statement(envelope.payload)
    signed = {each.keyid for each in envelope.signatures}
    keys = tuple(list_keys(signed))
    glns = {key.partner.gln for key in keys}
    offices = offices_wanted(statement, get_genesis())
    return Standing(
        keys=keys,
        waits_for=tuple(office for office in offices if not office & glns),
        wants_new_key=not brought_by(statement).keys() <= signed,
    )


def offices_wanted(statement: Statement, genesis: Genesis) -> list[frozenset[str]]:
    """The two offices that such a statement wants: an authority and the operator.

    A key.enrol is said by its own party, which any authority helps.
    """
    authorities = frozenset(each.gln for each in genesis.authorities)
    if statement.kind != "key.enrol":
        authorities = frozenset({statement.by})
    return [authorities, frozenset({genesis.operator.gln})]


def wants_new_key(proposal: Proposal) -> bool:
    """True if the key that the statement brings has not signed yet."""
    return standing_of(parse_envelope(bytes(proposal.envelope))).wants_new_key


def glns_of(envelope: Envelope) -> set[str]:
    """The parties whose enrolled keys signed; the signatures are not checked here."""
    keys = list_keys(each.keyid for each in envelope.signatures)
    return {key.partner.gln for key in keys}


def body_of(envelope: Envelope) -> tuple[Statement, Body]:
    """What the statement in an envelope says.

    Raises:
        MalformedInput: it cannot be read.
    """
    statement = parse_statement(envelope.payload)
    return statement, read_body(statement)


def _row(proposal: Proposal, actor: Actor) -> ProposalRow:
    envelope = parse_envelope(bytes(proposal.envelope))
    statement = parse_statement(envelope.payload)
    standing = standing_of(envelope)
    signer = actor.user.signer if actor.user else ""
    is_waited_for = actor.can_sign and standing.takes(actor.gln)
    is_own = is_waited_for and standing.has_signed(signer)
    missing = len(standing.waits_for) + standing.wants_new_key
    return ProposalRow(
        id=proposal.pk,
        kind=proposal.kind,
        words=proposal.words,
        proposed_by=display_name(proposal.user) if proposal.user else "",
        at=proposal.created_at,
        expires_at=as_datetime(statement.expires_ms),
        envelope=bytes(proposal.envelope).decode(),
        signed_by=_signed_by(standing.keys),
        waits_for=_waits_for(standing.waits_for),
        wants_new_key=standing.wants_new_key,
        may_sign=is_waited_for and not is_own,
        is_last=is_waited_for and missing == 1,
        is_own=is_own,
        may_withdraw=actor.can_sign and statement.by == actor.gln,
    )


def _signed_by(keys: Iterable[SigningKey]) -> list[str]:
    people = names_of({key.signer for key in keys})
    return [
        _("%(person)s for %(organisation)s")
        % {
            "person": people.get(key.signer, key.signer),
            "organisation": key.partner.name,
        }
        for key in keys
    ]


def _waits_for(offices: Iterable[frozenset[str]]) -> list[str]:
    names = names_of_glns({gln for office in offices for gln in office})
    return [" / ".join(sorted(names.get(g, g) for g in office)) for office in offices]
