"""Several partners at the door at the same moment, each on a connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.conf import settings
from django.db import connection

from apps.core.errors import LedgerConflict, TraceError
from apps.exchange import operations as exchange
from apps.exchange import queries as drafts
from apps.ledger.operations import Accepted
from pharmatrace.demo.cast import Player
from pharmatrace.demo.signing import sign_statement
from tests.custody.goods import Goods, site

T = TypeVar("T")
Signed = tuple[bytes, bytes | None]


def signed(goods: Goods, player: Player, step: str, **wish: object) -> Signed:
    """A wish about goods, drafted and signed now, to be sent later."""
    return signed_wish(
        goods, player, {"kind": "event", "step": step, "site": site(player), **wish}
    )


def signed_wish(goods: Goods, player: Player, wish: dict[str, object]) -> Signed:
    stage = goods.stage
    draft = drafts.draft(wish=wish, actor=stage.actor(player), at=stage.tick())
    return sign_statement(draft.payload, stage.keyring.key_of(player)), draft.lines


def at_once(tasks: Sequence[Callable[[], T]]) -> list[T | TraceError]:
    """Run all at the same moment; refusals are answers, anything else is raised."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], T]) -> T | TraceError:
        try:
            connection.ensure_connection()
            barrier.wait(60)
            return task()
        except TraceError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [each.result(120) for each in [pool.submit(run, t) for t in tasks]]


def send(goods: Goods, said: Signed) -> Callable[[], Accepted]:
    at = goods.stage.tick()
    envelope, lines = said
    return lambda: exchange.submit(
        envelope=envelope, lines=lines, at=at, origin=settings.LEDGER_ORIGIN
    )


def race(goods: Goods, *said: Signed) -> list[Accepted | TraceError]:
    """What the door answers to statements that come at the same moment."""
    return at_once([send(goods, each) for each in said])


def winners(answers: Sequence[object]) -> list[int]:
    """Who was accepted; nobody else may have been turned away as a lost race."""
    for answer in answers:
        if isinstance(answer, LedgerConflict):
            assert answer.code != "lost_race"
    return [n for n, answer in enumerate(answers) if isinstance(answer, Accepted)]
