"""The machine door of recalls: who gets what, and foreign is missing."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.partners.models import ReadAudit
from pharmatrace.demo.cast import (
    AMOXIL,
    LINDE,
    MARKT,
    NOVAMED,
    REGULATOR,
    STELLA,
    Player,
)
from tests.recalls.calls import answer, open_recall, recalled

LOT = {"gtin": AMOXIL.gtin, "lot": "A1"}


@pytest.fixture
def recall(stage):
    return recalled(stage)


@pytest.fixture
def ask(client, stage):
    def ask(player: Player, path: str, **asked: str):
        client.force_login(stage.actor(player).user)
        return client.get(f"/api/v1/{path}", asked)

    return ask


def read_csv(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def test_everybody_lists_what_concerns_them(recall, ask):
    found = {
        player.slug: [row["id"] for row in ask(player, "recalls").json()["results"]]
        for player in (NOVAMED, STELLA, REGULATOR, MARKT)
    }

    assert found == {
        "novamed": [recall.pk],
        "stella": [recall.pk],
        "regulator": [recall.pk],
        "markt": [],
    }


def test_a_holder_sees_the_recall_and_its_own_notice_and_no_other_holder(recall, ask):
    body = ask(STELLA, f"recalls/{recall.pk}").json()

    assert body["report"] is None
    (notice,) = body["notices"]
    assert (notice["lot"], notice["held"], notice["supplied"]) == ("A1", 6, 4)
    rows = ask(STELLA, f"recalls/{recall.pk}/affected").json()
    assert {row["holder"] for row in rows["results"]} == {STELLA.gln}
    assert rows["tally"]["total"] == 10


def test_the_opener_sees_all_holders_with_the_status_report(stage, recall, ask):
    answer(stage, recall, quarantined=6, supplied=4)

    body = ask(NOVAMED, f"recalls/{recall.pk}").json()

    report = body["report"]
    assert (report["notified"], report["responded"]) == (3, 1)
    assert report["tally"]["total"] == 100
    assert sum(report["tally"]["tiers"].values()) == 100
    assert body["changes"] == []


@pytest.mark.parametrize(
    "path", ["recalls/{}", "recalls/{}/affected", "recalls/{}/affected?format=csv"]
)
def test_to_a_stranger_foreign_and_missing_answer_the_same(recall, ask, path):
    foreign = ask(LINDE, path.format(recall.pk))
    missing = ask(LINDE, path.format("f" * 64))
    odd = ask(LINDE, path.format("nonsense"))

    assert [each.status_code for each in (foreign, missing, odd)] == [404, 404, 404]
    assert foreign.json() == missing.json()


def test_the_affected_units_come_in_pages(recall, ask):
    path = f"recalls/{recall.pk}/affected"

    first = ask(NOVAMED, path, limit="2").json()
    last = ask(NOVAMED, path, limit="2", offset="2").json()

    assert first["count"] == 4
    assert first["next"].endswith("?limit=2&offset=2")
    assert last["next"] is None
    counts = [row["count"] for row in first["results"] + last["results"]]
    assert counts == [70, 20, 6, 4]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"limit": "0"}, "out_of_range"),
        ({"limit": "501"}, "out_of_range"),
        ({"offset": "-1"}, "bad_number"),
        ({"offset": "٣"}, "bad_number"),
        ({"offset": "99999999"}, "out_of_range"),
    ],
)
def test_an_odd_page_is_refused(recall, ask, asked, code):
    answered = ask(NOVAMED, f"recalls/{recall.pk}/affected", **asked)

    assert (answered.status_code, answered.json()["code"]) == (400, code)


def test_the_table_is_csv_by_name_or_by_accept(recall, ask, client):
    path = f"recalls/{recall.pk}/affected"

    named = ask(NOVAMED, path, format="csv")
    accepted = client.get(f"/api/v1/{path}", headers={"Accept": "text/csv"})

    for answered in (named, accepted):
        assert answered["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answered["Content-Disposition"]
        lines = read_csv(answered)
        assert [line[6] for line in lines] == ["packs", "70", "20", "6", "4"]


def test_the_table_lists_serials_if_asked(recall, ask):
    lines = read_csv(
        ask(STELLA, f"recalls/{recall.pk}/affected", format="csv", serials="1")
    )

    assert lines[0][-1] == "serial"
    assert {line[-1] for line in lines[1:]} == {f"S{n:06}" for n in range(10)}


def test_an_unknown_format_is_not_offered(recall, ask):
    assert (
        ask(NOVAMED, f"recalls/{recall.pk}/affected", format="xml").status_code == 404
    )


def test_what_a_regulator_reads_is_written_down_and_what_others_read_is_not(
    recall, ask
):
    ask(NOVAMED, "recall-query", **LOT)
    assert ReadAudit.objects.count() == 0

    ask(REGULATOR, "recalls")
    ask(REGULATOR, f"recalls/{recall.pk}")
    ask(REGULATOR, f"recalls/{recall.pk}/affected")
    ask(REGULATOR, "recall-query", **LOT)
    ask(REGULATOR, "trace", **LOT)

    assert list(ReadAudit.objects.order_by("pk").values_list("action", "subject")) == [
        ("recalls.list", ""),
        ("recalls.read", recall.pk),
        ("recalls.affected", recall.pk),
        ("recalls.query", f"gtin={AMOXIL.gtin} lot=A1"),
        ("trace.read", f"gtin={AMOXIL.gtin} lot=A1"),
    ]


def test_a_trace_names_who_held_what(recall, ask):
    body = ask(NOVAMED, "trace", **LOT, serial="S000000").json()

    assert [edge["rule"] for edge in body["edges"]] == [
        *("commissioning", "shipping", "receiving"),
        *("shipping", "receiving", "supplying"),
    ]
    assert body["edges"][0]["source"] == ""
    assert body["edges"][-1]["target"] == STELLA.gln
    assert body["is_complete"] is True


def test_a_trace_of_a_foreign_lot_is_missing(recall, ask):
    foreign = ask(LINDE, "trace", **LOT)
    missing = ask(LINDE, "trace", gtin=AMOXIL.gtin, lot="NONE")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json() == missing.json()
    assert ask(LINDE, "trace", gtin=AMOXIL.gtin).json()["field"] == "lot"


def test_a_stranger_asks_in_vain(client, recall):
    for path in ("recalls", f"recalls/{recall.pk}", "recall-query", "trace"):
        assert client.get(f"/api/v1/{path}").status_code == 401


def test_the_list_costs_the_same_for_many_recalls(stage, recall, ask, client):
    counts = []
    ask(NOVAMED, "recalls")
    for listed in (1, 4):
        with CaptureQueriesContext(connection) as queries:
            body = client.get("/api/v1/recalls").json()
        assert len(body["results"]) == listed
        counts.append(len(queries))
        for _ in range(3):
            open_recall(stage)

    assert counts[0] == counts[1] <= 8
