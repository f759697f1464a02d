"""Chains and the map's stored entries: remembered, or brought by the database."""

import pytest

from apps.anchoring.models import MapEntry
from apps.ledger.models import Leaf
from pharmatrace.fsck import chains
from tests.fsck.forging import findings, flip, past_triggers, rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["remembered", "brought by the database"], autouse=True)
def way(request, monkeypatch):
    """Every test runs with few tags, and with too many to be remembered."""
    if request.param != "remembered":
        monkeypatch.setattr(chains, "_MOST_TAGS", 3)


def test_the_database_is_asked_only_where_something_is_wrong(story, monkeypatch):
    asked = []
    ask = chains._check_chains
    monkeypatch.setattr(chains, "_check_chains", lambda n: asked.append(n) or ask(n))
    size = Leaf.objects.count()

    assert findings(story) == []
    assert asked == ([] if size < chains._MOST_TAGS else [size])

    leaf = Leaf.objects.exclude(chain_seq=0).latest("index")
    rewrite(leaf, prev_leaf_hash=flip(leaf.prev_leaf_hash))
    assert ("chain_broken", f"leaf {leaf.index}") in findings(story)
    assert asked[-1] == size


def test_a_lost_leaf_breaks_its_chain(story):
    later = Leaf.objects.filter(chain_seq=1).exclude(tag=bytes(32)).latest("index")
    rows = Leaf.objects.filter(tag=later.tag, chain_seq=0)
    past_triggers(lambda: rows._raw_delete(rows.db), "ledger_leaf")

    assert ("chain_broken", f"leaf {later.index}") in findings(story)


def test_a_chain_that_runs_back_is_found(story):
    later = Leaf.objects.filter(chain_seq=1).exclude(tag=bytes(32)).latest("index")
    earlier = Leaf.objects.get(tag=later.tag, chain_seq=0)

    def swap():
        for old, new in ((later.pk, -1), (earlier.pk, later.pk), (-1, earlier.pk)):
            Leaf.objects.filter(pk=old).update(index=new)

    past_triggers(swap, "ledger_leaf")

    assert ("chain_runs_back", f"leaf {earlier.pk}") in findings(story)


def test_a_changed_map_entry_is_named(story):
    entry = MapEntry.objects.exclude(tag=bytes(32)).order_by("tag")[3]
    MapEntry.objects.filter(tag=entry.tag).update(count=entry.count + 1)

    assert findings(story) == [
        ("map_differs", "map"),
        ("map_entry_differs", f"tag {bytes(entry.tag).hex()}"),
    ]


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_lost_or_strange_map_entry_is_named(story, place):
    entry = [*MapEntry.objects.order_by("tag")][place]
    MapEntry.objects.filter(tag=entry.tag).delete()
    differs = [("map_differs", "map")]

    lost = ("map_entry_differs", f"tag {bytes(entry.tag).hex()}")
    assert findings(story) == [*differs, lost]

    entry.tag = flip(entry.tag)
    entry.save(force_insert=True)
    strange = ("map_entry_differs", f"tag {entry.tag.hex()}")
    assert findings(story) == [*differs, *sorted([lost, strange])]
