"""Pools from the reservation to the signed lot, and every move that is refused."""

import pytest

from apps.catalog.models import Batch
from apps.custody.models import SerialNumber, Staging
from apps.intake.models import Upload
from apps.jobs.models import Job, JobState, Outbox
from apps.packaging.operations import generating
from apps.packaging.tasks import generate_pool
from apps.pools.formats import ALPHABET
from apps.pools.models import Pool, PoolChunk, PoolClaim, PoolMove
from pharmatrace.fsck.pools import check_pools
from tests.cast import AMOXIL, CARDIOL, NOVAMED, TRANSPHARM
from tests.intake.world import EXPIRY
from tests.journeys.api_client import ApiClient
from tests.packaging.line import SITE


def csv(*serials):
    return "\n".join(("serial", *serials, "")).encode()


def test_a_pool_is_made_by_its_job(line):
    answer = line.post("/pools", gtin=AMOXIL.gtin, size=2_500)

    assert (answer.status, answer.json["state"]) == (202, "generating")
    assert answer.headers["Location"] == f"/api/v1/pools/{answer.json['id']}"
    assert not PoolChunk.objects.exists()

    assert line.work() == [{"serials": 2_500}]
    body = line.api.get(answer.headers["Location"]).json
    pool = Pool.objects.get()
    serials = line.serials(pool)
    assert (body["state"], body["reserved"], body["length"]) == ("open", 2_500, 16)
    assert int(body["guess_odds"]) == 30**16 // 2_500
    assert len(set(serials)) == 2_500
    assert {len(serial) for serial in serials} == {16}
    assert set("".join(serials)) == set(ALPHABET)
    assert PoolChunk.objects.count() == 3


def test_the_job_run_twice_makes_the_serials_once(line):
    pool = line.reserve(5)
    before = line.serials(pool)

    assert generate_pool(pool_id=str(pool.pk)) == {"skipped": 1}
    assert line.serials(pool) == before


def test_a_dead_worker_s_pool_is_made_by_the_next(line, monkeypatch):
    line.post("/pools", gtin=AMOXIL.gtin, size=5)
    pool = Pool.objects.get()
    keep = generating.pools.keep_serials

    def die(**kwargs):
        keep(**kwargs)
        raise OSError("disk full")

    monkeypatch.setattr(generating.pools, "keep_serials", die)
    with pytest.raises(OSError, match="disk full"):
        generate_pool(pool_id=str(pool.pk))
    assert not PoolChunk.objects.exists()

    monkeypatch.undo()
    Job.objects.update(lease_until=line.world.now())
    assert generate_pool(pool_id=str(pool.pk)) == {"serials": 5}


def test_a_pool_that_nobody_makes_is_given_up(line):
    line.post("/pools", gtin=AMOXIL.gtin, size=5)
    Job.objects.update(state=JobState.FAILED)

    at = line.world.now()
    assert generating.sweep_pools(at=at) == {"pools_failed": 1, "pools_again": 0}
    assert Pool.objects.get().state == "failed"
    assert generate_pool(pool_id=str(Pool.objects.get().pk)) == {"skipped": 1}


def test_serials_that_anybody_has_are_replaced(line, monkeypatch):
    first = line.reserve(3)
    line.world.commission(line.world.check(csv("S2345678S2345678")))
    line.world.check(csv("W2345678W2345678"), lot="B1")
    taken = [*line.serials(first), "S2345678S2345678", "W2345678W2345678"]
    fresh = [f"FRESH234567{n:05}".replace("0", "2").replace("1", "3") for n in (22, 23)]
    assert len(set(fresh)) == 2

    draws = [
        iter([*taken, fresh[0]]),
        iter([taken[0], *(f"N234567N2345678{c}" for c in "ABCDEFG")]),
    ]
    monkeypatch.setattr(generating, "draw_serials", lambda **_: draws.pop(0))
    second = line.reserve(6)

    serials = line.serials(second)
    assert len(set(serials)) == 6
    assert not set(serials) & set(taken)


WISHES = [
    ({"size": 0}, "out_of_range", "size"),
    ({"size": 1_000_001}, "out_of_range", "size"),
    ({"size": "5"}, "wrong_type", "size"),
    ({"size": 5, "length": 8}, "guessable", "length"),
    ({"size": 1_000_000, "length": 12}, "guessable", "length"),
    ({"size": 5, "length": 21}, "out_of_range", "length"),
    ({"size": 5, "lot": "A B", "expiry_date": EXPIRY}, "bad_character", "lot"),
    ({"size": 5, "lot": "A1"}, "missing_field", "expiry_date"),
    ({"size": 5, "lot": "A1", "expiry_date": "2020-01-01"}, "expiry_in_past", "expiry_date"),
    ({"size": 5, "gtin": CARDIOL.gtin[:-1] + "9"}, "bad_check_digit", "gtin"),
    ({"size": 5, "colour": "red"}, "unknown_field", "colour"),

]  # fmt: skip


def test_a_wish_that_cannot_be_is_refused(line):
    for body, code, field in WISHES:
        answer = line.post("/pools", **({"gtin": AMOXIL.gtin} | body))

        assert answer.status == 400, answer.body
        assert (answer.json["code"], answer.json["field"]) == (code, field), body
    assert not Pool.objects.exists()
    assert not Outbox.objects.filter(task="packaging.generate_pool").exists()


def test_each_pool_counts_the_serials_that_were_reserved_before(line, monkeypatch):
    monkeypatch.setattr("apps.pools.formats.ODDS", 30**11)
    line.reserve(20, length=13)

    assert line.post("/pools", gtin=AMOXIL.gtin, size=900, length=13).status == 400
    assert line.post("/pools", gtin=AMOXIL.gtin, size=880, length=13).status == 202
    assert line.post("/pools", gtin=CARDIOL.gtin, size=900, length=13).status == 202


def test_another_s_product_and_another_s_pool_are_not_there(line):
    pool = line.reserve(3)
    other = ApiClient.of(line.world.stage, TRANSPHARM)
    body = f'{{"gtin":"{AMOXIL.gtin}","size":5}}'.encode()

    assert other.post("/api/v1/pools", body).json["code"] == "unknown_product"
    assert other.get("/api/v1/pools").json["results"] == []
    for path in ("", "/moves", "/uploads"):
        address = f"/api/v1/pools/{pool.pk}{path}"
        answer = other.post(address, b"{}") if path else other.get(address)
        assert answer.status == 404
    assert Pool.objects.count() == 1


def test_printed_serials_become_a_lot_by_one_signature(line):
    pool = line.reserve(10)
    line.print(pool, 1, 8)

    upload = line.staged(pool, numbers=[[1, 6]])
    assert (upload.state, upload.rows_done) == ("staged", 6)
    assert line.counts(pool) == (2, 8, 0, 0)
    answer = line.world.commission(upload)

    assert answer.status == 201
    assert line.counts(pool) == (2, 2, 6, 0)
    assert set(SerialNumber.objects.values_list("serial", flat=True)) == set(
        line.serials(pool)[:6]
    )
    assert not PoolClaim.objects.exists()
    newest = PoolMove.objects.latest("pk")
    assert (newest.kind, newest.count) == ("commissioned", 6)
    assert newest.ref == answer.json["statement_id"]
    assert list(check_pools()) == []


def test_a_line_s_own_file_of_printed_serials_is_taken_from_the_pool(line):
    pool = line.reserve(4)
    line.print(pool, 1, 2)

    upload = line.world.check(csv(*line.serials(pool)[:2], "OWN1"))
    line.world.commission(upload)

    assert Batch.objects.get().size == 3
    assert line.counts(pool) == (2, 0, 2, 0)


def test_a_serial_that_its_pool_does_not_give_away_is_refused_by_line(line):
    pool = line.reserve(5, lot="B1", expiry_date=EXPIRY)
    line.print(pool, 1, 3)
    line.move(pool, "destroyed", numbers=[[3, 3]], reason="smeared")
    one, two, spoilt, fresh, _ = line.serials(pool)

    upload = line.world.check(csv("OWN1", spoilt, one, fresh))

    assert upload.state == "refused"
    errors = upload.errors.order_by("line_no")
    assert [(e.line_no, e.code) for e in errors] == [
        (3, "serial_of_pool"),
        (4, "serial_of_pool"),
        (5, "serial_of_pool"),
    ]
    assert [e.got.partition(", ")[2] for e in errors] == [
        "destroyed",
        "of lot B1",
        "reserved",
    ]
    assert not Staging.objects.exists()
    assert line.counts(pool) == (2, 2, 0, 1)
    # The same serial is a serial of that pool where the lot is right.
    assert line.world.check(csv(two), lot="B1").state == "staged"


def test_a_serial_waits_in_one_upload_only(line):
    pool = line.reserve(3)
    line.print(pool, 1, 3)
    upload = line.staged(pool, numbers=[[1, 2]])

    again = line.commission(pool, numbers=[[2, 3]])
    assert (again.status, again.json["code"]) == (409, "serial_moved")
    spoilt = line.move(pool, "destroyed", numbers=[[2, 2]], reason="torn")
    assert (spoilt.status, spoilt.json["code"]) == (409, "serial_waits")
    closed = line.move(pool, "closed", reason="over")
    assert (closed.status, closed.json["code"]) == (409, "serial_waits")
    other = line.world.check(csv(line.serials(pool)[1]), lot="B9")
    assert [e.code for e in other.errors.all()] == ["serial_of_pool"]
    assert line.counts(pool) == (0, 3, 0, 0)

    line.api.delete(f"/api/v1/uploads/{upload.pk}")
    assert line.move(pool, "destroyed", numbers=[[2, 2]], reason="torn").status == 200
    assert line.counts(pool) == (0, 2, 0, 1)


def test_a_closed_pool_is_destroyed_and_moves_no_more(line):
    pool = line.reserve(5)
    line.print(pool, 1, 2)

    assert line.move(pool, "closed", reason="product ended").status == 200
    assert line.counts(pool) == (0, 0, 0, 5)
    assert line.move(pool, "printed", numbers=[[3, 3]]).json["code"] == "pool_not_open"
    assert line.commission(pool).json["code"] == "pool_not_open"
    upload = line.world.check(csv(line.serials(pool)[4]))
    assert [e.code for e in upload.errors.all()] == ["serial_of_pool"]
    assert Upload.objects.exclude(state="refused").count() == 0


def test_a_pool_is_commissioned_for_its_own_lot_only(line):
    pool = line.reserve(3)
    assert line.move(pool, "named", lot="L7", expiry_date=EXPIRY).status == 200
    assert line.commission(pool).json["code"] == "other_lot"
    assert line.commission(pool, lot="L7").json["code"] == "nothing_named"
    line.print(pool, 1, 3)

    answer = line.post(f"/pools/{pool.pk}/uploads", site=SITE)

    assert answer.status == 202
    assert Upload.objects.get().lot == "L7"


def test_what_a_pool_says_otherwise_than_the_registry_is_found(line):
    pool = line.reserve(4)
    line.print(pool, 1, 4)
    line.world.commission(line.staged(pool, numbers=[[1, 2]]))
    assert list(check_pools()) == []

    SerialNumber.objects.filter(serial=line.serials(pool)[0]).delete()
    assert [finding.code for finding in check_pools()] == ["pool_differs"]
    Pool.objects.update(printed_count=0)
    assert {finding.code for finding in check_pools()} == {
        "pool_counts_differ",
        "pool_differs",
    }


def test_a_member_who_may_not_sign_moves_nothing(line):
    from apps.partners.models import MemberRole

    pool = line.reserve(3)
    reader = ApiClient.of(line.world.stage, NOVAMED, role=MemberRole.MEMBER)
    path = f"/api/v1/pools/{pool.pk}"

    assert reader.get(path).status == 200
    assert reader.post("/api/v1/pools", b"{}").status == 403
    assert reader.post(f"{path}/moves", b"{}").status == 403
    assert reader.post(f"{path}/uploads", b"{}").status == 403
