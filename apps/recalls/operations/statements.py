"""Recalls as signed: the scope blocks from the same transaction on, a job tells holders.

Each handler runs in the transaction that the statement door opened. Locks: signing
keys, parties, then the product and its batches, against every event on one of them.
"""

from __future__ import annotations

from apps.catalog.queries import get_product
from apps.core.bodies import RecallAmend, RecallClose, RecallOpen, read_body
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.statement import Statement, Subject
from apps.custody.operations.clock import verify_in_time
from apps.custody.operations.scopes import (
    change_scope,
    close_scope,
    lock_batches,
    open_scope,
)
from apps.jobs import operations as jobs
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.partners import operations as partners
from apps.partners.formats import Said
from apps.partners.queries import get_partner
from apps.recalls.models import Recall, RecallChange
from apps.recalls.queries.recalls import units_of
from apps.recalls.queries.rules import (
    amend_subjects,
    subjects_of,
    unknown_recall,
    verify_may_change,
    verify_may_recall,
)

FLAG_TASK = "recalls.flag_affected"


def open_recall(submission: Submission) -> Accepted:
    """Accept recall.open: its units are blocked when this transaction commits.

    1. Every signature verifies; `by` is the brand owner of the GTIN or a regulator.
    2. The scope is opened under the locks of the product and its batches.
    3. The subjects are the product and every existing batch in scope, no other.
    4. The recall, the job that tells the holders, and the statement are written.

    Raises:
        ForbiddenTransfer: `not_brand_owner`.
        LedgerConflict: `subjects_differ`: a lot was made since the draft.
        MalformedInput: `unknown_product`, or a body that cannot be read.
        UntrustedSignature: as `partners.operations.authenticate`.
    Source: DESIGN section 4, row recall.open.
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, RecallOpen):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    verify_parents(statement)
    # 1.
    partners.authenticate(submission=submission)
    partners.lock_partners(glns=[statement.by])
    product = get_product(body.gtin)
    verify_may_recall(product=product, by=statement.by)
    # 2.
    said = Said.by(submission)
    batches = open_scope(
        recall_id=said.statement_id,
        product_id=product.pk,
        opened_by=statement.by,
        return_to=body.return_to,
        scope=body.scope_json,
    )
    # 3.
    verify_subjects(statement, subjects_of(product, batches))
    # 4.
    Recall.objects.create(
        id=said.statement_id,
        product=product,
        opened_by=get_partner(statement.by),
        recall_class=body.recall_class,
        reason=body.reason,
        instructions=body.instructions,
        depth=body.depth,
        scope=dict(body.scope_json),
        return_to=body.return_to,
        reference=body.reference,
        opened_ms=said.accepted_ms,
    )
    _enqueue_flagging(said.statement_id, said)
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def amend_recall(submission: Submission) -> Accepted:
    """Accept recall.amend: another scope blocks from now on.

    The subjects are the product and the batches of the new scope and of the old one.

    Raises:
        ForbiddenTransfer: `not_recall_opener`.
        LedgerConflict: `recall_closed`, `subjects_differ`.
        MalformedInput: `unknown_recall`, or a body that cannot be read.
        UntrustedSignature: as `partners.operations.authenticate`.
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, RecallAmend):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    verify_parents(statement, body.recall)
    recall = _lock_own(submission, body.recall)
    verify_subjects(statement, amend_subjects(recall, body.scope))
    change_scope(recall_id=recall.pk, scope=body.scope_json)
    said = Said.by(submission)
    accepted_ms = max(said.accepted_ms, recall.opened_ms)
    verify_in_time(submission=submission, accepted_ms=accepted_ms)
    _write_change(recall, statement, body.reason, said, accepted_ms)
    Recall.objects.filter(pk=recall.pk).update(
        scope=dict(body.scope_json), flagged_at=None
    )
    _enqueue_flagging(recall.pk, said)
    return append_statement(submission=submission, accepted_ms=accepted_ms)


def close_recall(submission: Submission) -> Accepted:
    """Accept recall.close: it blocks nothing any more; other recalls do.

    Raises:
        As `amend_recall`.
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, RecallClose):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    verify_parents(statement, body.recall)
    recall = _lock_own(submission, body.recall)
    batches = [each.batch for each in units_of(recall)]
    verify_subjects(statement, subjects_of(recall.product, batches))
    close_scope(recall_id=recall.pk)
    said = Said.by(submission)
    accepted_ms = max(said.accepted_ms, recall.opened_ms)
    verify_in_time(submission=submission, accepted_ms=accepted_ms)
    _write_change(recall, statement, body.reason, said, accepted_ms)
    Recall.objects.filter(pk=recall.pk).update(closed_ms=accepted_ms)
    return append_statement(submission=submission, accepted_ms=accepted_ms)


def verify_subjects(statement: Statement, found: list[Subject]) -> None:
    """Check what was signed against what is true now, under lock.

    Raises:
        LedgerConflict: `subjects_differ`.
    """
    if list(statement.subjects) != found:
        raise LedgerConflict(
            "subjects_differ",
            field="subjects",
            got=f"{len(statement.subjects)} subjects as signed",
            wanted=f"{len(found)} subjects as of now: ask for a fresh draft",
        )


def verify_parents(statement: Statement, *wanted: str) -> None:
    """Check that the statement builds on `wanted` and on nothing else.

    Raises:
        MalformedInput: `wrong_parents`.
    """
    if [parent.text for parent in statement.parents] != list(wanted):
        raise MalformedInput(
            "wrong_parents",
            field="parents",
            got=f"{len(statement.parents)} parents",
            wanted="the recall.open alone" if wanted else "no parents",
        )


def find_recall(recall_id: str) -> Recall:
    """The recall with all that a handler reads of it.

    Raises:
        MalformedInput: `unknown_recall`.
    """
    rows = Recall.objects.select_related("product__brand_owner", "opened_by")
    recall = rows.filter(pk=recall_id).first()
    if recall is None:
        raise unknown_recall(recall_id)
    return recall


def _lock_own(submission: Submission, recall_id: str) -> Recall:
    """The recall, read when nobody else can change it or its batches."""
    statement = submission.statement
    partners.authenticate(submission=submission)
    partners.lock_partners(glns=[statement.by])
    lock_batches(product_id=find_recall(recall_id).product_id)
    recall = find_recall(recall_id)
    verify_may_change(recall=recall, by=statement.by, kind=statement.kind)
    return recall


def _write_change(
    recall: Recall, statement: Statement, reason: str, said: Said, accepted_ms: int
) -> None:
    RecallChange.objects.create(
        recall=recall,
        statement_id=said.statement_id,
        kind=statement.kind,
        by=get_partner(statement.by),
        at_ms=accepted_ms,
        reason=reason,
        scope_before=recall.scope,
    )


def _enqueue_flagging(recall_id: str, said: Said) -> None:
    jobs.enqueue(task=FLAG_TASK, kwargs={"recall_id": recall_id}, at=said.at)
