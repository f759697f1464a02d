"""Record what a partner signed about goods: law, then projection, then the ledger.

    1. the signatures verify, under keys that are locked and in force;
    2. every event is resolved, locked, judged and projected, in file order;
    3. what was signed is what is moved: the subjects are computed again and compared;
    4. the statement is appended, as the last step.

All of it in the door's transaction: an exception leaves no trace.
"""

from __future__ import annotations

from apps.catalog import operations as catalog
from apps.core.custody import Judgement, judge
from apps.core.envelope import statement_id
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.statement import Subject
from apps.core.subjects import Reference
from apps.custody.models import Staging
from apps.custody.operations import commission, despatches
from apps.custody.operations.clock import verify_in_time
from apps.custody.operations.project import Row, project
from apps.custody.queries.earlier import accepted_at
from apps.custody.queries.lines import SaidLine, read_lines
from apps.custody.queries.load import explain_missing, load
from apps.custody.queries.resolve import build_event, find_named, touched_by
from apps.custody.queries.sums import FileSums, Line, subjects_of_event
from apps.ledger import operations as ledger
from apps.ledger import queries as ledger_queries
from apps.ledger.operations import Accepted, Submission
from apps.partners import operations as partners


def record_events(submission: Submission) -> Accepted:
    """Accept a statement of kind event or events.

    Raises:
        ForbiddenTransfer: the law refuses one event, so all of them.
        LedgerConflict: `subjects_differ`, `serials_not_staged`, or the ground moved.
        MalformedInput: an event that cannot be read.
        UntrustedSignature: a signature, or it is out of time at the law's moment.
    """
    statement = submission.statement
    lines = read_lines(submission)
    glns = {statement.by, *(line.said.destination for line in lines)} - {""}
    partners.authenticate(submission=submission)
    partners.lock_partners(glns=glns)
    accepted_ms = _accepted_ms(submission, lines)
    verify_in_time(submission=submission, accepted_ms=accepted_ms)
    sums = FileSums()
    subjects: tuple[Subject, ...] = ()
    for line in lines:
        summed = _record_one(submission, line, accepted_ms)
        if statement.kind == "events":
            sums.add(summed)
        else:
            subjects = subjects_of_event(summed)
    _verify_subjects(statement.subjects, subjects or sums.subjects())
    return ledger.append_statement(submission=submission, accepted_ms=accepted_ms)


def _accepted_ms(submission: Submission, lines: list[SaidLine]) -> int:
    """The law's clock: now, but never before a parent was accepted.

    Raises:
        MalformedInput: `unknown_parent`: the ledger has nothing of that name before.
    """
    own = {line.ref for line in lines}
    refs = {parent for line in lines for parent in line.parents} - own
    known = accepted_at(refs)
    for ref in sorted(refs - known.keys()):
        known[ref] = _accepted_whole(ref)
    return max(submission.at_ms, *known.values(), 0)


def _accepted_whole(ref: str) -> int:
    """When a statement that is no event, such as a recall, was accepted."""
    reference = Reference.parse(ref, field="parents")
    found = ledger_queries.find_accepted_ms(reference)
    if found is None or reference.line is not None:
        raise MalformedInput(
            "unknown_parent", field="parents", got=ref, wanted="an earlier statement"
        )
    return found


def _verify_subjects(signed: tuple[Subject, ...], found: tuple[Subject, ...]) -> None:
    if signed != found:
        raise LedgerConflict(
            "subjects_differ",
            field="subjects",
            got=f"{len(signed)} subjects as signed",
            wanted="what the event moves now: ask for a fresh draft",
        )


def _record_one(submission: Submission, line: SaidLine, accepted_ms: int) -> Line:
    if line.said.lot is not None:
        return _record_commissioning(submission, line, accepted_ms)
    if line.said.biz_step == "commissioning":
        # A case may bear no serial of a pack: lots of its GTIN wait, as for each other.
        for gtin in sorted({gtin for gtin, _ in line.said.packs}):
            catalog.lock_product(gtin=gtin)
    named = find_named(line.said)
    by = submission.statement.by
    loaded = load(
        touched_by(line.said, named, by=by, parents=line.parents, is_locking=True)
    )
    event = build_event(
        line.said, named, loaded, ref=line.ref, by=by, parents=line.parents
    )
    explain_missing(loaded, event.units)
    judgement = judge(loaded.state, event, accepted_ms)
    project(
        row=_row(submission, line, accepted_ms),
        judgement=judgement,
        batch_ids=loaded.batch_ids,
    )
    if judgement.rule.startswith("receiving"):
        despatches.note_shortages(ref=judgement.shipment, receipt_ref=line.ref)
    return Line(line.event, line.signed_parents, event.units, by)


def _record_commissioning(
    submission: Submission, line: SaidLine, accepted_ms: int
) -> Line:
    statement = submission.statement
    if statement.kind != "event" or len(statement.subjects) != 1:
        raise MalformedInput(
            "commission_alone",
            field="kind",
            got=statement.kind,
            wanted="one commissioning a statement, of kind event",
        )
    (subject,) = statement.subjects
    staging = commission.find_staging(subject)
    _verify_announced(line, staging)
    loaded, event = commission.load_for(staging, line, by=statement.by)
    judgement = judge(loaded.state, event, accepted_ms)
    row = project(
        row=_row(submission, line, accepted_ms),
        judgement=Judgement(judgement.rule, ()),
        batch_ids=loaded.batch_ids,
    )
    commission.commission(staging=staging, event=row, judgement=judgement)
    return Line(
        line.event, line.signed_parents, event.units, statement.by, subject.serials
    )


def _verify_announced(line: SaidLine, staging: Staging) -> None:
    lot = line.said.lot
    found = (staging.product.gtin, staging.lot, staging.size, staging.expiry_date)
    if lot is None or (lot.gtin, lot.lot, lot.quantity, lot.expiry_date) != found:
        raise LedgerConflict(
            "event_differs",
            field="body",
            got=str(lot),
            wanted="GTIN, lot, quantity and expiry date of the staged serials",
        )


def _row(submission: Submission, line: SaidLine, accepted_ms: int) -> Row:
    said = line.said
    return Row(
        ref=line.ref,
        statement_id=statement_id(submission.envelope),
        by=submission.statement.by,
        site=said.site,
        biz_step=said.biz_step,
        disposition=said.disposition,
        action=said.action,
        counterparty=said.destination,
        accepted_ms=accepted_ms,
        event_time_ms=said.event_time_ms,
        parent_ref=line.parents[0] if line.parents else "",
        is_inferred=said.is_inferred,
        containers=(*said.sscc, *([said.parent] if said.parent else [])),
        documents=said.documents,
    )
