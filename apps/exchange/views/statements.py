"""A signed statement as its parties read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from apps.anchoring import queries as anchoring
from apps.catalog import queries as catalog
from apps.catalog.models import Product
from apps.core.envelope import parse_envelope
from apps.core.statement import Subject
from apps.custody.queries.about import Goods, goods_of
from apps.edge.lagging import may_lag
from apps.exchange import queries
from apps.exchange.queries import ErasedRecord, Record
from apps.exchange.views.words import KINDS
from apps.ledger import queries as ledger
from apps.ledger.queries import StoredLeaf
from apps.partners import operations as partner_operations
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Mark

_MOST_SHOWN_BYTES = 50_000
_MOST_SUBJECTS = 200


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """Who signed, and with which key."""

    keyid: str
    algorithm: str
    organisation: str
    person: str
    is_delegated: bool


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One chain that the statement is an entry of."""

    tag: str
    units: int | None
    index: int | None
    chain_seq: int | None
    is_proven: bool


@dataclass(frozen=True, slots=True)
class StatementPage:
    """What was said, by whom, when, and how it can be proven."""

    statement_id: str
    kind: str | Promise
    party: str
    gln: str
    person: str
    meaning: str
    product: Product | None
    goods: list[Goods]
    claimed_ms: int
    accepted_ms: int
    expires_ms: int
    signatures: list[SignatureRow]
    subjects: list[SubjectRow]
    more_subjects: int
    parents: list[str]
    text: str
    size_bytes: int
    is_cut: bool
    has_events: bool
    is_logged: bool
    is_proven: bool
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class ErasedPage:
    """What is left to tell of an erased statement."""

    erased: ErasedRecord
    kind: str | Promise
    party: str


@require_safe
@member_required
@may_lag
def statement(request: HttpRequest, statement_id: str) -> HttpResponse:
    """The statement; foreign and missing answer the same, a regulator's read is noted."""
    actor = actor_of(request)
    record = queries.find_record(statement_id=statement_id, actor=actor)
    if record is None:
        return _erased(request, statement_id)
    partner_operations.note_read(
        actor=actor, action="statement", subject=statement_id, at=timezone.now()
    )
    page = _page(record)
    return render(request, "exchange/statement_detail.html", {"page": page})


def _erased(request: HttpRequest, statement_id: str) -> HttpResponse:
    """That it was erased, and by what right, for those who may know of it."""
    actor = actor_of(request)
    erased = queries.find_erased(statement_id=statement_id, actor=actor)
    if erased is None:
        raise Http404
    party = partners.find_partner(erased.by)
    page = ErasedPage(
        erased=erased,
        kind=KINDS.get(erased.kind, erased.kind),
        party=party.name if party else "",
    )
    context = {"page": page}
    return render(request, "exchange/statement_erased.html", context, status=410)


def _page(record: Record) -> StatementPage:
    said = record.statement
    payload = parse_envelope(ledger.get_envelope(record.statement_id)).payload
    leaves = {leaf.position: leaf for leaf in ledger.leaves_of(record.statement_id)}
    head = anchoring.newest_checkpoint()
    size = head.size if head else 0
    party = partners.find_partner(said.by)
    return StatementPage(
        statement_id=record.statement_id,
        kind=KINDS.get(said.kind, said.kind),
        party=party.name if party else said.by,
        gln=said.by,
        person=_name_of(said.signer),
        meaning=said.meaning,
        product=catalog.find_product(str(said.body.get("gtin", ""))),
        goods=goods_of(statement_id=record.statement_id, most=_MOST_SUBJECTS),
        claimed_ms=said.at_ms,
        accepted_ms=record.accepted_ms,
        expires_ms=said.expires_ms,
        signatures=_signatures(record.statement_id),
        subjects=[
            _subject(subject, leaves.get(position), size)
            for position, subject in enumerate(said.subjects[:_MOST_SUBJECTS])
        ],
        more_subjects=max(0, len(said.subjects) - _MOST_SUBJECTS),
        parents=[parent.text for parent in said.parents],
        text=payload[:_MOST_SHOWN_BYTES].decode("utf-8", "ignore"),
        size_bytes=len(payload),
        is_cut=len(payload) > _MOST_SHOWN_BYTES,
        has_events=record.events() is not None,
        is_logged=bool(leaves),
        is_proven=bool(leaves) and all(leaf.index < size for leaf in leaves.values()),
        mark=partners.marks_of([record.statement_id]).get(record.statement_id),
    )


def _name_of(signer: str) -> str:
    return partners.names_of({signer}).get(signer, signer)


def _subject(subject: Subject, leaf: StoredLeaf | None, size: int) -> SubjectRow:
    return SubjectRow(
        tag=subject.tag.hex(),
        units=subject.moved.n if subject.moved else None,
        index=leaf.index if leaf else None,
        chain_seq=leaf.chain_seq if leaf else None,
        is_proven=leaf is not None and leaf.index < size,
    )


def _signatures(statement_id: str) -> list[SignatureRow]:
    envelope = parse_envelope(ledger.get_envelope(statement_id))
    # A lent voice is shown under the key that lent it.
    lenders = {
        each.keyid: each.delegation.signatures[0].keyid
        if each.delegation
        else each.keyid
        for each in envelope.signatures
    }
    keys: dict[str, Any] = {
        key.keyid: key for key in partners.list_keys(lenders.values())
    }
    names = partners.names_of({key.signer for key in keys.values()})
    rows = []
    for each in envelope.signatures:
        key = keys.get(lenders[each.keyid])
        rows.append(
            SignatureRow(
                keyid=each.keyid,
                algorithm=key.algorithm if key else "",
                organisation=key.partner.name if key else "",
                person=names.get(key.signer, key.signer) if key else "",
                is_delegated=each.delegation is not None,
            )
        )
    return rows
