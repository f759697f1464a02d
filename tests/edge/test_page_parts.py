"""A bar is whole and shows what is small; a pager keeps the filters."""

from django.core.paginator import Paginator

from apps.edge.page_parts import Bar, pager


def test_the_parts_of_a_bar_fill_it_without_a_gap():
    bar = Bar.of("all", [("a", 1, 1), ("b", 1, 2), ("c", 1, 3)])

    assert bar.total == 3
    assert [(part.x, part.width) for part in bar.segments] == [
        (0, 333),
        (333, 333),
        (666, 334),
    ]


def test_one_pack_of_a_million_is_seen_and_none_of_it_is_not():
    bar = Bar.of("all", [("most", 999_999, 1), ("one", 1, 2), ("none", 0, 3)])

    assert [part.width for part in bar.segments] == [999, 1, 0]


def test_a_bar_of_nothing_has_no_width():
    bar = Bar.of("nothing", [("a", 0, 1)])

    assert (bar.total, [(part.x, part.width) for part in bar.segments]) == (
        0,
        [(0, 0)],
    )


def test_a_pager_keeps_the_filters_that_are_filled():
    middle = pager(Paginator(range(25), 10).page(2), state="open", q="")

    assert (middle.first, middle.last, middle.total) == (11, 20, 25)
    assert middle.previous_url == "?state=open&page=1"
    assert middle.next_url == "?state=open&page=3"


def test_a_pager_leads_nowhere_at_the_ends():
    only = pager(Paginator(range(3), 10).page(1))

    assert (only.previous_url, only.next_url) == ("", "")
