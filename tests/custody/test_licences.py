"""Licences that lapse, are suspended and return, beside goods that move.

A licence counts from the statement that says it to the one that replaces it, in the
order of the log, and inside its own window by the law's clock.
"""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core.encoding import format_time_ms
from apps.core.errors import ForbiddenTransfer, TraceError
from apps.exchange import queries as drafts
from apps.ledger.formats import as_ms
from apps.ledger.models import Statement
from apps.ledger.operations import Accepted
from pharmatrace.demo.cast import (
    EVERYBODY,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    TRANSPHARM,
)
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from pharmatrace.fsck import check_statements
from tests.cast import START
from tests.custody.goods import Goods, pack, serials, site
from tests.custody.mallory import verify_whole
from tests.custody.racing import Signed, race, signed

SECONDS = 4.0
TO = {"to": {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}}


def moment(at: datetime) -> str:
    return format_time_ms(as_ms(at))


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=400)
    return told


def refused(code: str) -> Any:
    return pytest.raises(ForbiddenTransfer, check=lambda error: error.code == code)


def test_a_licence_lapses_at_its_end_to_the_millisecond(goods: Goods) -> None:
    stage = goods.stage
    end = stage.at + timedelta(minutes=5)
    stage.license(TRANSPHARM, to=moment(end))
    said = [signed(goods, NOVAMED, "ship", items=[pack(n)], **TO) for n in serials(2)]

    stage.at = end - timedelta(milliseconds=6)
    stage.send(*said[0])  # a tick later: the last millisecond
    assert as_ms(stage.at) == as_ms(end) - 1
    with refused("addressee_not_licensed"):
        stage.send(*said[1])

    assert as_ms(stage.at) > as_ms(end)
    stage.license(TRANSPHARM)  # and it returns by a new statement
    stage.send(*said[1])
    verify_whole(goods)
    assert list(check_statements(at=START)) == []


def test_a_licence_begins_at_its_moment(goods: Goods) -> None:
    stage = goods.stage
    begin = stage.at + timedelta(minutes=5)
    stage.license(TRANSPHARM, **{"from": moment(begin)})

    with refused("addressee_not_licensed"):
        goods.ship([pack("S000000")])
    stage.at = begin
    goods.ship([pack("S000000")])
    verify_whole(goods)


def test_a_suspended_licence_returns_whole(goods: Goods) -> None:
    goods.ship([pack("S000000")])
    goods.stage.license(TRANSPHARM, suspended=True)
    with refused("addressee_not_licensed"):
        goods.ship([pack("S000001")])

    goods.stage.license(TRANSPHARM)

    goods.ship([pack("S000001")])
    verify_whole(goods)


def test_a_suspended_maker_makes_nothing_and_a_suspended_pharmacy_supplies_nothing(
    goods: Goods,
) -> None:
    stage = goods.stage
    goods.deliver([pack("S000000")])
    for player, act, code in (
        (
            "novamed",
            lambda: goods.commission(lot="B2", names=["B-1"]),
            "not_licensed_to_make",
        ),
        (
            "stella",
            lambda: goods.do(_player("stella"), "dispense", items=[pack("S000000")]),
            "not_licensed_to_supply",
        ),
    ):
        stage.license(_player(player), suspended=True)
        with refused(code):
            act()
        stage.license(_player(player))
        act()
    assert list(check_statements(at=START)) == []


def _player(slug: str) -> Any:
    return next(player for player in EVERYBODY if player.slug == slug)


def _licence(goods: Goods, **changes: Any) -> Signed:
    stage = goods.stage
    wish = {
        "kind": "party.licence",
        "gln": TRANSPHARM.gln,
        "role": TRANSPHARM.role,
        "gs1_prefixes": list(TRANSPHARM.prefixes),
        "scope": ["*"],
        "from": "2020-01-01",
        **changes,
    }
    draft = drafts.draft(wish=wish, actor=stage.actor(REGULATOR), at=stage.tick())
    offices = [stage.keyring.key_of(office) for office in (OPERATOR, REGULATOR)]
    return sign_statement(draft.payload, *offices), None


def place(answer: Accepted | TraceError) -> int:
    assert isinstance(answer, Accepted), answer
    return Statement.objects.get(pk=answer.statement_id).accept_no


@pytest.mark.django_db(transaction=True)
def test_no_despatch_stands_where_the_addressee_has_no_licence(stage: Stage) -> None:
    """Suspended and returned while goods leave: the log's order decides each one."""
    goods = Goods(stage)
    goods.commission(count=400)
    names = iter(serials(400))
    end = time.monotonic() + SECONDS
    for number in range(10):
        if number >= 3 and time.monotonic() > end:
            break
        leaving = [
            signed(goods, NOVAMED, "ship", items=[pack(next(names))], **TO)
            for _ in range(6)
        ]
        change = _licence(goods, suspended=True)
        answers = race(goods, *leaving[:3], change, *leaving[3:])
        suspended = place(answers.pop(3))
        _assert_around(answers, before=suspended)

        again = [said for said, a in zip(leaving, answers, strict=True) if not
                 isinstance(a, Accepted)]  # fmt: skip
        answers = race(goods, *again, _licence(goods))
        returned = place(answers.pop())
        _assert_around(answers, after=returned)

    verify_whole(goods)
    assert list(check_statements(at=START)) == []


def _assert_around(
    answers: list[Accepted | TraceError], *, before: int = 1 << 62, after: int = -1
) -> None:
    for answer in answers:
        if isinstance(answer, TraceError):
            assert answer.code == "addressee_not_licensed"
        else:
            assert after < place(answer) < before
