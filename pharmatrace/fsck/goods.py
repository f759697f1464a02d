"""Products, batches, recalls and their answers as their statements make them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import cast

from apps.catalog.models import Batch, Product
from apps.core.bodies import (
    Body,
    ProductRegister,
    RecallAmend,
    RecallAnswer,
    RecallClose,
    RecallOpen,
)
from apps.core.leaf import product_tag
from apps.core.statement import Statement
from apps.core.subjects import Subject
from apps.edge.secrets import tag_key
from apps.ledger.queries import StoredStatement
from apps.recalls.models import Answer, Recall, RecallChange
from pharmatrace.fsck.erasures import Erased
from pharmatrace.fsck.finding import Finding
from pharmatrace.fsck.rows import Row, compare_rows


class Goods:
    """Fed with the statements in order of acceptance, it knows what they made.

    Whom a job told of a recall, and when, follows from no statement.
    """

    def __init__(self) -> None:
        self._products: dict[str, Row] = {}
        self._batches: dict[str, Row] = {}
        self._recalls: dict[str, Row] = {}
        self._changes: dict[str, Row] = {}
        self._answers: dict[str, Row] = {}
        self._kept: frozenset[str] = frozenset()

    def begin(self, erased: Erased) -> None:
        """Take the batches that a closing stands for."""
        self._kept = erased.kept
        for line in erased.closed.batches if erased.closed else ():
            self._batches[line["batch"]] = {
                "product__gtin": line["gtin"],
                "lot": line["lot"],
                "expiry_date": date.fromisoformat(line["expiry_date"]),
                "size": line["size"],
                "commissioned_by": line["commissioned_by"],
                "commissioned_ms": line["commissioned_ms"],
            }

    def grow(self, subject: Subject, row: StoredStatement) -> None:
        """Take a batch that a commissioning begins or adds to."""
        serials = subject.serials
        if serials is None or row.id in self._kept:
            return  # no commissioning, or one that the closing counts
        batch = self._batches.setdefault(
            subject.tag.hex(),
            {
                "product__gtin": serials.gtin,
                "lot": serials.lot,
                "expiry_date": serials.expiry_date,
                "size": 0,
                "commissioned_by": row.id,
                "commissioned_ms": row.accepted_ms,
            },
        )
        batch["size"] = cast("int", batch["size"]) + serials.size

    def learn(self, body: Body, statement: Statement, row: StoredStatement) -> None:
        """Take what a statement says of a product or a recall."""
        match body:
            case ProductRegister():
                self._products[body.gtin] = _product(body, row)
            case RecallOpen():
                self._recalls[row.id] = _recall(body, statement.by, row)
            case RecallAmend():
                self._change(body, statement, row)
                recall = self._recalls.get(body.recall, {})
                recall["scope"] = dict(body.scope_json)
            case RecallClose():
                self._change(body, statement, row)
                self._recalls.get(body.recall, {})["closed_ms"] = row.accepted_ms
            case RecallAnswer():
                self._answers[row.id] = _answer(body, statement, row)
            case _:
                pass

    def check(self) -> Iterator[Finding]:
        """Every row that differs from what was said."""
        for name, key, model, wanted in (
            ("product", "gtin", Product, self._products),
            ("batch", "tag", Batch, self._batches),
            ("recall", "id", Recall, self._recalls),
            ("change", "statement_id", RecallChange, self._changes),
            ("answer", "statement_id", Answer, self._answers),
        ):
            yield from compare_rows(name, key, model._default_manager.all(), wanted)

    def _change(
        self,
        body: RecallAmend | RecallClose,
        statement: Statement,
        row: StoredStatement,
    ) -> None:
        self._changes[row.id] = {
            "recall": body.recall,
            "kind": statement.kind,
            "by__gln": statement.by,
            "at_ms": row.accepted_ms,
            "reason": body.reason,
            "scope_before": self._recalls.get(body.recall, {}).get("scope"),
        }


def _product(body: ProductRegister, row: StoredStatement) -> Row:
    return {
        "name": body.name,
        "strength": body.strength,
        "form": body.form,
        "pack_size": body.pack_size,
        "brand_owner__gln": body.brand_owner,
        "tag": product_tag(tag_key(), gtin=body.gtin).hex(),
        "registered_by": row.id,
    }


def _recall(body: RecallOpen, by: str, row: StoredStatement) -> Row:
    return {
        "product__gtin": body.gtin,
        "opened_by__gln": by,
        "recall_class": body.recall_class,
        "reason": body.reason,
        "instructions": body.instructions,
        "depth": body.depth,
        "scope": dict(body.scope_json),
        "return_to": body.return_to,
        "reference": body.reference,
        "opened_ms": row.accepted_ms,
        "closed_ms": None,
    }


def _answer(body: RecallAnswer, statement: Statement, row: StoredStatement) -> Row:
    return {
        "recall": body.recall,
        "partner__gln": statement.by,
        "batch__tag": statement.subjects[0].tag.hex(),
        "answered_ms": row.accepted_ms,
        "count": sum(body.counts.values()),
        "counts": dict(body.counts),
        "note": body.note,
    }
