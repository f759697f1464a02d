"""Staged serials are cut as they will be kept, also those staged by an older site."""

from importlib import import_module

import pytest
from django.apps import apps

from apps.custody.formats import chunked
from apps.custody.models import SerialChunk, StagedChunk
from tests.custody.goods import Goods, serials

MOVED = import_module("apps.custody.migrations.0007_staged_chunks_by_ordinal")


@pytest.mark.parametrize(
    ("base", "size", "cut"),
    [
        (0, 1, [1]),
        (0, 1_024, [1_024]),
        (0, 2_500, [1_024, 1_024, 452]),
        (1_023, 2, [1, 1]),
        (1_500, 10, [10]),
        (1_500, 1_500, [548, 952]),
    ],
)
def test_chunks_end_where_those_of_ordinals_end(base, size, cut):
    names = serials(size)

    parts = list(chunked(names, base=base))

    assert [len(part) for part in parts] == cut
    assert [name for part in parts for name in part] == names


@pytest.mark.django_db
def test_what_an_older_site_staged_is_cut_anew(stage):
    goods = Goods(stage)
    goods.commission(names=serials(1_500))
    staging = goods.stage_only(names=serials(2_000, start=1_500))
    rows = StagedChunk.objects.filter(staging=staging)
    wanted = list(rows.order_by("chunk_no").values_list("chunk_no", "serials"))
    rows.delete()
    for number, start in enumerate(range(1_500, 3_500, 1_024)):
        names = serials(min(1_024, 3_500 - start), start=start)
        StagedChunk.objects.create(
            staging=staging, chunk_no=number, serials="\n".join(names)
        )

    MOVED.cut_by_ordinal(apps, None)

    assert list(rows.order_by("chunk_no").values_list("chunk_no", "serials")) == wanted
    goods.sign_staged(staging)
    kept = SerialChunk.objects.order_by("first").values_list("first", "serials")
    assert [name for _first, names in kept for name in names.split("\n")] == serials(
        3_500
    )
    assert [first for first, _names in kept] == [0, 1_024, 1_500, 2_048, 3_072]
