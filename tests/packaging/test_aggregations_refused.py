"""Files of packing that are refused, whole, with their lines."""

import pytest

from apps.custody.models import Container
from apps.packaging.models import Aggregation
from apps.packaging.queries.files import folder
from tests.cast import AMOXIL, CARDIOL, TRANSPHARM
from tests.custody.goods import box, pack, sscc
from tests.packaging.line import SITE
from tests.packaging.packing import PACKS, csv, epcis, event, lot_file

BAD = [
    ([("", sscc(1), "NOPE")], [(2, "serial_unknown", "serial")]),
    ([("", sscc(1), "S001"), ("", sscc(2), "S001")], [(3, "packed_twice", "serial")]),
    ([("", sscc(1), "S001"), ("", "", "S001")], [(3, "packed_twice", "serial")]),
    ([("", sscc(1)[:-1] + str((int(sscc(1)[-1]) + 1) % 10), "S001")], [(2, "bad_check_digit", "sscc")]),
    ([("", "12345", "S001")], [(2, "bad_length", "sscc")]),
    ([("", f"(01){CARDIOL.gtin}", "S001")], [(2, "not_a_container", "case")]),
    ([(sscc(8), sscc(1), "S001"), (sscc(9), sscc(1), "S002")], [(3, "packed_twice", "case")]),
    ([(sscc(1), sscc(1), "S001")], [(2, "inside_itself", "case")]),
    ([(sscc(1), sscc(2), "S001"), (sscc(2), sscc(1), "S002")], [(0, "inside_itself", "case")]),
    ([("", sscc(7), "S001")], [(2, "container_exists", "case")]),
    ([("", sscc(1), "S010")], [(2, "inside_a_container", "serial")]),
    ([("", sscc(1), "S011")], [(2, "not_in_your_custody", "serial")]),
    ([("", f"(01){AMOXIL.gtin}(21)S001", "S001")], [(2, "is_a_pack", "case")]),
    ([("", sscc(1), "")], [(2, "empty", "serial")]),
    ([("", sscc(1), "a b")], [(2, "bad_character", "serial")]),
    ([("", sscc(1), "S001", "x", "y")], [(2, "too_many_columns", "")]),
    ([("", "", "S001")], [(0, "empty", "file")]),
    ([("", sscc(1), "S001"), ("", "", "NOPE")], [(3, "serial_unknown", "serial")]),
    ([("", sscc(1), "NO1"), ("", sscc(1), "NO2"), ("", "1", "S001")],
     [(2, "serial_unknown", "serial"), (3, "serial_unknown", "serial"), (4, "bad_length", "sscc")]),
]  # fmt: skip


@pytest.fixture
def packed(line):
    """A lot of which one pack is in a case, and one was shipped."""
    line.lot(*PACKS)
    to = {"gln": TRANSPHARM.gln, "site": TRANSPHARM.sites[0].gln}
    here = {"kind": "event", "site": SITE}
    for wish in (
        {"step": "new_container", "container": box(7)},
        {"step": "pack", "container": box(7), "items": [pack("S010")]},
        {"step": "ship", "items": [pack("S011")], "to": to},
    ):
        assert line.api.act(here | wish).status == 201
    return line


def test_a_file_with_a_bad_line_is_refused_whole(packed):
    for rows, errors in BAD:
        row = packed.aggregate(csv(*rows))

        assert (row.state, packed.errors(row)) == ("refused", errors), rows
        assert row.error_count == len(errors)
    assert Container.objects.count() == 1
    assert list(folder().iterdir()) == []
    assert packed.api.get(f"/api/v1/aggregations/{row.pk}/statement").status == 400
    shown = packed.api.get(f"/api/v1/aggregations/{row.pk}/errors").body.decode()
    assert all(code in shown for _line, code, _field in errors)


BAD_EVENTS = [
    ([event(box(1), [pack("S001"), pack("S001")])], [(1, "packed_twice")]),
    ([event(box(1), [pack("S001")]), event(box(2), [pack("S001")])], [(2, "packed_twice")]),
    ([event(box(1), [box(2)]), event(box(2), [box(1)])], [(0, "inside_itself")]),
    ([event(box(1), [box(2)])], [(1, "empty")]),
    ([event(box(1), [])], [(1, "empty")]),
    ([event(box(1), [pack("S001")], action="DELETE")], [(1, "not_epcis")]),
    ([event(box(1), [pack("S001")], type="ObjectEvent")], [(1, "not_epcis")]),
    ([event(box(1), [pack("S001")], childQuantityList=[{"quantity": 5}])], [(1, "not_epcis")]),
    ([event("", [pack("S001")])], [(1, "bad_epc")]),
    ([event(box(1), ["urn:x"])], [(1, "bad_epc")]),
    ([event(box(1), [7])], [(1, "bad_epc")]),
    ([event(box(1), [f"https://id.gs1.org/01/{CARDIOL.gtin}/21/X"])], [(1, "other_gtin")]),
    ([event(box(1), [pack("S001")], eventTime="yesterday")], [(1, "bad_time")]),
    ([event(box(1), [pack("S001")], eventTime="2999-01-01T00:00:00.000Z")], [(1, "event_in_future")]),
    (["x"], [(1, "not_epcis")]),
]  # fmt: skip


def test_a_document_with_a_bad_event_is_refused_whole(packed):
    for events, errors in BAD_EVENTS:
        row = packed.aggregate(epcis(*events))

        found = [(line_no, code) for line_no, code, _ in packed.errors(row)]
        assert (row.state, found) == ("refused", errors), events
    assert Container.objects.count() == 1


KINDS = {
    b"{": "not_epcis",
    b'{"type":"EPCISDocument"}': "not_epcis",
    b"%PDF-1.7": "not_csv",
    b"\x1f\x8bbroken": "archive_damaged",
    b"serial,pallet,colour\n": "unknown_column",
    b"\xff\xfep\x00": "wrong_encoding",
}


def test_a_file_of_another_kind_says_so(line):
    for content, code in KINDS.items():
        row = line.aggregate(content)

        assert row.state == "refused"
        assert line.errors(row)[0][1] == code, content


FORMS = [
    ({"site": TRANSPHARM.sites[0].gln}, "unknown_site"),
    ({"gtin": AMOXIL.gtin[:-1] + "9"}, "bad_check_digit"),
    ({"gtin": ""}, "missing_field"),
    ({"lot": "A B"}, "bad_character"),
    ({"colour": "red"}, "unknown_field"),
]


def test_a_form_that_cannot_be_is_refused_and_keeps_no_file(line):
    for changes, code in FORMS:
        answer = line.send(lot_file(), **changes)

        assert (answer.status, answer.json["code"]) == (400, code), changes
    assert not Aggregation.objects.exists()
    assert not folder().exists() or list(folder().iterdir()) == []
