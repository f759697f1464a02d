"""Published tiles and bundles against the leaves, of every head that is still served."""

import pytest

from apps.ledger.models import Leaf
from tests.fsck.forging import findings, flip

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["tile/0/000.p", "tile/entries/000.p"])
def test_a_flipped_bit_in_a_published_file_names_the_leaf(story, log, name):
    (path,) = [
        path
        for path in (log / name).iterdir()
        if int(path.name) == Leaf.objects.count()
    ]
    entry_bytes = path.stat().st_size // int(path.name)
    path.write_bytes(flip(path.read_bytes(), 3 * entry_bytes + 20))

    assert findings(story) == [("tile_differs", f"{path.relative_to(log)}, leaf 3")]


@pytest.mark.parametrize("name", ["tile/0/000.p", "tile/entries/000.p"])
def test_a_flipped_bit_in_a_file_of_an_earlier_head_names_the_leaf(story, log, name):
    path, newest = sorted((log / name).iterdir(), key=lambda each: int(each.name))[-2:]
    assert int(newest.name) == Leaf.objects.count()
    whole = path.read_bytes()
    entry_bytes = len(whole) // int(path.name)
    place = str(path.relative_to(log))

    path.write_bytes(flip(whole, 3 * entry_bytes + 20))
    assert findings(story) == [("tile_differs", f"{place}, leaf 3")]
    path.write_bytes(whole[:-1])
    assert findings(story) == [("tile_differs", f"{place}, leaf {int(path.name) - 1}")]
    path.unlink()
    assert findings(story) == []  # it may go when the tile is full


def test_a_missing_published_file_is_found(story, log):
    path = log / "tile/0/000.p" / str(Leaf.objects.count())
    path.unlink()

    assert findings(story) == [("tile_missing", str(path.relative_to(log)))]
