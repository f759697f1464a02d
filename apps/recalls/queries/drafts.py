"""Wishes about recalls, drafted as the exact bytes to sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from apps.catalog.queries import find_batch, get_product
from apps.core.bodies import (
    RecallAmend,
    RecallAnswer,
    RecallClose,
    RecallOpen,
    parse_body,
)
from apps.core.canonical import JsonValue
from apps.core.errors import MalformedInput
from apps.core.recall import parse_scope
from apps.core.statement import Reference
from apps.core.subjects import Subject
from apps.custody.queries.sums import moved
from apps.edge.numbers import grouped
from apps.ledger.formats import Draft, new_statement
from apps.partners.queries import Actor, get_genesis
from apps.recalls.formats import count_words, scope_words
from apps.recalls.models import Recall
from apps.recalls.queries.recalls import (
    Meant,
    answerable,
    find_visible,
    units_meant,
    units_of,
)
from apps.recalls.queries.rules import (
    amend_subjects,
    subjects_of,
    unknown_recall,
    verify_may_change,
    verify_may_recall,
    verify_open,
)
from apps.recalls.queries.shares import count_places
from apps.recalls.queries.wishes import read_open, read_parts


@dataclass(frozen=True, slots=True)
class _Said:
    """What differs between drafts."""

    kind: str
    meaning: str
    words: str
    subjects: Iterable[Subject]
    body: Mapping[str, JsonValue]
    recall_id: str = ""


def draft_open(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A recall.open: gtin, scope, class, reason, instructions, depth[, return_to, reference].

    Raises:
        MalformedInput: `unknown_product`, or a field that its value cannot hold.
        ForbiddenTransfer: `not_brand_owner`.
    """
    body = parse_body("recall.open", read_open(wish))
    assert isinstance(body, RecallOpen)  # noqa: S101 - the reader of that kind
    product = get_product(body.gtin)
    verify_may_recall(product=product, by=actor.gln)
    meant = units_meant(product_id=product.pk, scope=body.scope)
    words = _("%(who)s recalls %(scope)s of %(product)s, class %(class)s: %(reason)s.")
    said = _Said(
        kind="recall.open",
        meaning=gettext_noop("recalls the units"),
        words=_sentences(
            words
            % {
                "who": _name(actor),
                "scope": scope_words(body.scope),
                "product": product,
                "class": body.recall_class,
                "reason": _bare(body.reason),
            },
            _blocked(meant),
        ),
        subjects=subjects_of(product, [each.batch for each in meant]),
        body=body.to_json(),
    )
    return _draft(said, actor=actor, at=at)


def draft_amend(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A recall.amend: recall, scope, reason.

    Raises:
        MalformedInput: `unknown_recall`, or a field that its value cannot hold.
        ForbiddenTransfer: `not_recall_opener`.
        LedgerConflict: `recall_closed`.
    """
    body = parse_body("recall.amend", read_parts(wish))
    assert isinstance(body, RecallAmend)  # noqa: S101 - the reader of that kind
    recall = _get_own(body.recall, actor, kind="recall.amend")
    meant = units_meant(product_id=recall.product_id, scope=body.scope)
    words = _("%(who)s changes the recall of %(product)s to %(scope)s: %(reason)s.")
    said = _Said(
        kind="recall.amend",
        meaning=gettext_noop("changes what the recall covers"),
        words=_sentences(
            words
            % {
                "who": _name(actor),
                "product": recall.product,
                "scope": scope_words(body.scope),
                "reason": _bare(body.reason),
            },
            _("It covered %(scope)s.")
            % {"scope": scope_words(parse_scope(recall.scope))},
            _blocked(meant),
        ),
        subjects=amend_subjects(recall, body.scope),
        body=body.to_json(),
        recall_id=recall.pk,
    )
    return _draft(said, actor=actor, at=at)


def draft_close(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A recall.close: recall, reason.

    Raises:
        As `draft_amend`.
    """
    body = parse_body("recall.close", read_parts(wish))
    assert isinstance(body, RecallClose)  # noqa: S101 - the reader of that kind
    recall = _get_own(body.recall, actor, kind="recall.close")
    meant = units_of(recall)
    lifted = sum(len(each.units) for each in meant)
    words = _("%(who)s ends the recall of %(scope)s of %(product)s: %(reason)s.")
    said = _Said(
        kind="recall.close",
        meaning=gettext_noop("ends the recall"),
        words=_sentences(
            words
            % {
                "who": _name(actor),
                "scope": scope_words(parse_scope(recall.scope)),
                "product": recall.product,
                "reason": _bare(body.reason),
            },
            ngettext(
                "%(n)s pack is no longer blocked by it.",
                "%(n)s packs are no longer blocked by it.",
                lifted,
            )
            % {"n": grouped(lifted)},
        ),
        subjects=subjects_of(recall.product, [each.batch for each in meant]),
        body=body.to_json(),
        recall_id=recall.pk,
    )
    return _draft(said, actor=actor, at=at)


def draft_answer(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A recall.answer: recall, lot, counts by state[, note]; states of 0 are left out.

    It speaks of every recalled unit of the lot that the party holds or held; a later
    answer takes its place.

    Raises:
        MalformedInput: `unknown_recall`, `counts_differ`, or a field that its value
            cannot hold.
        LedgerConflict: `recall_closed`.
    """
    parts = read_parts(wish)
    lot = parts.pop("lot", "")
    body = parse_body("recall.answer", parts)
    assert isinstance(body, RecallAnswer)  # noqa: S101 - the reader of that kind
    recall = _get_open(body.recall, actor)
    batch = find_batch(gtin=recall.product.gtin, lot=str(lot))
    units = answerable(recall=recall, batch=batch, gln=actor.gln) if batch else None
    if batch is None or not units:
        raise MalformedInput(
            "unknown_lot", field="lot", got=lot, wanted="a recalled lot that you had"
        )
    total = sum(body.counts.values())
    if total != len(units):
        raise MalformedInput(
            "counts_differ",
            field="counts",
            got=f"{total} packs",
            wanted=f"{len(units)} packs in all: every one that you hold or held",
        )
    words = _("%(who)s answers the recall of lot %(lot)s of %(product)s: %(counts)s.")
    said = _Said(
        kind="recall.answer",
        meaning=gettext_noop("says what became of the recalled units"),
        words=words
        % {
            "who": _name(actor),
            "lot": batch.lot,
            "product": recall.product,
            "counts": count_words(body.counts),
        },
        subjects=[Subject(bytes(batch.tag), moved=moved(units))],
        body=body.to_json(),
        recall_id=recall.pk,
    )
    return _draft(said, actor=actor, at=at)


def _get_own(recall_id: str, actor: Actor, *, kind: str) -> Recall:
    recall = _find(recall_id, actor)
    verify_may_change(recall=recall, by=actor.gln, kind=kind)
    return recall


def _get_open(recall_id: str, actor: Actor) -> Recall:
    recall = _find(recall_id, actor)
    verify_open(recall)
    return recall


def _find(recall_id: str, actor: Actor) -> Recall:
    recall = find_visible(recall_id=recall_id, actor=actor)
    if recall is None:
        raise unknown_recall(recall_id)
    return recall


def _blocked(meant: list[Meant]) -> str:
    units = sum(len(each.units) for each in meant)
    if not units:
        return _("No such pack exists yet; those made later are born recalled.")
    places = count_places(meant)
    if not places:
        return ngettext(
            "%(n)s pack is meant; nobody holds it any more.",
            "%(n)s packs are meant; nobody holds any of them any more.",
            units,
        ) % {"n": grouped(units)}
    return _("%(packs)s at %(holders)s are blocked at once.") % {
        "packs": ngettext("%(n)s pack", "%(n)s packs", units) % {"n": grouped(units)},
        "holders": ngettext("%(n)s holder", "%(n)s holders", places)
        % {"n": grouped(places)},
    }


def _draft(said: _Said, *, actor: Actor, at: datetime) -> Draft:
    payload = new_statement(
        kind=said.kind,
        by=actor.gln,
        signer=actor.user.signer if actor.user else "",
        meaning=said.meaning,
        subjects=said.subjects,
        parents=[Reference(said.recall_id)] if said.recall_id else [],
        body=said.body,
        at=at,
        ledger=get_genesis().origin,
    )
    return Draft(payload=payload, words=said.words)


def _sentences(*sentences: str) -> str:
    return " ".join(sentences)


def _bare(text: str) -> str:
    """One line without its full stop, to stand inside a sentence."""
    return " ".join(text.split()).rstrip(".")


def _name(actor: Actor) -> str:
    return actor.partner.name if actor.partner else ""
