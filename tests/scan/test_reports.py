"""A verdict that says "report it" has the button, and the report is read by people."""

import pytest

from apps.alerts.models import Alert
from pharmatrace.demo.cast import LINDE, REGULATOR, STELLA
from tests.scan.packs import code

UNKNOWN = code("ZZZ9")


@pytest.fixture
def login(chain, client):
    def as_player(player, person=None):
        client.force_login(chain.stage.actor(player, person).user)
        return client

    return as_player


def part_of(client, text):
    return client.get("/scan", {"code": text}).context["page"].verdict


def test_an_unknown_serial_leads_to_its_report(login):
    client = login(STELLA)
    part = part_of(client, UNKNOWN)

    assert part.next_label == "Report this code"
    page = client.get(part.next_url)
    assert page.context["page"].band.word == "Hold"
    assert "the maker is not told" in page.content.decode()


@pytest.mark.parametrize("changes", [{"expiry": "300228"}, {"lot": "B999"}])
def test_a_pack_that_differs_is_put_on_hold_by_its_holder(chain, login, changes):
    client = login(STELLA)
    part = part_of(client, chain.code(0, **changes))

    assert part.next_label == "Put this pack on hold"
    assert part.others == []
    step = client.get(part.next_url).context["page"].step
    chain.stage.act(STELLA, step.wish)
    assert part_of(client, chain.code(0, **changes)).next_label == "Report this code"


def test_who_does_not_hold_it_may_only_report_it(chain, login):
    part = part_of(login(LINDE), chain.code(0, lot="B999"))

    assert (part.next_label, part.others) == ("Report this code", [])


def test_a_pack_that_is_elsewhere_leads_to_its_despatch(chain, login):
    part = part_of(login(LINDE), chain.code(0))

    assert (part.next_url, part.next_label) == ("/receive", "Look for its despatch")


def test_the_regulator_has_nobody_to_report_to(login):
    part = part_of(login(REGULATOR), UNKNOWN)

    assert (part.next_url, part.next_label) == ("", "")
    answer = login(REGULATOR).get("/scan/report", {"code": UNKNOWN})
    assert answer.status_code == 404


def test_a_report_is_read_by_the_reporter_and_the_regulator(chain, login):
    sent = {"code": UNKNOWN, "reason": "The seal is broken"}
    answer = login(STELLA).post("/scan/report", sent, follow=True)

    assert "The regulator reads it under Alerts" in answer.content.decode()
    alert = Alert.objects.get(kind="scan_reported")
    assert (alert.partner.gln, alert.subject, alert.rule) == (STELLA.gln, "ZZZ9", "A3")
    for player, is_told in ((STELLA, True), (REGULATOR, True), (LINDE, False)):
        body = login(player).get("/alerts").content.decode()
        assert ("The seal is broken" in body) is is_told
        assert ("Somebody reported a code" in body) is is_told


def test_the_same_report_twice_is_one_alert(login):
    client = login(STELLA)
    for _ in range(2):
        client.post("/scan/report", {"code": UNKNOWN, "reason": "The seal is broken"})

    assert Alert.objects.get(kind="scan_reported").times == 2


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_report_without_a_reason_notes_nothing(login, reason):
    answer = login(STELLA).post("/scan/report", {"code": UNKNOWN, "reason": reason})

    assert b'aria-invalid="true"' in answer.content
    assert UNKNOWN.replace("\x1d", "") in answer.content.decode().replace("\x1d", "")
    assert Alert.objects.count() == 0


def test_without_a_code_there_is_no_report(login):
    assert login(STELLA).get("/scan/report").status_code == 404
    assert login(STELLA).post("/scan/report", {"reason": "x"}).status_code == 404
