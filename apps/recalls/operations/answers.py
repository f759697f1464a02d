"""What holders say became of recalled units."""

from __future__ import annotations

from django.db import connection

from apps.catalog.models import Batch
from apps.core.bodies import RecallAnswer, read_body
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.statement import Subject
from apps.custody.operations.clock import verify_in_time
from apps.custody.queries.sums import moved
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.partners import operations as partners
from apps.partners.formats import Said
from apps.partners.queries import get_partner
from apps.recalls.models import Answer, Notice, Recall
from apps.recalls.operations.statements import find_recall, verify_parents
from apps.recalls.queries.recalls import answerable, concerns, units_of
from apps.recalls.queries.rules import unknown_recall, verify_open


def answer_recall(submission: Submission) -> Accepted:
    """Accept recall.answer about one lot; no custody changes.

    1. Every signature verifies; the party holds or held recalled units.
    2. The one subject is the chain of a batch in scope.
    3. Its set is every recalled unit of that batch that the party holds or held.
    4. The answer and the statement are written; an earlier answer stays as history.

    Raises:
        ForbiddenTransfer: `never_held`: more units than the party ever held.
        LedgerConflict: `recall_closed`; `subjects_differ`: the goods moved.
        MalformedInput: `unknown_recall` (foreign or missing), `wrong_subjects`, or a
            body that cannot be read.
        UntrustedSignature: as `partners.operations.authenticate`.
    Source: DESIGN section 4, row recall.answer.
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, RecallAnswer):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    verify_parents(statement, body.recall)
    # 1.
    partners.authenticate(submission=submission)
    partners.lock_partners(glns=[statement.by])
    recall = find_recall(body.recall)
    if not concerns(recall=recall, gln=statement.by):
        raise unknown_recall(body.recall)
    # 2.
    batch = _lock_batch(recall, statement.subjects)
    recall = find_recall(body.recall)
    verify_open(recall)
    # 3.
    _verify_units(recall, batch, statement.by, statement.subjects[0])
    # 4.
    said = Said.by(submission)
    accepted_ms = max(said.accepted_ms, recall.opened_ms)
    verify_in_time(submission=submission, accepted_ms=accepted_ms)
    partner = get_partner(statement.by)
    Answer.objects.create(
        recall=recall,
        partner=partner,
        batch=batch,
        statement_id=said.statement_id,
        answered_ms=accepted_ms,
        count=sum(body.counts.values()),
        counts=dict(body.counts),
        note=body.note,
    )
    Notice.objects.filter(
        recall=recall, partner=partner, batch=batch, read_at=None
    ).update(read_at=said.at)
    return append_statement(submission=submission, accepted_ms=accepted_ms)


def _lock_batch(recall: Recall, subjects: tuple[Subject, ...]) -> Batch:
    """The answered batch, held against everything that moves its units."""
    tags = {bytes(each.batch.tag): each.batch for each in units_of(recall)}
    if len(subjects) != 1 or subjects[0].tag not in tags:
        raise MalformedInput(
            "wrong_subjects",
            field="subjects",
            got=f"{len(subjects)} subjects",
            wanted="one subject, of a batch in the recall's scope",
        )
    batch = tags[subjects[0].tag]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM catalog_batch WHERE id = %s FOR UPDATE", [batch.pk]
            )
    return batch


def _verify_units(recall: Recall, batch: Batch, by: str, subject: Subject) -> None:
    units = answerable(recall=recall, batch=batch, gln=by)
    signed = subject.moved
    if signed is None or signed.n > len(units):
        raise ForbiddenTransfer(
            "never_held",
            rule="recall.answer",
            field="subjects",
            got=f"{signed.n if signed else 0} units",
            wanted=f"at most the {len(units)} recalled units that you hold or held",
        )
    if signed != moved(units):
        raise LedgerConflict(
            "subjects_differ",
            field="subjects",
            got=f"{signed.n} units as signed",
            wanted=f"the {len(units)} recalled units of the lot that you hold or held",
        )
