"""Which service is asked when, and what the operator hears of it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from apps.anchoring import operations, queries, tasks
from apps.anchoring.models import AnchorState
from apps.ledger import operations as ledger
from tests.anchoring.tsa import grow, kinds

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_the_beat_asks_once_an_hour_if_anything_was_said(services, now):
    tsa = services.add("one")
    grow("lot A", now)
    operations.anchor_due(at=now)
    AnchorState.objects.update(stamped_at=now - HOUR + MINUTE)
    assert operations.anchor_due(at=now).stamped == ()

    grow("lot B", now)
    assert operations.anchor_due(at=now).stamped == ()
    assert len(tsa.asked) == 1

    assert operations.anchor_due(at=now + MINUTE).stamped == ("one",)
    assert len(tsa.asked) == 2


def test_one_that_is_down_delays_nobody_and_catches_up(services, log, now):
    services.add("one")
    down = services.add("two")
    down.end()
    grow("lot A", now)

    result = operations.anchor_due(at=now)

    assert result.stamped == ("one",)
    assert result.failed["two"].code == "tsa_silent"
    grow("lot B", now)
    assert kinds(log) == [1, 3, 1, 4, 3]
    state = AnchorState.objects.get(name="two")
    assert (state.failures, state.fault, state.stamped_at) == (1, "tsa_silent", None)


def test_retries_come_after_longer_and_longer_pauses(services, now):
    services.add("one").end()
    grow("lot A", now)
    tried = []
    for minute in range(130):
        at = now + minute * MINUTE
        if operations.anchor_due(at=at).failed:
            tried.append(minute)

    assert tried == [0, 1, 3, 7, 15, 31, 61, 91, 121]


def test_a_success_after_failures_clears_the_fault(services, now):
    tsa = services.add("one")
    tsa.answer = lambda query: (503, b"later")
    grow("lot A", now)
    operations.anchor_due(at=now)
    assert AnchorState.objects.get().fault == "tsa_declines"
    tsa.answer = tsa.honest

    operations.anchor_due(at=now + MINUTE)

    state = AnchorState.objects.get()
    assert (state.failures, state.fault, state.detail) == (0, "", "")
    assert queries.anchors_line(now + MINUTE).is_well


def test_late_is_an_alarm(services, now, caplog):
    services.add("one").end()
    grow("lot A", now)
    operations.anchor_due(at=now)
    assert queries.anchors_line(now + 2 * HOUR).is_well

    operations.anchor_due(at=now + 2 * HOUR + MINUTE)

    line = queries.anchors_line(now + 2 * HOUR + MINUTE)
    assert not line.is_well
    assert line.detail == "one: no stamp yet, tsa_silent, late"
    assert "CRITICAL" in {record.levelname for record in caplog.records}


def test_nothing_new_is_never_late(services, log, now):
    services.add("one")
    grow("lot A", now)
    operations.anchor_due(at=now)
    operations.sequence(at=now)

    line = queries.anchors_line(now + 100 * HOUR)

    assert line.is_well
    assert line.detail == "one: size 2 stamped 360000 s ago"


def test_without_a_service_all_is_well(settings, now, capsys):
    settings.ANCHOR_TSAS = ""
    grow("lot A", now)

    assert operations.anchor_due(at=now).stamped == ()
    line = queries.anchors_line(now)
    assert (line.is_well, line.detail) == (True, "no time stamps")
    call_command("anchor")
    assert "set ANCHOR_TSAS" in capsys.readouterr().out


def test_the_command_says_what_came_of_it(services, now, capsys):
    services.add("one")
    tsa = services.add("two")
    tsa.end()
    grow("lot A", now)

    with pytest.raises(CommandError, match="1 did not stamp"):
        call_command("anchor")
    said = capsys.readouterr()
    assert said.out == "one has stamped the head of size 2.\n"
    assert "two: tsa silent" in said.err


def test_the_command_has_nothing_to_do_twice(services, now, capsys):
    services.add("one")
    grow("lot A", now)
    call_command("anchor")
    call_command("anchor")

    assert "Nothing was said since" in capsys.readouterr().out


def test_a_ledger_in_quarantine_is_not_stamped(services, now):
    tsa = services.add("one")
    grow("lot A", now)
    ledger.quarantine(reason="a drill", at=now)

    with pytest.raises(Exception, match="quarantined"):
        operations.anchor_now(at=now)
    assert tsa.asked == []


def test_the_task_stamps_and_survives_what_stops_it(services, now):
    services.add("one")
    grow("lot A", now)

    assert tasks.anchor() == {"stamped": 1, "promised": 0, "failed": 0}
    assert tasks.anchor() == {"stamped": 0, "promised": 0, "failed": 0}
    ledger.quarantine(reason="a drill", at=now)
    assert tasks.anchor() == {"stamped": 0, "stopped": 1}


def test_the_page_of_the_ledger_tells_how_they_do(client, services, now):
    services.add("one")
    services.add("two").end()
    grow("lot A", now)
    operations.anchor_due(at=now)
    operations.sequence(at=now)

    rows = queries.list_anchor_rows(at=now)
    assert [(row.name, row.state, row.sentence) for row in rows] == [
        ("one", "go", "has stamped the checkpoint over 2 entries"),
        ("two", "think", "gave no stamp that counts (tsa_silent)"),
    ]
    late = queries.list_anchor_rows(at=now + 3 * HOUR)[1]
    assert late.sentence == "its stamp is more than 2 h late (tsa_silent)"
    page = client.get("/ledger").content.decode()
    assert rows[0].sentence in page
    assert rows[1].sentence in page
    entry = client.get("/ledger/entries/2").content.decode()
    assert 'href="/log/anchors/2.tsr"' in entry
    assert 'href="/log/anchors/2.json"' in entry
    assert "/log/anchors/" not in client.get("/ledger/entries/0").content.decode()


def test_the_page_of_the_ledger_says_when_there_are_none(client, settings, now):
    settings.ANCHOR_TSAS = ""
    grow("lot A", now)
    said = "No time stamps: when a checkpoint existed is the operator's word."

    assert said in client.get("/ledger").content.decode()
    settings.ANCHOR_TSAS = "/nowhere/tsas.toml"
    assert client.get("/ledger").status_code == 200
    health = client.get("/health")
    assert health.status_code == 503
    assert health.json()["checks"]["anchors"]["status"] == "fail"


def test_before_the_first_answer_nothing_is_said(services, now):
    services.add("one")

    assert operations.anchor_now(at=now).size == 0
    assert [row.sentence for row in queries.list_anchor_rows(at=now)] == [
        "has not stamped yet"
    ]
