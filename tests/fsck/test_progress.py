"""The bar that a person watches while everything is derived again."""

import io

import pytest

from pharmatrace import fsck
from pharmatrace.fsck.progress import Bar


def test_the_bar_tells_rate_and_what_is_left():
    out, now = io.StringIO(), iter([0.0, 0.1, 10.0, 10.05, 20.0])
    bar = Bar(out, clock=lambda: next(now))

    bar("leaves", 0, 1_000)
    bar("leaves", 100, 1_000)  # too soon
    bar("leaves", 500, 1_000)
    bar("leaves", 501, 1_000)  # too soon
    bar("leaves", 1_000, 1_000)

    lines = out.getvalue().split("\r\x1b[K")[1:]
    assert lines == [
        f"leaves [{' ' * 24}] 0 of 1,000, 0/s, 0 s left",
        f"leaves [{'#' * 12}{' ' * 12}] 500 of 1,000, 50/s, 10 s left",
        f"leaves [{'#' * 24}] 1,000 of 1,000, 50/s, 0 s left",
    ]


@pytest.mark.django_db
def test_every_stage_is_ticked_to_its_end(story):
    said = {}

    assert (
        list(
            fsck.check_everything(
                at=story.at, tick=lambda s, n, of: said.update({s: (n, of)})
            )
        )
        == []
    )

    assert set(said) == {"statements", "leaves"}
    assert all(done == total > 10 for done, total in said.values())
