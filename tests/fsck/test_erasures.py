"""An erasure that was ordered raises no alarm; any other is found and named."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.anchoring import operations as anchoring
from apps.custody.models import Closing, ClosingPart, Commissioning
from apps.ledger.models import Erasure, Leaf, Statement, Vault
from pharmatrace.fsck import check_everything
from tests.cast import NOVAMED, Stage
from tests.custody.closing import AFTER, close, old_goods, young
from tests.custody.goods import Goods, box
from tests.fsck.forging import flip, past_triggers, rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(log: Any, stage: Stage) -> Goods:
    """The books were closed once, and life went on."""
    told = old_goods(stage)
    young(told, AFTER)
    close(told)
    told.do(NOVAMED, "unpack", container=box(9))
    return told


def found(told: Goods) -> set[str]:
    return {each.code for each in check_everything(at=told.stage.at)}


def vault_back(erased: Erasure) -> None:
    kept = Vault.objects.order_by("pk").first()
    assert kept is not None
    Vault.objects.create(
        statement_id=erased.pk,
        **{
            name: getattr(kept, name)
            for name in ("payload", "signatures", "lines", "salts", "receipt")
        },
    )


def test_a_closing_raises_no_alarm(story: Goods) -> None:
    assert list(check_everything(at=story.stage.at)) == []


def test_an_erasure_that_nobody_ordered_is_named(story: Goods) -> None:
    leaf = Leaf.objects.filter(statement__vault__isnull=False, type=1).earliest("index")
    vault = Vault.objects.filter(pk=leaf.statement_id)
    Erasure.objects.create(statement_id=leaf.statement_id, erased_by="ab" * 32)
    vault.delete()

    told = list(check_everything(at=story.stage.at))

    assert ("erasure_not_ordered", f"leaf {leaf.index}") in [
        (each.code, each.where) for each in told
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (vault_back, "erased_vault_kept"),
        (
            lambda erased: past_triggers(erased.delete, "ledger_erasure"),
            "erasure_missing",
        ),
        (
            lambda erased: rewrite(erased, erased_by="ab" * 32),
            "erasure_not_ordered",
        ),
        (
            lambda erased: rewrite(
                Statement.objects.get(pk=erased.erased_by), accepted_ms=0
            ),
            "erased_too_early",
        ),
        (
            lambda _: rewrite(
                Closing.objects.get(), digest=flip(Closing.objects.get().digest)
            ),
            "closing_differs",
        ),
        (
            lambda _: rewrite(
                ClosingPart.objects.get(), data=flip(ClosingPart.objects.get().data)
            ),
            "snapshot_unreadable",
        ),
        (
            lambda _: past_triggers(
                ClosingPart.objects.all().delete, "custody_closingpart"
            ),
            "snapshot_differs",
        ),
        (
            lambda _: Closing.objects.create(
                number=3, statement_id="cd" * 32, statements=1, digest=bytes(32)
            ),
            "closing_not_signed",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    story: Goods, change: Callable[[Erasure], object], code: str
) -> None:
    change(Erasure.objects.order_by("pk")[0])

    assert code in found(story)


def test_a_seed_that_should_be_gone_is_named(story: Goods) -> None:
    erased = Erasure.objects.filter(statement__accepted_ms__gt=0)[0]
    kept = Commissioning.objects.get()
    Commissioning.objects.create(
        batch=kept.batch,
        statement_id=erased.pk,
        base=kept.size,
        size=1,
        root=bytes(32),
        seed=bytes(32),
    )

    assert "erased_seed_kept" in found(story)


def test_a_closing_far_in_the_future_is_checked_like_any_other(story: Goods) -> None:
    anchoring.sequence(at=story.stage.tick())
    story.stage.at = datetime(2041, 1, 1, tzinfo=UTC)
    close(story)
    anchoring.sequence(at=story.stage.tick())

    assert list(check_everything(at=story.stage.at)) == []
