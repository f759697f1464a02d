"""Drafts of statements, and what became of those that were accepted."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.catalog import queries as catalog
from apps.core.canonical import canonical_bytes
from apps.core.fields import Fields
from apps.core.leaf import party_tag
from apps.core.statement import PUBLISHED_KINDS, Statement, parse_statement
from apps.core.strict import format_base64
from apps.custody import queries as custody
from apps.edge.secrets import tag_key
from apps.ledger import queries as ledger
from apps.ledger.formats import Draft, split_salts
from apps.ledger.queries import StoredLeaf
from apps.partners import queries as partners
from apps.partners.queries import Actor
from apps.recalls import queries as recalls

Drafter = Callable[..., Draft]

DRAFTERS: Final[Mapping[str, Drafter]] = {
    "event": custody.draft_event,
    "events": custody.draft_events,
    "party.admit": partners.draft_admit,
    "party.licence": partners.draft_licence,
    "key.enrol": partners.draft_enrol,
    "key.revoke": partners.draft_revoke,
    "key.reattest": partners.draft_reattest,
    "product.register": catalog.draft_product,
    "recall.open": recalls.draft_open,
    "recall.amend": recalls.draft_amend,
    "recall.close": recalls.draft_close,
    "recall.answer": recalls.draft_answer,
    "erasure": custody.draft_erasure,
}


@dataclass(frozen=True, slots=True)
class Record:
    """An accepted statement with its private bytes."""

    statement_id: str
    accepted_ms: int
    statement: Statement
    salts: bytes
    receipt: bytes
    lines: bytes | None

    def document(self) -> dict[str, Any]:
        """Envelope, receipt and leaves; index and chain_seq once it is sequenced."""
        envelope = ledger.get_envelope(self.statement_id)
        return {
            "statement_id": self.statement_id,
            "accepted_ms": self.accepted_ms,
            "kind": self.statement.kind,
            "by": self.statement.by,
            "envelope": json.loads(envelope),
            "receipt": json.loads(self.receipt),
            "leaves": self._leaves(),
            "suspect": self._suspect(),
        }

    def _suspect(self) -> dict[str, Any] | None:
        """Why it wants another look: the key, since when, and what stands by it."""
        mark = partners.marks_of([self.statement_id]).get(self.statement_id)
        if mark is None:
            return None
        return {
            "keyid": mark.key.keyid,
            "since_ms": mark.key.suspect_since_ms,
            "said_again_in": mark.said_in or None,
        }

    def _leaves(self) -> list[dict[str, Any]]:
        placed = {leaf.position: leaf for leaf in ledger.leaves_of(self.statement_id)}
        salts = split_salts(self.salts)
        return [
            {
                "tag": subject.tag.hex(),
                "salt": format_base64(salts[position]),
                "index": placed[position].index if placed else None,
                "chain_seq": placed[position].chain_seq if placed else None,
            }
            for position, subject in enumerate(self.statement.subjects)
        ]

    def events(self) -> bytes | None:
        """The exact NDJSON of kind events, the one event of kind event, else None."""
        if self.lines is not None:
            return self.lines
        if self.statement.kind == "event":
            return canonical_bytes(dict(self.statement.body)) + b"\n"
        return None


def find_record(*, statement_id: str, actor: Actor) -> Record | None:
    """The statement if `actor` is the regulator or one of its parties, else None.

    Its parties are who speaks, who signed with them, the party it is about, and to
    whom the goods of a single event are sent. Recalls are published to all partners;
    what one of them answers is not.
    """
    vault = ledger.find_vault(statement_id)
    if vault is None or not actor.is_member:
        return None
    statement = parse_statement(bytes(vault.payload))
    is_theirs = (
        actor.is_regulator
        or statement.by == actor.gln
        or _is_about(statement, actor)
        or _has_signed(statement_id, actor)
        or statement.kind in PUBLISHED_KINDS
        or custody.is_addressee(statement_id=statement_id, gln=actor.gln)
    )
    if not is_theirs:
        return None
    return Record(
        statement_id=statement_id,
        accepted_ms=vault.statement.accepted_ms,
        statement=statement,
        salts=bytes(vault.salts),
        receipt=bytes(vault.receipt),
        lines=None if vault.lines is None else bytes(vault.lines),
    )


@dataclass(frozen=True, slots=True)
class ErasedRecord:
    """What is left to tell of a statement whose private bytes are gone."""

    statement_id: str
    kind: str
    by: str
    accepted_ms: int
    erased_by: str
    erased_ms: int
    legal_basis: str
    leaves: list[StoredLeaf]


def find_erased(*, statement_id: str, actor: Actor) -> ErasedRecord | None:
    """What was erased, for the party that spoke, the regulator and the operator."""
    erased = ledger.find_erasure(statement_id)
    if erased is None or not actor.is_member:
        return None
    row = erased.statement
    if not (actor.sees_register or row.by == actor.gln):
        return None
    vault = ledger.find_vault(erased.erased_by)
    ordered = parse_statement(bytes(vault.payload)) if vault else None
    return ErasedRecord(
        statement_id=statement_id,
        kind=row.kind,
        by=row.by,
        accepted_ms=row.accepted_ms,
        erased_by=erased.erased_by,
        erased_ms=vault.statement.accepted_ms if vault else 0,
        legal_basis=str(ordered.body.get("legal_basis", "")) if ordered else "",
        leaves=ledger.leaves_of(statement_id),
    )


def _is_about(statement: Statement, actor: Actor) -> bool:
    tag = party_tag(tag_key(), gln=actor.gln)
    return any(subject.tag == tag for subject in statement.subjects)


def _has_signed(statement_id: str, actor: Actor) -> bool:
    keys = partners.list_keys(ledger.keyids_of(statement_id))
    return any(key.partner.gln == actor.gln for key in keys)


def find_proof(statement_id: str) -> dict[str, Any] | None:
    """The proof file of a statement, with the statements that show its keys.

    None until every leaf of it is anchored, and where it is unknown or erased.

    Raises:
        IntegrityBreach: a published file of the log is missing.
    """
    return custody.find_statement_proof(statement_id)


def draft(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The statement that `actor` would have to sign for `wish` to come true now.

    Nothing is written or promised: the door judges again when it is submitted.

    Raises:
        MalformedInput: `kind` is none of `DRAFTERS`, or as its drafter says.
        ForbiddenTransfer: the law of custody would refuse it.
    """
    kind = Fields(wish, where="").word("kind", frozenset(DRAFTERS))
    return DRAFTERS[kind](wish=wish, actor=actor, at=at)
