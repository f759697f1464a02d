"""Mallory sends another file of events than the one that was signed."""

from dataclasses import replace

import pytest

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.epcis import build, event_json
from apps.core.errors import (
    ForbiddenTransfer,
    MalformedInput,
    TraceError,
)
from apps.custody import operations
from apps.custody.queries.sums import FileSums, Line
from apps.ledger.formats import new_statement
from apps.ledger.models import Statement, Vault
from apps.partners import queries as partners
from pharmatrace.demo.cast import NOVAMED, Player
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, serials
from tests.custody.mallory import occasion, things, units_of, verify_whole
from tests.fsck.forging import past_triggers, rewrite


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=40)
    return told


def refused(code: str, kind: type[Exception] = ForbiddenTransfer):
    return pytest.raises(kind, check=lambda error: error.code == code)


def _file(goods: Goods, player: Player, *lines: Line, said: bytes = b""):
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
        body=EventsFile.of(said or _bytes(*lines)).to_json(),
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
        "cut": _bytes(one),
        "longer": _bytes(one, two, three),
    }

    for lines in tries.values():
        with refused("body_mismatch", MalformedInput):
            goods.stage.send(signed, lines)
    for lines in (b"", b"\n", _bytes(one, two)[:-1], _bytes(one, two) + b"\n"):
        with pytest.raises(MalformedInput):
            goods.stage.send(signed, lines)
    for what, lines in tries.items():
        # The digest is that of the file, the roots are those of another one.
        forged = _file(goods, NOVAMED, one, two, said=lines)
        with pytest.raises(TraceError) as error:
            goods.stage.send(forged, lines)
        wanted = {"subjects_differ", "serial_ended"}
        assert error.value.code in ({"body_mismatch"} if what == "cut" else wanted)

    assert Statement.objects.count() == before
    assert goods.stage.send(signed, _bytes(one, two)).is_new
    verify_whole(goods)


def test_a_file_that_was_changed_after_it_was_signed_is_found(goods: Goods) -> None:
    """The payload names the file by its digest; the replay derives it again."""
    line = _line(goods, "S000000")
    accepted = goods.stage.send(_file(goods, NOVAMED, line), _bytes(line))
    assert list(operations.replay_check()) == []
    vault = Vault.objects.get(statement_id=accepted.statement_id)
    changed = bytes(vault.lines).replace(b"S000000", b"S000001")

    rewrite(vault, lines=changed)

    found = list(operations.replay_check())
    assert found[-1].startswith("replay stopped: body.digest: body mismatch")


def test_a_lost_vault_stops_the_replay_with_its_name(goods: Goods) -> None:
    row = Statement.objects.latest("accept_no")
    past_triggers(lambda: Vault.objects.filter(pk=row.pk).delete(), "ledger_vault")

    found = list(operations.replay_check())

    assert found == [f"replay stopped: {row.id}: vault missing"]
