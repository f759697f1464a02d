"""What drafts of partners' statements share: tags, names, the statement around a body."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from apps.core.canonical import JsonValue
from apps.core.leaf import key_tag, party_tag
from apps.core.subjects import Reference, Subject
from apps.edge.secrets import tag_key
from apps.ledger.formats import Draft, new_statement
from apps.partners.queries.actors import Actor
from apps.partners.queries.genesis import get_genesis


def make_draft(
    *,
    kind: str,
    meaning: str,
    words: str,
    tags: Iterable[bytes],
    body: Mapping[str, JsonValue],
    actor: Actor,
    at: datetime,
    signer: str = "",
    parents: Iterable[Reference] = (),
) -> Draft:
    """The draft of a statement by the actor's party.

    Args:
        meaning: English, as it is signed.
        words: the sentence in the reader's language.
        signer: who signs, the actor where it is "".
    """
    payload = new_statement(
        kind=kind,
        by=actor.gln,
        signer=signer or (actor.user.signer if actor.user else ""),
        meaning=meaning,
        subjects=[Subject(tag) for tag in tags],
        parents=parents,
        body=body,
        at=at,
        ledger=get_genesis().origin,
    )
    return Draft(payload=payload, words=words)


def name_of(actor: Actor) -> str:
    """What the actor's organisation is called."""
    return actor.partner.name if actor.partner else ""


def party_tag_of(gln: str) -> bytes:
    """The tag of a party in this ledger."""
    return party_tag(tag_key(), gln=gln)


def key_tag_of(keyid: str) -> bytes:
    """The tag of a signing key in this ledger."""
    return key_tag(tag_key(), keyid=keyid)
