"""Two sequencers of one log are started at once, as by two beats; both databases."""

import pytest

from tests.faults.judging import assert_whole

pytestmark = pytest.mark.slow

ROUNDS = 5


def test_two_at_once_sign_one_head_a_size(site, outsider):
    for _ in range(ROUNDS):
        site.said += site.do("say", 2)
        both = [site.parent.start("integrate") for _ in range(2)]
        for pid in both:
            site.parent.go(pid)

        ended = [site.parent.wait(pid) for pid in both]

        # Who comes second finds the guard of the lock store held, or nothing left.
        assert [each.code for each in ended] == [0, 0]
        assert any("leaves added" in each.said for each in ended)
        outsider.follow()
    assert_whole(site, outsider)
