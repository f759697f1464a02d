"""The search for cycles rests and goes on."""

import gc

import pytest

from apps.edge.cycles import no_search


def test_the_search_rests_for_the_block_alone():
    with no_search():
        assert not gc.isenabled()
        with no_search():
            assert not gc.isenabled()
        assert not gc.isenabled()

    assert gc.isenabled()


def test_the_search_goes_on_after_a_failure():
    with pytest.raises(RuntimeError, match="our bug"), no_search():
        raise RuntimeError("our bug")

    assert gc.isenabled()
