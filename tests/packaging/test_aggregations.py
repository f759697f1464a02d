"""A file of packing from the door to the signed containers."""

from datetime import timedelta

from django.conf import settings as django_settings

from apps.core.gs1 import compute_check_digit
from apps.custody.models import Container, Event
from apps.jobs.models import Job, Outbox
from apps.packaging.models import Aggregation
from apps.packaging.operations import aggregations
from apps.packaging.queries.files import folder
from apps.packaging.tasks import check_aggregation, sweep
from tests.cast import CARDIOL, NOVAMED, TRANSPHARM
from tests.custody.goods import box, pack, sscc
from tests.intake.files import xlsx
from tests.journeys.api_client import ApiClient
from tests.packaging.line import SITE
from tests.packaging.packing import CASE, PACKS, csv, epcis, event, inside, lot_file


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


def test_the_check_run_twice_and_late_changes_nothing(
    line, django_capture_on_commit_callbacks
):
    line.lot(*PACKS)
    row = line.aggregate(lot_file())

    assert check_aggregation(aggregation_id=str(row.pk)) == {"skipped": 1}
    with django_capture_on_commit_callbacks(execute=True):
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
    Job.objects.filter(subject=lost).update(created_at=old)

    counts = sweep()

    assert (counts["expired"], counts["restarted"]) == (1, 1)
    assert Aggregation.objects.get(pk=row.pk).state == "cancelled"
    assert Outbox.objects.filter(task="packaging.check_aggregation").count() == 3


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
