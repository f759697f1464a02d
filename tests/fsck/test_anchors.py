"""fsck and the outsider's monitor over a log with anchors."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.anchoring import operations
from apps.anchoring.models import AnchorPending, AnchorPromise, AnchorToken
from apps.core.outside.monitor_round import Monitor
from apps.core.outside.monitor_state import MonitorState
from apps.core.policy import Policy
from apps.ledger.models import Leaf
from pharmatrace import fsck
from tests.anchoring.tsa import authority, services
from tests.fsck.forging import findings, flip, rewrite
from tests.fsck.test_monitor import Folder

__all__ = ["authority", "services"]


@pytest.fixture(autouse=True)
def one(services):
    services.add("one")


@pytest.fixture
def anchored(story, services):
    """The true ledger with a stamp over its head, and the receipt logged."""
    now = timezone.now()
    operations.anchor_now(at=now)
    operations.sequence(at=now)
    return story


def index() -> int:
    return Leaf.objects.get(type=4).index


def test_a_true_log_with_anchors_is_clean(anchored):
    assert AnchorToken.objects.count() == Leaf.objects.filter(type=4).count() == 1
    call_command("rebuild")
    assert fsck.run(at=anchored.at).findings == ()


def test_a_token_that_waits_is_no_finding(story, services):
    operations.anchor_now(at=timezone.now())

    assert AnchorPending.objects.count() == 1
    assert findings(story) == []


def promise(anchored, **values):
    row = AnchorToken.objects.get()
    return AnchorPromise.objects.create(
        **{
            "name": "two",
            "kind": "evm",
            "tree_size": row.tree_size,
            "root_hash": bytes(row.root_hash),
            "state": b"{}",
            "note": "in the pool",
            "begun_at": anchored.at,
            "look_at": anchored.at,
        }
        | values
    )


def test_a_promise_over_a_head_is_no_finding(anchored):
    promise(anchored)

    assert findings(anchored) == []


def test_a_promise_over_no_head_or_another_root_is_named(anchored):
    row = promise(anchored, tree_size=1)
    assert findings(anchored) == [("unknown_head", "promise of two")]

    row.delete()
    promise(anchored, root_hash=bytes(32))
    assert findings(anchored) == [("root_differs", "promise of two")]


def test_a_token_whose_place_in_the_queue_is_lost(story, services):
    operations.anchor_now(at=timezone.now())
    AnchorPending.objects.all().delete()

    row = AnchorToken.objects.get()
    assert findings(story) == [("leaves_missing", f"anchor of {row.tree_size} by one")]


def test_a_changed_token_is_named(anchored):
    row = AnchorToken.objects.get()
    rewrite(row, token=flip(row.token))

    where = f"anchor of {row.tree_size} by one"
    found = findings(anchored)

    assert ("anchor_commitment_differs", where) in found
    assert {code for code, _ in found} <= {
        "anchor_commitment_differs",
        "stamp_untrusted",
        "bad_stamp",
        "anchor_differs",
    }


def test_another_time_than_the_token_says_is_named(anchored):
    row = AnchorToken.objects.get()
    rewrite(row, stamped_at=row.stamped_at - timedelta(days=1))

    assert findings(anchored) == [
        ("time_differs", f"anchor of {row.tree_size} by one"),
        ("anchor_differs", f"anchors/{index()}.json"),
    ]


def test_facts_that_do_not_follow_from_the_token_are_named(anchored):
    rewrite(AnchorToken.objects.get(), facts={"block_number": 7})

    row = AnchorToken.objects.get()
    assert findings(anchored) == [
        ("facts_differ", f"anchor of {row.tree_size} by one"),
        ("anchor_differs", f"anchors/{index()}.json"),
    ]


def test_a_time_that_is_gone_is_named(anchored):
    row = AnchorToken.objects.get()
    rewrite(row, stamped_at=None)

    assert findings(anchored) == [
        ("time_differs", f"anchor of {row.tree_size} by one"),
        ("anchor_differs", f"anchors/{index()}.json"),
    ]


def test_another_root_than_the_heads_is_named(anchored):
    row = AnchorToken.objects.get()
    rewrite(row, root_hash=flip(row.root_hash))

    where = f"anchor of {row.tree_size} by one"
    assert findings(anchored) == [
        ("anchor_commitment_differs", where),
        ("root_differs", where),
    ]


def test_a_head_that_is_none_is_named(anchored):
    row = AnchorToken.objects.get()
    rewrite(row, tree_size=row.tree_size - 1)

    where = f"anchor of {row.tree_size - 1} by one"
    found = findings(anchored)

    assert ("anchor_commitment_differs", where) in found
    assert ("unknown_head", where) in found


def test_a_leaf_without_its_token_is_named(anchored):
    row = AnchorToken.objects.get()
    rewrite(row, commitment=flip(row.commitment))

    found = findings(anchored)

    assert ("anchor_unknown", f"leaf {index()}") in found
    assert ("leaves_missing", f"anchor of {row.tree_size} by one") in found


def test_a_changed_leaf_is_named(anchored):
    leaf = Leaf.objects.get(type=4)
    rewrite(leaf, commitment=flip(leaf.commitment))

    found = findings(anchored)

    assert ("leaf_hash_differs", f"leaf {leaf.index}") in found
    assert ("anchor_unknown", f"leaf {leaf.index}") in found


def test_a_leaf_of_no_statement_that_should_have_one_is_named(anchored):
    leaf = Leaf.objects.filter(type=2).latest("index")
    rewrite(leaf, statement_id=None)

    assert ("leaf_without_statement", f"leaf {leaf.index}") in findings(anchored)


def test_a_map_root_that_names_a_statement_is_found_with_the_statement(story):
    root, said = (
        Leaf.objects.filter(type=3).latest("index"),
        Leaf.objects.filter(type=2).latest("index"),
    )
    rewrite(root, statement_id=said.statement_id, position=1)

    assert findings(story) == [("leaves_missing", f"statement {said.statement_id}")]


@pytest.mark.parametrize("kind", ["json", "tsr"])
def test_changed_lost_and_stray_files_are_named(anchored, log, kind):
    name = f"{index()}.{kind}"
    file = log / "anchors" / name
    whole = file.read_bytes()

    file.write_bytes(flip(whole))
    assert findings(anchored) == [("anchor_differs", f"anchors/{name}")]
    file.unlink()
    assert findings(anchored) == [("anchor_missing", f"anchors/{name}")]
    file.write_bytes(whole)
    (log / "anchors" / "1.tsr").write_bytes(b"")
    assert findings(anchored) == [("anchor_file_unknown", "anchors/1.tsr")]


def test_tokens_outlive_their_service_and_kind(anchored, settings):
    settings.ANCHOR_TSAS = ""
    assert findings(anchored) == []
    settings.ANCHOR_KINDS = {}
    assert findings(anchored) == []


def test_the_monitor_of_an_outsider_accepts_it(story, services, log, tmp_path):
    policy = Policy.parse((log / "policy").read_bytes())
    with MonitorState(tmp_path / "state") as state:
        monitor = Monitor(Folder(log), policy=policy, state=state)
        before = monitor.follow(now_ms=1)
        operations.anchor_now(at=timezone.now())
        operations.sequence(at=timezone.now())

        after = monitor.follow(now_ms=2)

        assert state.count_evidence() == 0
    assert after.new_leaves == 2
    assert after.tags == before.tags + 1
