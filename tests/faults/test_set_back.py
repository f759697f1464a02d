"""A store was lost, set back or rewritten: nothing more is signed, and it is named."""

import pytest

from apps.core.errors import TraceError
from tests.faults.judging import assert_one_head_a_size

pytestmark = pytest.mark.slow


@pytest.fixture
def grown(site):
    """The ledger with what waited logged, and something new that waits."""
    site.do("integrate")
    site.do("say", 1)
    return site


def assert_refused(site, code: str) -> list[str]:
    """The sequencer stops with `code`, the doors with it; the codes that fsck finds."""
    signed, note = site.do("sign"), site.lock_note()
    heads = site.signed_heads()

    ended = site.run("integrate")
    again = site.run("integrate")

    assert code in ended.said.replace(" ", "_")
    assert "quarantined" in again.said
    assert (site.lock_note(), site.signed_heads()) == (note, heads)
    answer = site.do("post", signed)
    assert (answer["status"], answer["code"]) == (503, "quarantined")
    seen = site.do("look")
    assert seen["quarantine"] is not None
    assert_one_head_a_size(site)
    return [finding for finding, _, _ in seen["findings"]]


def test_a_database_that_was_restored_from_an_older_copy(grown):
    grown.put_back("begun", only=["database"])

    assert "unknown_head" in assert_refused(grown, "database_behind")


def test_a_database_whose_tail_was_deleted(grown):
    grown.do("cut tail")

    assert "unknown_head" in assert_refused(grown, "database_behind")


def test_a_database_whose_last_entries_were_hashed_again(grown, outsider):
    outsider.follow()
    grown.do("hash again")

    found = assert_refused(grown, "database_differs")

    assert {"leaf_commitment_differs", "root_differs", "tile_differs"} <= set(found)


def test_a_lost_lock_store(grown):
    grown.lock.unlink()

    assert "lock_store_lost" in assert_refused(grown, "lock_store_lost")


def test_a_lock_store_that_was_set_back(grown):
    grown.put_back("begun", only=["lock store"])

    assert_refused(grown, "lock_store_behind")


def test_without_witnesses_a_monitor_names_what_went_back_all_together(grown, outsider):
    outsider.follow()
    grown.put_back("begun", only=["database", "lock store", "files"])
    grown.do("say", 1)
    grown.do("integrate")

    with pytest.raises(TraceError) as lie:
        outsider.follow()

    assert lie.value.extra["evidence"].before is not None
    assert lie.value.code == "log_forked"
