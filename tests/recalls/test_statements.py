"""Recalls as signed: who may, what is blocked, and from when on."""

import pytest

from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.subjects import Reference, Subject
from apps.custody.queries import find_unit
from apps.jobs.models import Outbox
from apps.ledger.models import Statement
from apps.recalls.models import Notice, Recall, RecallChange
from apps.recalls.queries import draft_open
from pharmatrace.demo.cast import (
    AMOXIL,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)
from tests.recalls.calls import (
    Goods,
    close,
    forge,
    open_recall,
    packs,
    resigned,
    serials,
    spread,
    wish,
)


def is_recalled(serial: str) -> bool:
    unit = find_unit(gtin=AMOXIL.gtin, serial=serial)
    assert unit is not None
    return unit.is_recalled


def test_a_signed_recall_blocks_the_next_scan_before_any_job_ran(stage):
    goods = spread(stage)

    recall = open_recall(stage)

    assert is_recalled("S000000")
    assert is_recalled("S000099")
    assert Notice.objects.count() == 0
    with pytest.raises(ForbiddenTransfer) as refused:
        goods.do(STELLA, "dispense", items=packs(["S000005"]))
    assert refused.value.code == "recalled"
    waiting = Outbox.objects.get(task="recalls.flag_affected")
    assert waiting.kwargs == {"recall_id": recall.pk}


def test_a_recall_stands_in_the_chains_of_the_product_and_of_its_lots(stage):
    goods = spread(stage)
    goods.commission("B2", names=serials(5, start=500))
    goods.commission("C3", names=serials(5, start=600))

    accepted = stage.act(NOVAMED, wish("A1", "C3"))

    product = goods.batch().product
    tags = [product.tag, goods.batch("A1").tag, goods.batch("C3").tag]
    assert accepted.tags == tuple(sorted(bytes(tag).hex() for tag in tags))


def test_a_regulator_recalls_what_is_not_its_own(stage):
    spread(stage)

    recall = open_recall(stage, by=REGULATOR)

    assert recall.opened_by.gln == REGULATOR.gln
    assert is_recalled("S000000")


@pytest.mark.parametrize("stranger", [TRANSPHARM, STELLA], ids=["carries", "dispenses"])
def test_a_stranger_to_the_product_cannot_recall_it(stage, stranger):
    spread(stage)
    before = Statement.objects.count()
    own = stage.actor(NOVAMED)
    drafted = draft_open(wish=wish("A1"), actor=own, at=stage.tick())

    with pytest.raises(ForbiddenTransfer) as refused:
        forge(stage, stranger, drafted.payload)

    assert refused.value.code == "not_brand_owner"
    assert Statement.objects.count() == before
    assert not Recall.objects.exists()
    assert not is_recalled("S000000")


def test_a_lot_made_since_the_draft_makes_the_signature_worthless(stage):
    goods = spread(stage)
    drafted = draft_open(
        wish=wish(scope={"expiry_to": "2030-01-01"}),
        actor=stage.actor(NOVAMED),
        at=stage.tick(),
    )
    goods.commission("B2", names=serials(5, start=500))

    with pytest.raises(LedgerConflict) as refused:
        stage.submit(drafted, stage.keyring.key_of(NOVAMED))

    assert refused.value.code == "subjects_differ"
    assert not is_recalled("S000000")


def test_a_lot_left_out_of_the_subjects_is_noticed(stage):
    goods = spread(stage)
    product = Subject(bytes(goods.batch().product.tag))

    with pytest.raises(LedgerConflict) as refused:
        resigned(stage, NOVAMED, wish("A1"), subjects=[product])

    assert refused.value.code == "subjects_differ"
    assert not Recall.objects.exists()


def test_a_recall_builds_on_nothing(stage):
    goods = spread(stage)
    sale = Reference(goods.ship(packs(["S000050"])))

    with pytest.raises(MalformedInput) as refused:
        resigned(stage, NOVAMED, wish("A1"), parents=[sale])

    assert refused.value.code == "wrong_parents"


def test_a_lot_made_later_in_an_open_scope_is_born_recalled(stage):
    goods = Goods(stage)
    recall = open_recall(stage, "Z9")

    goods.commission("Z9", names=serials(3))

    unit = find_unit(gtin=AMOXIL.gtin, serial="S000002")
    assert unit is not None
    assert unit.recall_ids == (recall.pk,)


def test_a_recall_of_serials_blocks_these_and_no_others(stage):
    goods = spread(stage)

    open_recall(
        stage,
        scope={"serials": ["S000003"], "ranges": ["S000010 S000012"]},
    )

    blocked = {name for name in serials(100) if is_recalled(name)}
    assert blocked == {"S000003", "S000010", "S000011", "S000012"}
    goods.do(STELLA, "dispense", items=packs(["S000004"]))


def test_an_amendment_narrows_the_block_and_shows_in_the_chain_of_what_it_leaves(stage):
    goods = spread(stage)
    goods.commission("B2", names=serials(5, start=500))
    recall = open_recall(stage, "A1", "B2")

    accepted = stage.act(
        NOVAMED,
        {
            "kind": "recall.amend",
            "recall": recall.pk,
            "scope": {"lots": ["B2"]},
            "reason": "Only B2 has the wrong leaflet.",
        },
    )

    assert not is_recalled("S000000")
    assert is_recalled("S000500")
    assert bytes(goods.batch("A1").tag).hex() in accepted.tags
    recall.refresh_from_db()
    assert (recall.scope, recall.flagged_at) == ({"lots": ["B2"]}, None)
    change = RecallChange.objects.get()
    assert change.scope_before == {"lots": ["A1", "B2"]}


def test_closing_lifts_the_block(stage):
    goods = spread(stage)
    recall = open_recall(stage)

    close(stage, recall)

    assert not is_recalled("S000000")
    goods.do(STELLA, "dispense", items=packs(["S000005"]))
    with pytest.raises(LedgerConflict) as refused:
        close(stage, recall)
    assert refused.value.code == "recall_closed"


def test_of_two_overlapping_recalls_the_open_one_still_blocks(stage):
    spread(stage)
    first = open_recall(stage, "A1")
    second = open_recall(stage, by=REGULATOR, scope={"serials": ["S000007"]})

    close(stage, first)

    assert is_recalled("S000007")
    assert not is_recalled("S000008")
    close(stage, second, by=REGULATOR)
    assert not is_recalled("S000007")


def test_only_the_opener_or_a_regulator_closes(stage):
    spread(stage)
    recall = open_recall(stage, by=REGULATOR)

    with pytest.raises(ForbiddenTransfer) as refused:
        close(stage, recall, by=NOVAMED)

    assert refused.value.code == "not_recall_opener"
    assert is_recalled("S000000")


def test_the_sentence_says_who_recalls_what_and_how_much_is_blocked(stage):
    spread(stage)
    drafted = draft_open(
        wish=wish("A1", "B2"), actor=stage.actor(NOVAMED), at=stage.tick()
    )

    assert drafted.words == (
        "Novamed recalls lots A1 and B2 of Amoxil 500 mg, class II: Wrong leaflet. "
        "100 packs at 3 holders are blocked at once."
    )


def test_the_sentence_says_when_nobody_holds_any_of_it(stage):
    spread(stage)
    supplied = wish(scope={"ranges": ["S000000 S000003"]})

    drafted = draft_open(wish=supplied, actor=stage.actor(NOVAMED), at=stage.tick())

    assert drafted.words.endswith(
        "4 packs are meant; nobody holds any of them any more."
    )
