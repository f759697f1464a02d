"""Step 6: others vouch for when a published head existed; their receipts are leaves.

Nobody waits for them: statements are accepted, logged and published all the same. Which
service is due, and what a service has promised, stands in rows (`AnchorState`,
`AnchorPromise`), so a lost tick is made up by the next.

A round looks after promises, and asks the services that are due for a stamp over the
newest head. A promise is committed before anybody acts on it: whoever stops in between
leaves a row from which the next round goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from apps.anchoring import queries
from apps.anchoring.clients.anchors import (
    PatientService,
    Promise,
    Promised,
    Stamp,
    Withdrawn,
    open_anchor,
)
from apps.anchoring.operations.anchor_rows import Answer, Head, Said, record
from apps.anchoring.queries import AnchorStand
from apps.core.errors import IntegrityBreach, TraceError
from apps.core.note import Note
from apps.ledger import queries as ledger

# After a failure a service is asked again, each time after twice the pause.
RETRY: Final = timedelta(minutes=1)
MOST_RETRY: Final = timedelta(minutes=30)
_MOST_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Anchored:
    """What came of a round.

    Args:
        size: of the published head, 0 before the first.
        stamped: names of the services that gave a stamp, also one promised earlier.
        failed: why others did not, by name.
        promised: what the stamps that are on their way wait for, by name.
    """

    size: int
    stamped: tuple[str, ...] = ()
    failed: dict[str, TraceError] = field(default_factory=dict)
    promised: dict[str, str] = field(default_factory=dict)


_Wanted: TypeAlias = Callable[[AnchorStand], bool]


def anchor_due(*, at: datetime) -> Anchored:
    """Ask the services whose hour or whose next try has come.

    Raises:
        Unavailable: `quarantined`; `anchors_unusable`.
        IntegrityBreach: the published head is not the one that was signed.
    """
    return _anchor(
        at, lambda stand: _is_due(stand, at), lambda stand: _is_worth_a_look(stand, at)
    )


def anchor_now(*, at: datetime) -> Anchored:
    """Ask every service that has anything new to stamp, or has promised a stamp.

    Raises:
        Unavailable, IntegrityBreach: as `anchor_due`.
    """
    return _anchor(at, lambda stand: stand.waiting_ms is not None, lambda _: True)


def _anchor(at: datetime, is_due: _Wanted, is_worth_a_look: _Wanted) -> Anchored:
    ledger.require_no_quarantine()
    head = _newest_head()
    if head is None:
        return Anchored(0)
    fresh = [
        (stand, head)
        for stand in queries.list_anchor_stands()
        if stand.promise is None and is_due(stand)
    ]
    answers = _look(is_worth_a_look, at)
    answers += _ask_all(fresh, at)
    # A promise may want to be acted on as soon as it is stored.
    answers += _look(lambda stand: _is_worth_a_look(stand, at), at)
    return _sum_up(head.size, answers)


def _newest_head() -> Head | None:
    """The published head, which must be the one that was signed."""
    published = queries.newest_checkpoint()
    if published is None:
        return None
    text = queries.find_head_text(published.size)
    if text is None or text != Note.parse(published.note).text:
        raise IntegrityBreach("database_differs", field=f"checkpoint {published.size}")
    return Head(published.size, published.root_hash, text)


def _look(is_wanted: _Wanted, at: datetime) -> list[Answer]:
    """Ask what became of promises."""
    found = []
    for stand in queries.list_anchor_stands():
        promise = stand.promise
        if promise is not None and is_wanted(stand):
            text = queries.find_head_text(promise.tree_size) or ""
            head = Head(promise.tree_size, bytes(promise.root_hash), text)
            found.append((stand, head))
    return _ask_all(found, at)


def _ask_all(wanted: list[tuple[AnchorStand, Head]], at: datetime) -> list[Answer]:
    if not wanted:
        return []
    with ThreadPoolExecutor(min(len(wanted), _MOST_AT_ONCE)) as pool:
        answers = list(pool.map(lambda each: _ask(each[0], each[1], at), wanted))
    for answer in answers:
        record(answer, at=at)
    return answers


def _ask(stand: AnchorStand, head: Head, at: datetime) -> Answer:
    try:
        return Answer(stand, head, _said(stand, head.text.encode(), at))
    except TraceError as error:
        return Answer(stand, head, error)


def _said(stand: AnchorStand, data: bytes, at: datetime) -> Stamp | Promise | Withdrawn:
    service, promise = open_anchor(stand.options), stand.promise
    if promise is None:
        return service.stamp(data, at=at)
    if not isinstance(service, PatientService):
        raise TypeError(f"{stand.options.kind} promised and cannot resume")
    if not data:
        raise IntegrityBreach("unknown_head", got=promise.tree_size)
    promised = Promised(bytes(promise.state), promise.begun_at)
    return service.resume(promised, data, at=at)


def _is_due(stand: AnchorStand, at: datetime) -> bool:
    if stand.waiting_ms is None:
        return False
    state = stand.state
    if state is None:
        return True
    if state.failures:
        return _is_pause_over(stand, at)
    every = stand.options.periods.every
    return state.stamped_at is None or at - state.stamped_at >= every


def _is_worth_a_look(stand: AnchorStand, at: datetime) -> bool:
    is_time = stand.promise is not None and stand.promise.look_at <= at
    return is_time and _is_pause_over(stand, at)


def _is_pause_over(stand: AnchorStand, at: datetime) -> bool:
    state = stand.state
    if state is None or not state.failures:
        return True
    # 32 minutes are above the longest pause already.
    pause = min(RETRY * (1 << min(state.failures - 1, 5)), MOST_RETRY)
    return at - state.asked_at >= pause


def _sum_up(size: int, answers: Iterable[Answer]) -> Anchored:
    """The last answer of each service, and every stamp."""
    last = {answer.stand.options.name: answer.said for answer in answers}
    failed = {name: _fault_of(said) for name, said in last.items()}
    return Anchored(
        size,
        tuple(name for name, said in last.items() if isinstance(said, Stamp)),
        {name: fault for name, fault in failed.items() if fault is not None},
        {name: said.note for name, said in last.items() if isinstance(said, Promise)},
    )


def _fault_of(said: Said) -> TraceError | None:
    if isinstance(said, Withdrawn):
        return said.fault
    return said if isinstance(said, TraceError) else None
