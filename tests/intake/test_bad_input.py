"""What makers send by mistake: each refused with its line and reason, nothing staged."""

import io
import zipfile

import pytest

from apps.custody.models import Staging
from apps.intake.formats import check as row_check
from apps.intake.models import UploadError
from tests.cast import AMOXIL, CARDIOL
from tests.intake.files import xlsx
from tests.intake.world import LOT, serials

GOOD = serials(4_000)  # more than a block, so most of it is read by the block
ROW = b"S1," + AMOXIL.gtin.encode() + b",A123,2029-02-28\n"


def _zip(name, content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        (GOOD + b"A B\n", [(4_002, "bad_character", "serial")]),
        (GOOD + b"S00000001\n", [(4_002, "serial_repeated", "serial")]),
        (GOOD.decode().encode("utf-16"), [(0, "wrong_encoding", "file")]),
        (GOOD.decode().encode("utf-16-le"), [(1, "forbidden_character", "")]),
        (GOOD + "SÄ1\n".encode("latin-1"), [(4_002, "not_utf8", "")]),
        (GOOD + "S\u00a01\n".encode(), [(4_002, "bad_character", "serial")]),
        (GOOD + b'"S\n1"\n', [(4_002, "bad_quotes", "")]),
        (GOOD + b" S1\n", [(4_002, "bad_character", "serial")]),
        (ROW.replace(AMOXIL.gtin.encode(), CARDIOL.gtin.encode()), "other_gtin"),
        (ROW.replace(AMOXIL.gtin.encode(), b"04006381333931"), "other_gtin"),
        (ROW.replace(AMOXIL.gtin.encode(), b"04006381333932"), "bad_check_digit"),
        (ROW.replace(b"A123", b"NP-77"), "other_lot"),
        (ROW.replace(b"2029-02-28", b"2029-02-30"), "bad_date"),
        (ROW.replace(b"2029-02-28", b"290230"), "bad_day"),
        (ROW.replace(b"2029-02-28", b"2029-03-01"), "other_expiry"),
        (xlsx([["serial"], ["S1"], ["=A2"]]), [(3, "formula", "A")]),
        (_zip("a.zip", _zip("a.csv", GOOD)), [(0, "archive_nested", "file")]),
    ],
)
def test_a_mistake_is_named_by_its_line(world, content, errors):
    upload = world.check(content)

    found = world.errors(upload)[:2]
    if isinstance(errors, str):
        assert [(line, code) for line, code, _ in found] == [(1, errors)]
    else:
        assert found[: len(errors)] == errors
    assert upload.state == "refused"
    assert not Staging.objects.exists()
    assert list(world.folder.iterdir()) == []


def test_a_mark_of_the_byte_order_and_lower_case_are_no_mistakes(world):
    upload = world.check(b"\xef\xbb\xbfserial\nab1\nAB1\n")

    assert (upload.state, upload.rows_done) == ("staged", 2)


def test_a_lot_of_another_maker_is_none_of_theirs(world):
    answer = world.novamed.upload(GOOD, **(LOT | {"gtin": "04006381333931"}))

    assert (answer.status, answer.json["code"]) == (400, "unknown_product")


@pytest.mark.parametrize(
    "row",
    [
        b"A B\n",
        b"S1\n",
        b"S1,04006381333931\n",
        b"S1,,NP-77\n",
        b"S1,,,2029-02-30\n",
        "Ä\n".encode("latin-1"),
    ],
)
def test_all_lines_wrong_are_counted_and_a_thousand_told(world, row):
    upload = world.check(b"serial,gtin,lot,expiry\nS1\n" + row * 3_000)

    assert (upload.state, upload.error_count) == ("refused", 3_000)
    assert UploadError.objects.count() == 1_000
    answer = world.novamed.get(f"/api/v1/uploads/{upload.id}/errors")
    assert answer.body.count(b"\r\n") == 1_001
    assert len(answer.body) < 300_000


def test_rows_that_are_plainly_wrong_are_the_same_as_those_that_are_told(monkeypatch):
    """A check that tells no more counts exactly what one that tells refuses."""
    facts = row_check.LotFacts(
        AMOXIL.gtin, "A123", row_check.parse_date("2029-02-28", field="")
    )
    rows = [
        ("S1",),
        ("S 2",),
        ("S3", "04006381333931"),
        ("S3", AMOXIL.gtin, "B"),
        ("S3", AMOXIL.gtin, "A123", "2029-02-30"),
        ("S4", AMOXIL.gtin, "A123", "2029-02-28"),
        ("1,5E+11",),
        ("", AMOXIL.gtin),
        ("S4",),
        (4.0,),
    ]
    telling, counting = (row_check.RowCheck(facts, at_year=2026) for _ in range(2))
    for check in (telling, counting):
        for number, cells in enumerate(rows[:5], 1):
            check.take(row_check.Row(number, cells))
    counting.is_full = True

    for number, cells in enumerate(rows, 6):
        row = row_check.Row(number, cells)
        assert bool(telling.take(row)) == bool(counting.take(row)), cells

    assert telling.serials == counting.serials
