"""Mallory sends another file of events than the one that was signed."""

from dataclasses import replace

import pytest

from apps.core.canonical import canonical_bytes
from apps.core.epcis import build, event_json
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.custody.queries.sums import FileSums, Line
from apps.ledger.formats import new_statement
from apps.ledger.models import Statement
from apps.partners import queries as partners
from pharmatrace.demo.cast import NOVAMED, Player
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, serials
from tests.custody.mallory import occasion, things, units_of, verify_whole


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=40)
    return told


def refused(code: str, kind: type[Exception] = ForbiddenTransfer):
    return pytest.raises(kind, check=lambda error: error.code == code)


def _file(goods: Goods, player: Player, *lines: Line, count: int | None = None):
    sums = FileSums()
    for line in lines:
        sums.add(line)
    stage = goods.stage
    payload = new_statement(
        kind="events",
        by=player.gln,
        signer=player.admin.signer,
        meaning="as Mallory says",
        subjects=sums.subjects(),
        parents=[],
        body={"count": len(lines) if count is None else count},
        at=stage.tick(),
        ledger=partners.get_genesis().origin,
    )
    return sign_statement(payload, stage.keyring.key_of(player))


def _bytes(*lines: Line) -> bytes:
    return b"".join(
        canonical_bytes(
            {"event": dict(line.event), "parents": [p.text for p in line.parents]}
        )
        + b"\n"
        for line in lines
    )


def _line(goods: Goods, *names: str, ahead_ms: int = 0) -> Line:
    now = occasion(goods.stage, NOVAMED)
    now = replace(now, event_time_ms=now.event_time_ms + ahead_ms)
    event = build.sample(now, units=things(*names))
    return Line(event_json(event), [], units_of(goods, *names), NOVAMED.gln)


def test_a_line_of_a_file_does_not_lie_in_the_future(goods: Goods) -> None:
    line = _line(goods, "S000000", ahead_ms=86_400_000)

    with refused("event_mismatch", MalformedInput):
        goods.stage.send(_file(goods, NOVAMED, line), _bytes(line))


def test_a_file_is_exactly_the_lines_that_were_signed(goods: Goods) -> None:
    one, two, three = (_line(goods, name) for name in serials(3))
    before = Statement.objects.count()
    signed = _file(goods, NOVAMED, one, two)
    tries = {
        "swapped": _bytes(two, one),
        "doubled": _bytes(one, one),
        "other": _bytes(one, three),
    }

    for what, lines in tries.items():
        with pytest.raises((LedgerConflict, ForbiddenTransfer)) as error:
            goods.stage.send(signed, lines)
        assert error.value.code in {"subjects_differ", "serial_ended"}, what
    for lines in (_bytes(one), _bytes(one, two, three)):
        with refused("body_mismatch", MalformedInput):
            goods.stage.send(signed, lines)
    for lines in (b"", b"\n", _bytes(one, two)[:-1], _bytes(one, two) + b"\n"):
        with pytest.raises(MalformedInput):
            goods.stage.send(signed, lines)
    with refused("body_mismatch", MalformedInput):
        goods.stage.send(_file(goods, NOVAMED, one, two, count=3), _bytes(one, two))

    assert Statement.objects.count() == before
    assert goods.stage.send(signed, _bytes(one, two)).is_new
    verify_whole(goods)
