"""Whatever stops the sequencer, and wherever: the next run goes on, consistently."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from apps.anchoring import operations
from apps.anchoring.models import Checkpoint
from apps.anchoring.operations import open_stores, verify_stores
from apps.ledger.models import Leaf, Pending, Statement
from tests.anchoring.outsider import read_entries, verify_public
from tests.ledger.sayings import AT, append, say, saying

pytestmark = pytest.mark.django_db(transaction=True)

LATER = AT + timedelta(seconds=5)


def begin(log) -> list[bytes]:
    """A log with one checkpoint, and statements that wait for the next."""
    append(saying(*(f"lot {number}" for number in range(250))))
    operations.sequence(at=AT)
    for number in range(6):
        say("lot 1", f"lot {number + 300}")
    return read_entries(log, 251)


def assert_resumed(log, before: list[bytes]) -> None:
    """The next runs publish everything, on top of what was published."""
    operations.sequence(at=LATER)
    operations.sequence(at=LATER)

    assert verify_public(log) == Leaf.objects.count() == 264
    assert read_entries(log, 264)[:251] == before
    assert Pending.objects.count() == 0
    assert Statement.objects.count() == 7


def steps(log) -> list[Callable[[], Any]]:
    """The durable steps of a run, to be called one by one."""
    stores = open_stores()
    memory: dict[str, Any] = {"locked": verify_stores(stores)}

    def head() -> Checkpoint:
        return Checkpoint.objects.latest("size")

    def sign() -> None:
        memory["signed"] = operations.sign_head(
            stores, locked=memory["locked"], head=head(), at=LATER
        )

    return [
        lambda: operations.integrate_pending(at=LATER, limit_leaves=100),
        lambda: operations.write_tiles(stores, old_size=251, new_size=264),
        lambda: operations.verify_head(stores, locked=memory["locked"], head=head()),
        sign,
        lambda: operations.record_note(memory["signed"], at=LATER),
        lambda: operations.publish_head(stores, memory["signed"]),
    ]


@pytest.mark.parametrize("done", range(7))
def test_a_run_that_stops_between_two_steps_is_resumed(log, done):
    before = begin(log)
    for step in steps(log)[:done]:
        step()
    committed = Checkpoint.objects.filter(size=264).first()

    assert_resumed(log, before)

    if committed is not None:
        head = Checkpoint.objects.latest("size")
        assert bytes(head.root_hash) == bytes(committed.root_hash)


@contextmanager
def failing_calls(
    patch: pytest.MonkeyPatch, number: int, *, persisted: bool
) -> Iterator[list[int]]:
    """Let the call `number` to the file system fail, before or after it was done."""
    seen = [0]

    def failing(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            seen[0] += 1
            if seen[0] != number:
                return call(*args, **kwargs)
            if persisted:
                call(*args, **kwargs)
            raise OSError(errno.EIO, "input/output error")

        return wrapped

    with patch.context() as inner:
        for name in ("fsync", "link", "replace"):
            inner.setattr(os, name, failing(getattr(os, name)))
        yield seen


@pytest.mark.slow
@pytest.mark.parametrize("persisted", [False, True])
@pytest.mark.parametrize("number", range(1, 40, 3))
def test_a_run_that_meets_a_bad_disk_is_resumed(log, monkeypatch, number, persisted):
    before = begin(log)
    with failing_calls(monkeypatch, number, persisted=persisted) as seen:
        try:
            operations.sequence(at=LATER)
        except OSError:
            assert seen[0] >= number
        else:
            assert seen[0] < number

    assert_resumed(log, before)


def test_a_bad_disk_under_the_lock_store_publishes_nothing(log, monkeypatch):
    before = begin(log)
    note = (log / "checkpoint").read_bytes()

    def refuse(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="no space"):
            operations.sequence(at=LATER)

    assert (log / "checkpoint").read_bytes() == note
    assert not list(log.rglob(".new-*"))
    assert_resumed(log, before)


@pytest.mark.parametrize("number", range(1, 30, 2))
def test_a_run_that_loses_the_database_is_resumed(log, number):
    before = begin(log)
    seen = [0]

    def lose(execute, sql, params, many, context):
        seen[0] += 1
        if seen[0] == number:
            raise OperationalError("server closed the connection")
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(lose):
            operations.sequence(at=LATER)
    except OperationalError:
        assert seen[0] == number

    assert_resumed(log, before)
