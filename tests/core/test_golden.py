"""Our formats give the same bytes as on the day they were frozen."""

import json
from pathlib import Path

from tests.golden.formats import computed, refused, vectors

STORED = json.loads(
    (Path(__file__).resolve().parents[1] / "golden" / "formats.json").read_text()
)


def test_every_format_gives_the_bytes_of_the_first_day() -> None:
    assert computed() == STORED["computed"]


def test_every_refusal_keeps_its_code() -> None:
    found = refused()

    assert found == STORED["refused"]
    assert all(case["want_error"] != "accepted" for case in found)
    assert len(found) > len(STORED["computed"])


def test_fixed_signatures_verify_and_their_neighbours_do_not() -> None:
    found = vectors()["signatures"]

    assert found == STORED["signatures"]
    good = [case["desc"] for case in found if not case["want_error"]]
    assert good == ["P-256, r and s", "a passkey"]


def test_the_vectors_hold_every_format() -> None:
    assert set(vectors()) == set(STORED)
