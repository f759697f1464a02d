"""GET /api/v1/verify: the answer, the audit, the limits, the refusals."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.alerts.models import Alert
from apps.partners import operations
from apps.partners.models import MemberRole
from apps.scan.api import VerifyThrottle
from apps.scan.models import Scan
from apps.scan.operations import record_scan
from pharmatrace.demo.cast import LINDE, NOVAMED, REGULATOR, STELLA
from tests.scan.packs import GS, LOT, code

URL = "/api/v1/verify"
MEMBERS = {
    "verdict", "code", "product", "lot", "expiry_date", "serial", "is_recalled",
    "receipt", "proof", "answer", "gtin", "reason", "next_step", "alert_code", "proposal", "timeline",
}  # fmt: skip


@pytest.fixture
def stella(chain, client):
    client.force_login(chain.actor(STELLA).user)
    return client


def ask(client, text):
    answer = client.get(URL, {"code": text})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_answer_has_exactly_these_members(chain, stella):
    answer = ask(stella, chain.code(0))

    assert set(answer) == MEMBERS
    assert set(answer["timeline"][0]) == {
        "party", "what", "at", "is_you", "is_inferred", "statement_id",
    }  # fmt: skip


def test_a_pack_at_hand(chain, stella):
    answer = ask(stella, chain.code(0))

    assert {
        name: answer[name]
        for name in MEMBERS - {"timeline", "receipt", "proof", "answer"}
    } == {
        "verdict": "dispense",
        "code": "genuine_in_date_yours",
        "product": "Amoxil 500 mg · 24 capsules",
        "gtin": "09521568251204",
        "lot": LOT,
        "expiry_date": "2029-02-28",
        "serial": chain.names[0],
        "is_recalled": False,
        "reason": "Genuine, in date, yours.",
        "next_step": "Sign to supply it.",
        "alert_code": None,
        "proposal": None,
    }


def test_the_receipt_is_that_of_the_last_step_the_asker_knows(chain, client):
    _, sale = chain.deliver([chain.epc(8)])
    received = chain.do(STELLA, "hold", items=[chain.epc(8)])
    client.force_login(chain.actor(STELLA).user)

    answer = ask(client, chain.epc(8))

    # A hold moves nothing: the last link is the receipt of the goods.
    assert answer["code"] == "on_hold"
    assert set(answer["receipt"]) == {"payload", "payloadType", "signatures"}
    assert answer["timeline"][-1]["statement_id"] not in {sale, received.statement_id}


def test_a_stranger_to_the_pack_gets_no_receipt(chain, client):
    client.force_login(chain.actor(LINDE).user)

    answer = ask(client, chain.code(0))

    assert (answer["code"], answer["receipt"], answer["timeline"]) == (
        "not_in_your_custody",
        None,
        [],
    )


def test_every_verdict_is_kept_with_the_raw_code(chain, stella):
    ask(stella, chain.code(0))
    ask(stella, "hello")

    rows = list(Scan.objects.order_by("pk").values_list("raw", "verdict", "code"))
    assert rows == [
        (chain.code(0), "dispense", "genuine_in_date_yours"),
        ("hello", "ask", "unreadable"),
    ]
    first = Scan.objects.earliest("pk")
    assert (first.gtin, first.lot, first.serial) == (
        "09521568251204",
        LOT,
        chain.names[0],
    )
    assert (first.partner.gln, first.user) == (STELLA.gln, chain.actor(STELLA).user)


def test_a_machine_asks_with_its_token(chain, client):
    _, secret = operations.create_token(
        actor=chain.actor(STELLA),
        name="till",
        role=MemberRole.MEMBER,
        at=chain.stage.at,
    )

    answer = client.get(
        URL, {"code": chain.code(0)}, headers={"Authorization": f"Bearer {secret}"}
    )

    assert answer.json()["verdict"] == "dispense"


@pytest.mark.parametrize("query", ["", "?code=", "?code=%20", "?code=%1D", "?other=1"])
def test_nothing_to_read_is_refused(stella, query):
    answer = stella.get(URL + query)

    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == ("empty", "code")
    assert Scan.objects.count() == 0


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("code=" + "A" * 2_049, "too_long"),
        ("code=a%00b", "bad_text"),
        ("code=%ff%fe", "bad_text"),
    ],
)
def test_what_is_no_scan_at_all_is_refused(stella, query, wanted):
    answer = stella.get(f"{URL}?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] == wanted
    assert Scan.objects.count() == 0


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "\u202e01", "<script>", "%s", "A" * 2_048]
)
def test_hostile_text_is_answered_with_ask(stella, text):
    answer = ask(stella, text)

    assert (answer["verdict"], answer["code"]) == ("ask", "unreadable")


def test_strangers_are_sent_away(chain, client):
    answer = client.get(URL, {"code": chain.code(0)})

    assert answer.status_code == 401
    assert Scan.objects.count() == 0


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_only_answers_questions(stella, method):
    assert getattr(stella, method)(URL).status_code == 405


def test_guessing_is_limited(chain, stella, monkeypatch):
    monkeypatch.setattr(VerifyThrottle, "limit", 3)
    seen = [stella.get(URL, {"code": code(f"X{n}")}).status_code for n in range(5)]

    assert seen == [200, 200, 200, 429, 429]
    assert Scan.objects.count() == 3


def test_a_scan_asks_the_database_twice(chain, stella):
    """Beside who asks, and the row that says so; a second scan is what counters do."""
    ask(stella, chain.code(0))
    with CaptureQueriesContext(connection) as asked:
        ask(stella, chain.code(1))

    own = ("django_session", "partners_user", "partners_membership", "INSERT INTO")
    texts = [query["sql"] for query in asked]
    assert len([text for text in texts if not any(name in text for name in own)]) <= 2
    assert len(texts) <= 6


class TestAlerts:
    """A scan that a European repository would raise an alert for."""

    def record(self, chain, text, player):
        verdict = chain.scan(text, player)
        record_scan(
            code=text, verdict=verdict, actor=chain.actor(player), at=chain.stage.at
        )

    def kinds(self):
        return list(Alert.objects.values_list("kind", "rule", "partner__gln", "times"))

    def test_a_supplied_pack_seen_elsewhere_is_one_alert_however_often(self, chain):
        chain.do(STELLA, "dispense", items=[chain.epc(0)])

        self.record(chain, chain.code(0), LINDE)
        self.record(chain, chain.code(0), LINDE)

        assert self.kinds() == [("scan_already_dispensed", "A7", LINDE.gln, 2)]

    def test_ones_own_double_scan_accuses_nobody(self, chain):
        chain.do(STELLA, "dispense", items=[chain.epc(0)])

        self.record(chain, chain.code(0), STELLA)

        assert self.kinds() == []

    def test_an_unknown_pack_counts_only_from_a_whole_code(self, chain):
        self.record(chain, code("NOSUCH1"), STELLA)
        self.record(chain, "https://id.gs1.org/01/09521568251204/21/TYPO", STELLA)

        assert self.kinds() == [("scan_unknown", "A3", STELLA.gln, 1)]

    def test_a_wrong_lot_is_an_alert(self, chain):
        self.record(chain, chain.code(0, lot="B9"), STELLA)

        assert self.kinds() == [("scan_lot_differs", "A68", STELLA.gln, 1)]

    @pytest.mark.parametrize("text", ["hello", f"0109521568251204{GS}"])
    def test_the_scanners_doubt_is_none(self, chain, text):
        self.record(chain, text, STELLA)

        assert self.kinds() == []

    def test_a_regulators_look_is_none(self, chain):
        chain.do(NOVAMED, "stolen", items=[chain.epc(11)])

        self.record(chain, chain.code(11), REGULATOR)

        assert self.kinds() == []


def test_the_address_has_its_name():
    assert reverse("verify") == URL
