"""A file of packing from the door to the signed containers, and all that is refused."""

import json
from datetime import timedelta

import pytest
from django.conf import settings as django_settings

from apps.core.gs1 import compute_check_digit
from apps.custody.models import Container, Event
from apps.jobs.models import Outbox
from apps.packaging.models import Aggregation
from apps.packaging.operations import aggregations
from apps.packaging.queries.files import folder
from apps.packaging.tasks import check_aggregation, sweep
from tests.cast import AMOXIL, CARDIOL, NOVAMED, TRANSPHARM
from tests.custody.goods import box, pack, sscc
from tests.intake.files import xlsx
from tests.journeys.api_client import ApiClient
from tests.packaging.line import SITE

PACKS = tuple(f"S{n:03}" for n in range(12))
CASE = f"(01){CARDIOL.gtin}(21)K1"  # a case under a GTIN and serial of its own


def csv(*rows, head=("pallet", "case", "serial")):
    return "".join(",".join(row) + "\n" for row in (head, *rows))


def lot_file():
    """Two cases on a pallet, a case that stands alone, a pack on the pallet, one loose."""
    rows = [(sscc(9), sscc(1), each) for each in PACKS[:4]]
    rows += [(sscc(9), sscc(2), each) for each in PACKS[4:7]]
    rows += [("", sscc(3), each) for each in PACKS[7:10]]
    return csv(*rows, (sscc(9), "", PACKS[10]), ("", "", PACKS[11]))


def inside():
    """How many packs each container holds."""
    return {
        row.epc: sum(line.count for line in row.lines.all())
        for row in Container.objects.all()
    }


def event(parent, children, **changes):
    said = {
        "type": "AggregationEvent",
        "eventTime": "2026-01-05T10:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "parentID": parent,
        "childEPCs": children,
        "action": "ADD",
        "bizStep": "packing",
    }
    return {name: value for name, value in (said | changes).items() if value}


def epcis(*events):
    return json.dumps(
        {
            "@context": [],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "epcisBody": {"eventList": list(events)},
        }
    )


def test_a_lot_is_packed_by_one_signature(line):
    line.lot(*PACKS)

    row = line.aggregate(lot_file())

    assert row.state == "staged", line.errors(row)
    assert (row.pallets, row.cases, row.packs, row.loose) == (1, 3, 11, 1)
    assert not Container.objects.exists()
    answer = line.sign_packing(row)
    assert answer.status == 201, answer.body
    assert inside() == {box(1): 4, box(2): 3, box(3): 3, box(9): 8}
    parents = dict(Container.objects.values_list("epc", "parent__epc"))
    assert parents == {box(1): box(9), box(2): box(9), box(3): None, box(9): None}
    shown = line.api.get(f"/api/v1/aggregations/{row.pk}").json
    assert shown["state"] == "signed"
    assert shown["statement_id"] == answer.json["statement_id"]
    assert list(folder().iterdir()) == []


def test_an_epcis_document_packs_the_same_and_keeps_its_times(line):
    line.lot(*PACKS)
    packs = [pack(each) for each in PACKS]
    document = epcis(
        event(box(9), [box(1), box(2), packs[10]]),
        event(box(1), packs[:2]),
        event(box(1), packs[2:4], eventTime="2026-01-05T10:05:00.000Z"),
        event(box(2), packs[4:7]),
        event(box(3), packs[7:10]),
    )

    row = line.aggregate(document)

    assert row.state == "staged", line.errors(row)
    assert (row.pallets, row.cases, row.packs, row.loose) == (1, 3, 11, 0)
    assert line.sign_packing(row).status == 201
    assert inside() == {box(1): 4, box(2): 3, box(3): 3, box(9): 8}
    times = set(
        Event.objects.filter(rule="packing").values_list("event_time_ms", flat=True)
    )
    assert times == {1767607200000, 1767607500000}


def test_a_case_may_bear_a_gtin_and_serial_and_xlsx_is_read_too(line):
    line.lot(*PACKS[:3])
    rows = [["pallet", "case", "serial"], *(["", CASE, each] for each in PACKS[:3])]

    row = line.aggregate(xlsx(rows))

    assert row.state == "staged", line.errors(row)
    assert line.sign_packing(row).status == 201
    assert inside() == {f"https://id.gs1.org/01/{CARDIOL.gtin}/21/K1": 3}


def test_lots_are_mixed_only_where_no_lot_is_named(line):
    line.lot("A1", "A2")
    line.lot("B1", lot="B7")
    mixed = csv(("", sscc(1), "A1"), ("", sscc(1), "B1"))

    refused = line.aggregate(mixed)
    assert line.errors(refused) == [(3, "other_lot", "serial")]
    row = line.aggregate(mixed, lot="")
    assert row.state == "staged"
    assert line.sign_packing(row).status == 201
    assert Container.objects.get().lines.count() == 2


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


def test_what_moved_after_the_check_is_refused_at_the_signature(line):
    line.lot(*PACKS)
    row = line.aggregate(lot_file())
    wish = {"kind": "event", "site": SITE, "step": "destroy", "items": [pack("S000")]}
    assert line.api.act(wish).status == 201

    answer = line.sign_packing(row)

    assert answer.status == 409, answer.body
    assert not Container.objects.exists()
    assert line.api.get(f"/api/v1/aggregations/{row.pk}").json["state"] == "staged"


def test_the_prefix_of_another_is_refused_by_the_law(line):
    line.lot(*PACKS)

    body = "34012345000000001"
    number = f"{body}{compute_check_digit(body)}"
    row = line.aggregate(csv(("", number, "S001")))

    assert [code for _, code, _ in line.errors(row)] == ["prefix_of_another"]


def test_the_same_file_is_one_aggregation_while_it_is_open(line):
    line.lot(*PACKS)
    first = line.send(lot_file()).json["id"]

    assert line.send(lot_file()).json["id"] == first
    line.work()
    assert line.send(lot_file()).json["id"] == first
    assert line.api.delete(f"/api/v1/aggregations/{first}").status == 204
    assert line.send(lot_file()).json["id"] != first
    assert line.api.delete(f"/api/v1/aggregations/{first}").status == 409


def test_the_check_run_twice_and_late_changes_nothing(line):
    line.lot(*PACKS)
    row = line.aggregate(lot_file())

    assert check_aggregation(aggregation_id=str(row.pk)) == {"skipped": 1}
    aggregations.cancel_aggregation(aggregation_id=row.pk, at=line.world.now())
    assert check_aggregation(aggregation_id=str(row.pk)) == {"skipped": 1}
    assert Aggregation.objects.get().state == "cancelled"
    assert list(folder().iterdir()) == []


def test_what_nobody_signs_is_forgotten_and_what_was_lost_begins_again(line):
    line.lot(*PACKS)
    row = line.aggregate(lot_file())
    lost = line.send(lot_file() + "\n").json["id"]
    old = line.world.now() - timedelta(days=8)
    Aggregation.objects.filter(pk=row.pk).update(finished_at=old)
    Aggregation.objects.filter(pk=lost).update(created_at=old)

    counts = sweep()

    assert (counts["expired"], counts["restarted"]) == (1, 1)
    assert Aggregation.objects.get(pk=row.pk).state == "cancelled"
    assert Outbox.objects.filter(task="packaging.check_aggregation").count() == 3


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


def test_a_file_beyond_the_limit_is_not_kept(line, settings):
    settings.UPLOAD_LIMIT_BYTES = 100

    assert line.send(lot_file()).json["code"] == "too_large"
    assert list(folder().iterdir()) == []
    assert django_settings.UPLOAD_LIMIT_BYTES == 100


def test_another_s_file_is_not_there(line):
    line.lot(*PACKS)
    row = line.aggregate(lot_file())
    other = ApiClient.of(line.world.stage, TRANSPHARM)

    for path in ("", "/errors", "/statement"):
        assert other.get(f"/api/v1/aggregations/{row.pk}{path}").status == 404
    assert other.delete(f"/api/v1/aggregations/{row.pk}").status == 404
    assert other.get("/api/v1/aggregations").json["results"] == []
    theirs = ApiClient.of(line.world.stage, NOVAMED)
    assert len(theirs.get("/api/v1/aggregations").json["results"]) == 1
