"""What an erasure may not do: nothing is written, nothing is gone."""

import zlib
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from apps.anchoring import operations as anchoring
from apps.core.errors import (
    ForbiddenTransfer,
    IntegrityBreach,
    LedgerConflict,
    MalformedInput,
    TraceError,
    UntrustedSignature,
)
from apps.core.statement import parse_statement
from apps.core.subjects import Subject
from apps.custody import operations
from apps.custody.models import (
    Closing,
    ClosingPart,
    Event,
)
from apps.exchange import queries as drafts
from apps.ledger.models import Erasure, Leaf, Statement, Vault
from pharmatrace.demo.cast import Player
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
from tests.custody.closing import (
    AFTER,
    BASIS,
    WISH,
    close,
    everything,
    old_goods,
    young,
)
from tests.custody.goods import Goods, pack
from tests.fsck.forging import rewrite
from tests.recalls.calls import forge, open_recall, resigned

INSIDE = datetime(2033, 2, 28, 23, 59, tzinfo=UTC)


@pytest.fixture
def goods(settings, tmp_path, stage: Stage) -> Goods:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    return old_goods(stage)


def refuse(told: Goods, family: type[Exception], **changes: object) -> TraceError:
    """What an erasure with another body or other subjects is refused with."""
    operations.prepare_closing(legal_basis=BASIS, at=told.stage.tick())
    body = parse_statement(
        drafts.draft(
            wish=WISH, actor=told.stage.actor(OPERATOR), at=told.stage.tick()
        ).payload
    ).body
    parts = {key: changes.pop(key) for key in ("subjects",) if key in changes}
    before = Statement.objects.count(), Vault.objects.count(), everything()
    with pytest.raises(family) as refused:
        resigned(told.stage, OPERATOR, WISH, body={**body, **changes}, **parts)
    after = Statement.objects.count(), Vault.objects.count(), everything()
    assert after == before
    assert not Erasure.objects.exists()
    assert not Closing.objects.exists()
    assert isinstance(refused.value, TraceError)
    return refused.value


@pytest.fixture
def old(goods: Goods) -> Goods:
    goods.stage.at = AFTER
    return goods


def indices_of(kind: str) -> list[int]:
    rows = Leaf.objects.filter(statement__kind=kind).order_by("index")
    return list(rows.values_list("index", flat=True))


def test_only_the_closing_that_was_prepared_is_accepted(old: Goods) -> None:
    for changes in (
        {"snapshot_digest": "ab" * 32},
        {"legal_basis": "because"},
        {"indices": indices_of("event")[:1]},
    ):
        assert refuse(old, LedgerConflict, **changes).code == "closing_not_prepared"


def test_the_leaves_of_keys_and_the_unknown_are_not_erased(old: Goods) -> None:
    last = Leaf.objects.latest("index").index
    goods_leaves = indices_of("event")

    for indices, code in (
        (indices_of("party.admit")[:2], "not_erasable"),
        ([last], "not_erasable"),  # a map root
        ([*goods_leaves, last + 1], "unknown_leaf"),
    ):
        assert refuse(old, MalformedInput, indices=indices).code == code


def test_a_statement_is_erased_whole(goods: Goods) -> None:
    shared = young(goods, AFTER)
    leaves = Leaf.objects.filter(statement_id=shared).order_by("index")
    mixed = list(leaves.values_list("index", flat=True))

    assert len(mixed) == 2
    assert refuse(goods, MalformedInput, indices=mixed[:1]).code == "statement_in_part"
    refused = refuse(goods, ForbiddenTransfer, indices=mixed)
    assert refused.code == "retention_period"


def test_the_subjects_are_the_tags_of_what_goes(old: Goods) -> None:
    subjects = (Subject(bytes(32)),)

    assert refuse(old, LedgerConflict, subjects=subjects).code == "subjects_differ"


@pytest.mark.parametrize("player", [NOVAMED, REGULATOR])
def test_nobody_but_the_operator_erases(old: Goods, player: Player) -> None:
    operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())
    draft = drafts.draft(
        wish=WISH, actor=old.stage.actor(OPERATOR), at=old.stage.tick()
    )

    with pytest.raises(LedgerConflict):
        old.stage.act(player, WISH)
    with pytest.raises(UntrustedSignature) as refused:
        forge(old.stage, player, draft.payload)

    assert refused.value.code == "not_the_operator"
    assert not Erasure.objects.exists()


def test_goods_under_way_hold_it_up(old: Goods) -> None:
    old.stage.at = datetime(2028, 1, 1, tzinfo=UTC)
    old.ship([pack("S000034")])
    anchoring.sequence(at=old.stage.tick())
    old.stage.at = AFTER

    with pytest.raises(ForbiddenTransfer):
        operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())


def test_an_open_recall_holds_it_up(old: Goods) -> None:
    open_recall(old.stage, "OLD")

    with pytest.raises(ForbiddenTransfer):
        operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())


def test_what_was_recorded_since_must_not_rest_on_what_goes(old: Goods) -> None:
    operations.prepare_closing(legal_basis=BASIS, at=old.stage.tick())
    ended = Event.objects.get(
        biz_step="destroying", parent_ref="", is_corrected=False
    ).ref
    old.do(NOVAMED, "correct", parents=[ended])

    with pytest.raises(LedgerConflict) as refused:
        old.stage.act(OPERATOR, WISH)

    assert refused.value.code == "closing_outdated"
    assert not Erasure.objects.exists()


def test_a_closing_is_kept_for_ever_and_only_an_older_snapshot_goes(
    old: Goods,
) -> None:
    close(old)

    for change in (
        lambda: Closing.objects.update(statements=1),
        lambda: Closing.objects.all().delete(),
        lambda: ClosingPart.objects.all().delete(),
        lambda: ClosingPart.objects.update(data=b""),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_another_snapshot_is_not_believed(old: Goods) -> None:
    close(old)
    part = ClosingPart.objects.get()
    text = zlib.decompress(bytes(part.data)).replace(STELLA.gln.encode(), b"9" * 13, 1)
    rewrite(part, data=zlib.compress(text))

    (found,) = list(operations.replay_check())
    assert found.startswith("replay stopped: ")
    with pytest.raises(IntegrityBreach) as refused:
        operations.rebuild()
    assert refused.value.code == "snapshot_differs"
