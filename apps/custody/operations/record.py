"""Record what a partner signed about goods: law, then projection, then the ledger.

    1. the signatures verify, under keys that are locked and in force;
    2. every event is resolved, locked, judged and projected, in file order;
    3. what was signed is what is moved: the subjects are computed again and compared;
    4. the statement is appended, as the last step.

All of it in the door's transaction: an exception leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Final

from pyroaring import BitMap

from apps.catalog import operations as catalog
from apps.core.bodies import Genesis
from apps.core.custody import State, fold, judge
from apps.core.envelope import statement_id
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.statement import Subject
from apps.core.subjects import Reference
from apps.custody.operations import changes_sql, vectors
from apps.custody.operations.changes import Changes
from apps.custody.operations.clock import verify_in_time
from apps.custody.operations.commission import record_commissioning
from apps.custody.operations.heard import (
    Heard,
    Window,
    begins_lot,
    foreign_refs,
    glns_of,
    row_of,
    windows,
)
from apps.custody.queries.ground import lock_and_read
from apps.custody.queries.lines import SaidLine, read_lines
from apps.custody.queries.load import explain_missing
from apps.custody.queries.names import Names
from apps.custody.queries.resolve import Named, build_event, verify_known
from apps.custody.queries.sums import Line
from apps.custody.queries.touching import Found, find_moments, find_touched
from apps.ledger import operations as ledger
from apps.ledger.operations import Accepted, Submission
from apps.partners import operations as partners

Located = Callable[[int], AbstractContextManager[None]]
# Lines that are read and written at once: a judgement looks at all their containers.
_AT_ONCE: Final = 200


def record_events(submission: Submission) -> Accepted:
    """Accept a statement of kind event or events.

    Raises:
        ForbiddenTransfer: the law refuses one event, so all of them.
        LedgerConflict: `subjects_differ`, `serials_not_staged`, or the ground moved.
        MalformedInput: an event that cannot be read.
        UntrustedSignature: a signature, or it is out of time at the law's moment.
    """
    return record_all([submission], located=lambda _: nullcontext())[0]


def record_all(
    submissions: Sequence[Submission], *, located: Located
) -> list[Accepted]:
    """Accept statements of kind event or events in their order, all or none.

    Args:
        located: lets an error say which of them it speaks of.

    Raises:
        TraceError: as `record_events`.
    """
    said = [Heard(number, each) for number, each in enumerate(submissions)]
    for each in said:
        with located(each.number):
            each.lines = read_lines(each.submission)
    genesis = partners.authenticate_all(
        submissions=submissions, glns=glns_of(said), located=located
    )
    last = _judge_all(said, genesis, located)
    for each in said:
        with located(each.number):
            _verify_subjects(each.submission.statement.subjects, each.subjects())
    prepared = ledger.prepare_statements(
        judged=[(each.submission, each.accepted_ms) for each in said], located=located
    )
    # What neighbours in the lot wait for comes last, when nothing is left to compute.
    if last is not None:
        vectors.rewrite(last)
    return ledger.append_statements(prepared)


def _judge_all(
    said: Sequence[Heard], genesis: Genesis, located: Located
) -> Changes | None:
    """Judge and project every line, many of one party at once.

    Returns:
        The last window's changes, of which the forward vectors are still to be written.
    """
    cut = list(windows(said, most=_AT_ONCE))
    refs = foreign_refs(said)
    found = None
    if len(cut) == 1 and not begins_lot(cut[0]):
        found = _find(cut[0], refs)
    accepted = dict(find_moments(refs) if found is None else found.accepted)
    for each in said:
        with located(each.number):
            _date(each, accepted)
    last: Changes | None = None
    for window in cut:
        if last is not None:
            vectors.rewrite(last)
        if begins_lot(window):
            ((each, line),) = window
            with located(each.number):
                last = record_commissioning(each, line, genesis)
        else:
            last = _record_window(window, found or _find(window, ()), genesis, located)
    return last


def _find(window: Window, refs: Collection[str]) -> Found:
    # A case may bear no serial of a pack: lots of its GTIN wait, as for each other.
    said = [line.said for _, line in window]
    opened = [each for each in said if each.biz_step == "commissioning"]
    for gtin in sorted({gtin for each in opened for gtin, _ in each.packs}):
        catalog.lock_product(gtin=gtin)
    names = Names.of(line for _, line in window)
    return find_touched(names, by=window[0][0].by, refs=refs)


def _date(each: Heard, accepted: dict[str, int]) -> None:
    """The law's clock: now, but never before a parent was accepted.

    Raises:
        MalformedInput: `unknown_parent`: the ledger has nothing of that name before.
    """
    own = {line.ref for line in each.lines}
    refs = sorted({ref for line in each.lines for ref in line.parents} - own)
    for ref in refs:
        if ref not in accepted:
            Reference.parse(ref, field="parents")
            raise MalformedInput(
                "unknown_parent",
                field="parents",
                got=ref,
                wanted="an earlier statement",
            )
    moments = (accepted[ref] for ref in refs)
    each.accepted_ms = max(each.submission.at_ms, *moments, 0)
    verify_in_time(submission=each.submission, accepted_ms=each.accepted_ms)
    names = {*own, statement_id(each.submission.envelope)}
    accepted.update(dict.fromkeys(names, each.accepted_ms))


def _record_window(
    window: Window, found: Found, genesis: Genesis, located: Located
) -> Changes:
    """Judge and write its lines, all but the forward vectors."""
    ground = lock_and_read(found, by=window[0][0].by, genesis=genesis)
    changes = Changes(ground)
    # Only who takes an event back may lean on it.
    plain = replace(ground.loaded.state, events={})
    for each, line in window:
        with located(each.number):
            state = ground.loaded.state if line.said.error else plain
            each.moved.append(_record_one(each, line, found, changes, state))
    changes_sql.write(changes)
    return changes


def _record_one(
    each: Heard,
    line: SaidLine,
    found: Found,
    changes: Changes,
    state: State[BitMap],
) -> Line:
    """Judge one line, by `state`, after those before it."""
    said, loaded, by = line.said, changes.ground.loaded, each.by
    verify_known(said, found.cases_of(said), loaded.state.containers)
    event = build_event(
        said,
        Named(found.loose_of(said), found.boxes_of(said)),
        loaded,
        ref=line.ref,
        by=by,
        parents=line.parents,
    )
    explain_missing(loaded, event.units)
    judgement = judge(state, event, each.accepted_ms)
    fold(loaded.state, event, judgement, each.accepted_ms)
    changes.note(row_of(each, line), judgement)
    return Line(line.event, line.signed_parents, event.units, by)


def _verify_subjects(signed: tuple[Subject, ...], found: tuple[Subject, ...]) -> None:
    if signed != found:
        raise LedgerConflict(
            "subjects_differ",
            field="subjects",
            got=f"{len(signed)} subjects as signed",
            wanted="what the event moves now: ask for a fresh draft",
        )
