"""While a part is out: nothing is answered from what is left, all else goes on."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from apps.core.errors import Unavailable
from apps.custody import operations, queries
from apps.custody.models import ForwardChunk
from apps.custody.operations import detaching, partitions
from apps.custody.queries import places
from apps.custody.queries.moves import held_by_each, moves_of
from apps.custody.queries.parties import addressed_to, parties_of
from apps.custody.queries.sight import find_sight
from apps.edge.problems import find_problem
from apps.edge.races import is_lost_race
from pharmatrace.demo.stage import Stage
from tests.cast import AMOXIL, NOVAMED, STELLA
from tests.custody.goods import Goods, packs, serials

GTIN = AMOXIL.gtin
pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("settled")]


@pytest.fixture
def detached(stage: Stage, take_out) -> Goods:
    """The lot that there is lies in a part that is out."""
    goods = Goods(stage)
    goods.commission(lot="A1", count=40)
    goods.deliver(packs(serials(10)))
    take_out()
    return goods


def test_packs_of_a_part_that_is_out_are_not_called_unknown(detached, client):
    with pytest.raises(Unavailable, match="part detached"):
        queries.find_unit(gtin=GTIN, serial="S000003")
    assert queries.find_unit(gtin=GTIN, serial="NEVER") is None

    answered = client.get(f"/01/{GTIN}/21/S000003", HTTP_ACCEPT="application/json")

    assert answered.status_code == 503
    assert (answered.json()["code"], answered["Retry-After"]) == (
        "part_detached",
        "300",
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda lot: moves_of(batch_id=lot),
        lambda lot: held_by_each(batch_id=lot),
        lambda lot: queries.ever_held(batch_id=lot, gln=STELLA.gln),
        lambda lot: parties_of(batch_ids=[lot]),
        lambda lot: addressed_to(batch_ids=[lot], gln=STELLA.gln),
    ],
)
def test_what_became_of_them_is_not_answered_from_what_is_left(detached, take_out, ask):
    lot = detached.batch("A1").pk
    with pytest.raises(Unavailable, match="part detached"):
        ask(lot)

    detaching.attach(1)
    assert ask(lot)


@pytest.mark.parametrize("reader", [NOVAMED, STELLA])
def test_a_page_of_the_lot_says_so_instead_of_showing_no_history(detached, reader):
    def steps():
        sight = find_sight(actor=detached.stage.actor(reader), gtin=GTIN, lot="A1")
        return places.batch_steps(sight=sight, gln=reader.gln, number=None, size=20)[0]

    with pytest.raises(Unavailable, match="part detached"):
        steps()

    detaching.attach(1)
    assert steps()


def test_what_moves_them_is_no_lost_race_and_other_lots_are_traded(detached):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ForwardChunk.objects.create(
            batch=detached.batch("A1"), chunk_no=0, holdings=b"", containers=b""
        )

    assert not is_lost_race(refused.value)
    problem = find_problem(refused.value)
    assert problem is not None
    assert (problem.status, problem.code) == (503, "part_detached")
    detached.commission(lot="B2", names=["NEW1"])
    assert queries.find_unit(gtin=GTIN, serial="NEW1") is not None


def test_while_a_part_is_out_the_next_is_cut_and_nothing_is_rebuilt(detached):
    detached.commission(lot="B2", names=["NEW1"])

    with pytest.raises(CommandError, match=r"part detached.*custody_eventline_1"):
        call_command("rebuild")
    end = partitions.cut()

    said = StringIO()
    call_command("partition", stdout=said)
    assert [line.split("  ")[0] for line in said.getvalue().splitlines()[:3]] == [
        f"custody_eventline_{number}" for number in (1, 2, 3)
    ]
    assert said.getvalue().splitlines()[0].endswith("bytes, DETACHED")
    detaching.attach(1)
    assert (
        partitions.list_partitions("custody_eventline")[-1].bounds
        == f"FOR VALUES FROM ('{end}') TO (MAXVALUE)"
    )
    assert list(operations.replay_check()) == []
