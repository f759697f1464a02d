"""Label runs: what a scanner and a printer read, who may fetch them, how long."""

import io
import zipfile
from datetime import date, timedelta

import pytest
from django.test import Client

from apps.core.gs1 import GS, build_element_string, parse_element_string
from apps.jobs.models import Job, JobState
from apps.packaging.formats import label_sheets
from apps.packaging.formats.labels import csv_labels, zpl_data, zpl_labels
from apps.packaging.models import LabelRun
from apps.packaging.queries.files import folder
from apps.packaging.tasks import make_labels, sweep
from apps.partners.models import MemberRole
from apps.pools.models import PoolMove
from apps.scan.labels.pack import Pack
from tests.cast import AMOXIL, CARDIOL, NOVAMED, TRANSPHARM
from tests.intake.world import EXPIRY
from tests.journeys.api_client import ApiClient
from tests.scan.decoding import cut, decode, pages

pytestmark = pytest.mark.slow  # nothing of it asks the database much
LOT = "L7/B_x"  # a character that ZPL escapes
ODD = """!"%&'()*+,-./_:;<=>?"""


@pytest.fixture
def pool(line):
    return line.reserve(30, lot=LOT, expiry_date=EXPIRY)


def element(serial, lot=LOT):
    """The element string of a pack, as a scanner of GS1 DataMatrix gives it."""
    return f"01{AMOXIL.gtin}17290228" + f"10{lot}{GS}21{serial}"


def fetch(line, run, **headers):
    """The file, through the door: status, headers, bytes."""
    answer = Client().get(
        f"/api/v1/label-runs/{run.pk}/file", headers=line.api.headers | headers
    )
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer, body


def test_labels_in_pdf_read_back_as_exactly_the_element_strings(line, pool):
    run = line.run("pdf", pool=str(pool.pk), numbers=[[2, 27]])

    answer, pdf = fetch(line, run)
    assert answer["Content-Type"] == "application/pdf"
    sheets = pages(pdf)
    assert len(sheets) == 2
    serials = line.serials(pool)[1:27]
    for place in (0, 1, 2, 23):
        assert decode(cut(sheets[0], place)) == {"]d2": element(serials[place])}
    assert decode(cut(sheets[1], 1)) == {"]d2": element(serials[25])}
    assert decode(cut(sheets[1], 2)) == {}


def test_ordered_labels_are_printed_and_the_move_names_the_run(line, pool):
    assert line.counts(pool) == (30, 0, 0, 0)

    line.run("csv", pool=str(pool.pk), count=10)
    second = line.run("csv", pool=str(pool.pk), count=5)

    assert line.counts(pool) == (15, 15, 0, 0)
    _answer, text = fetch(line, second)
    rows = text.decode().splitlines()
    assert rows[0] == "number,gtin,serial,lot,expiry_date,elements"
    serials = line.serials(pool)[10:15]
    assert [row.split(",")[:5] for row in rows[1:]] == [
        [str(number), AMOXIL.gtin, serial, LOT, EXPIRY]
        for number, serial in enumerate(serials, start=11)
    ]
    newest = PoolMove.objects.latest("pk")
    assert (newest.kind, newest.reason) == ("printed", f"label run {second.pk}")


def test_zpl_bears_the_element_string_with_fnc1_and_every_field(line, pool):
    run = line.run("zpl", pool=str(pool.pk), count=3)

    text = fetch(line, run)[1].decode()

    labels = text.splitlines()
    assert len(labels) == 3
    for label, serial in zip(labels, line.serials(pool), strict=False):
        assert (label[:3], label[-3:]) == ("^XA", "^XZ")
        data = label.partition("^BXN,5,200,0,0,6,_,1^FD")[2].partition("^FS")[0]
        assert (
            data == f"_101{AMOXIL.gtin}1729022810{LOT.replace('_', '__')}_121{serial}"
        )
        for shown in (
            f"^FDGTIN {AMOXIL.gtin}^FS",
            f"^FDSN {serial}^FS",
            f"^FDLOT {LOT}^FS",
            f"^FDEXP {EXPIRY}^FS",
        ):
            assert label.count(shown) == 1


def test_zpl_of_every_odd_character_is_read_back():
    pack = Pack("", AMOXIL.gtin, ODD, "A_1__B", date(2029, 2, 28))

    data = zpl_data(pack)

    assert "^" not in data
    assert "~" not in data
    # As the printer reads it: __ is one character, _1 is FNC1.
    read = data.replace("__", "\0").replace("_1", GS).replace("\0", "_")
    assert read == GS + build_element_string(pack.elements)
    said = parse_element_string(read)
    assert (said.value("10"), said.value("21")) == (ODD, "A_1__B")
    assert len(list(zpl_labels([]))) == 0
    assert list(csv_labels([(1, pack)]))[1].decode().startswith("1,")


def test_many_sheets_come_as_numbered_parts_in_a_zip(line, pool, monkeypatch):
    monkeypatch.setattr(label_sheets, "PER_PART", 24)

    run = line.run("pdf", pool=str(pool.pk), count=30)

    answer, data = fetch(line, run)
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].endswith('.zip"')
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "labels-0001-1-24.pdf",
            "labels-0002-25-30.pdf",
        ]
        (sheet,) = pages(archive.read("labels-0002-25-30.pdf"))
    assert decode(cut(sheet, 5)) == {"]d2": element(line.serials(pool)[29])}


def test_a_commissioned_lot_is_labelled_too(line):
    line.lot("K1", "K2", "K3", lot=LOT)

    run = line.run("csv", gtin=AMOXIL.gtin, lot=LOT, numbers=[[2, 3]])
    whole = line.run("csv", gtin=AMOXIL.gtin, lot=LOT)

    assert [row.split(",")[2] for row in fetch(line, run)[1].decode().splitlines()] == [
        "serial",
        "K2",
        "K3",
    ]
    assert whole.count == 3


def test_a_broken_download_goes_on_where_it_ended(line, pool):
    run = line.run("csv", pool=str(pool.pk), count=30)
    answer, data = fetch(line, run)
    etag = answer["ETag"]

    part, rest = fetch(line, run, Range="bytes=100-", **{"If-Range": etag})

    assert (part.status_code, data[100:]) == (206, rest)
    assert part["Content-Range"] == f"bytes 100-{len(data) - 1}/{len(data)}"
    assert fetch(line, run, **{"If-None-Match": etag})[0].status_code == 304
    assert fetch(line, run, Range=f"bytes={len(data)}-")[0].status_code == 416


def test_only_signers_of_the_owner_fetch_it_and_it_is_noted(line, pool):
    run = line.run("csv", pool=str(pool.pk), count=3)
    path = f"/api/v1/label-runs/{run.pk}"
    other = ApiClient.of(line.world.stage, TRANSPHARM)
    reader = ApiClient.of(line.world.stage, NOVAMED, role=MemberRole.MEMBER)

    assert other.get(path).status == 404
    assert other.get(f"{path}/file").status == 404
    assert other.post(path, b"").status == 404
    assert other.get("/api/v1/label-runs").json["results"] == []
    assert reader.get(path).status == 200
    assert reader.get(f"{path}/file").status == 403
    assert reader.post("/api/v1/label-runs", b"{}").status == 403
    assert Client().get(f"{path}/file").status_code == 401
    assert LabelRun.objects.get().fetched_at is None

    fetch(line, run)
    found = LabelRun.objects.get()
    assert (found.fetched_at is not None, found.fetched_by != "") == (True, True)
    (kept,) = folder().iterdir()
    assert oct(kept.stat().st_mode)[-3:] == "600"


def test_a_file_expires_and_can_be_made_again_of_the_same_serials(line, pool):
    run = line.run("csv", pool=str(pool.pk), count=3)
    first = fetch(line, run)[1]
    again = f"/api/v1/label-runs/{run.pk}"
    assert line.api.post(again, b"").json["code"] == "run_open"
    LabelRun.objects.update(expires_at=line.world.now() - timedelta(seconds=1))

    assert sweep()["runs_expired"] == 1
    assert list(folder().iterdir()) == []
    assert fetch(line, run)[0].status_code == 404

    assert line.api.post(again, b"").status == 202
    line.work()
    assert fetch(line, run)[1] == first
    assert line.counts(pool) == (27, 3, 0, 0)


def test_a_dead_run_is_given_up_and_a_lost_one_ordered_again(line, pool):
    line.post("/label-runs", kind="csv", pool=str(pool.pk), count=3)
    run = LabelRun.objects.get()
    old = line.world.now() - timedelta(minutes=5)
    Job.objects.filter(pk=run.job_id).update(created_at=old)

    assert sweep()["runs_again"] == 1
    Job.objects.filter(pk=run.job_id).update(state=JobState.FAILED)
    assert sweep()["runs_failed"] == 1
    assert make_labels(run_id=str(run.pk)) == {"skipped": 1}


REFUSED = [
    ({"kind": "doc", "count": 3}, 400, "unknown_word"),
    ({"kind": "csv", "count": 31}, 400, "too_few"),
    ({"kind": "csv", "count": 0}, 400, "out_of_range"),
    ({"kind": "csv", "numbers": [[30, 31]]}, 400, "out_of_range"),
    ({"kind": "csv"}, 400, "nothing_named"),
    ({"kind": "csv", "numbers": [[1, 2]], "lot": "X"}, 400, "unknown_field"),
    ({"kind": "csv", "numbers": [[4, 6]]}, 409, "serial_moved"),
    ({"kind": "csv", "pool": "x", "count": 1}, 400, "unknown_pool"),
    ({"kind": "csv", "pool": 5, "count": 1}, 400, "wrong_type"),
]


def test_an_order_that_cannot_be_prints_nothing(line, pool):
    line.move(pool, "destroyed", numbers=[[5, 5]], reason="torn")

    for body, status, code in REFUSED:
        answer = line.post("/label-runs", **({"pool": str(pool.pk)} | body))

        assert (answer.status, answer.json["code"]) == (status, code), body
    nameless = line.reserve(3)
    answer = line.post("/label-runs", kind="csv", pool=str(nameless.pk), count=1)
    assert (answer.status, answer.json["code"]) == (409, "lot_missing")
    answer = line.post("/label-runs", kind="csv", gtin=CARDIOL.gtin, lot="L1")
    assert (answer.status, answer.json["code"]) == (400, "unknown_batch")
    assert not LabelRun.objects.exists()
    assert line.counts(pool) == (29, 0, 0, 1)


def test_a_worker_that_dies_half_way_leaves_no_file(line, pool, monkeypatch):
    line.post("/label-runs", kind="csv", pool=str(pool.pk), count=3)
    run = LabelRun.objects.get()

    def die(*_args):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", die)
    with pytest.raises(OSError, match="disk full"):
        make_labels(run_id=str(run.pk))
    assert list(folder().iterdir()) == []
    monkeypatch.undo()

    Job.objects.filter(pk=run.job_id).update(lease_until=line.world.now())
    assert make_labels(run_id=str(run.pk)) == {"labels": 3}
    assert LabelRun.objects.get().state == "ready"
