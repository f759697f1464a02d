"""Anchors in two steps: promised in one round, kept in a later one, from rows alone."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.management import CommandError, call_command

from apps.anchoring import operations, queries
from apps.anchoring.clients.anchors import Promise, Stamp, Withdrawn
from apps.anchoring.models import AnchorPromise, AnchorState, AnchorToken
from apps.core.errors import ProofError, Unavailable
from apps.ledger import operations as ledger
from tests.anchoring.notary import HOUR, MINUTE, Notary, asked, notary
from tests.anchoring.tsa import grow, kinds

__all__ = ["notary"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_promise_is_a_row_and_no_token(notary, log, now):
    grow("lot A", now)
    notary.says = [5 * MINUTE]

    result = operations.anchor_due(at=now)

    assert (result.stamped, result.failed) == ((), {})
    assert result.promised == {"old": "in line"}
    row = AnchorPromise.objects.get()
    assert (row.name, row.kind, row.tree_size, row.version) == ("old", "note", 2, 0)
    assert (bytes(row.state), row.begun_at) == (b"state 1", now)
    assert not AnchorToken.objects.exists()
    operations.sequence(at=now)
    assert kinds(log) == [1, 3]


def test_a_promise_is_kept_for_the_head_it_was_made_for(notary, log, now):
    grow("lot A", now)
    notary.says = [5 * MINUTE, "stamp"]
    operations.anchor_due(at=now)
    grow("lot B", now)
    assert operations.anchor_due(at=now + 4 * MINUTE).stamped == ()

    result = operations.anchor_due(at=now + 5 * MINUTE)
    operations.sequence(at=now)

    assert result.stamped == ("old",)
    assert asked() == ["stamp", "resume"]
    assert Notary.asked[1] == ("state", b"state 1")
    assert Notary.asked[0][1] == Notary.asked[2][1]  # the same text of a head
    token = AnchorToken.objects.get()
    assert (token.tree_size, token.stamped_at) == (2, now + 4 * MINUTE)
    assert not AnchorPromise.objects.exists()
    assert kinds(log) == [1, 3, 1, 3, 4, 3]
    receipt = json.loads((log / "anchors/4.json").read_bytes())
    assert receipt["facts"] == {"page": 7}
    assert receipt["token"] == sha256(bytes(token.token)).hexdigest()
    assert (log / "anchors/4.note").read_bytes() == bytes(token.token)


def test_nothing_new_is_asked_for_while_a_promise_is_open(notary, now):
    grow("lot A", now)
    notary.says = [9 * HOUR]
    operations.anchor_due(at=now)
    grow("lot B", now)

    operations.anchor_due(at=now + 8 * HOUR)

    assert asked() == ["stamp"]


def test_a_promise_that_wants_a_look_at_once_gets_it_after_it_is_stored(notary, now):
    grow("lot A", now)
    notary.says = [timedelta(0)] * 4

    operations.anchor_due(at=now)

    assert asked() == ["stamp", "resume"]  # then the round is over
    row = AnchorPromise.objects.get()
    assert (row.version, row.begun_at) == (1, now)
    assert operations.anchor_due(at=now).promised == {"old": "in line"}
    assert asked() == ["stamp", "resume", "resume", "resume"]


def test_the_next_hour_counts_from_the_stamp(notary, now):
    grow("lot A", now)
    notary.says = [timedelta(0), "stamp", "stamp"]
    operations.anchor_due(at=now)
    grow("lot B", now)

    assert operations.anchor_due(at=now + 3 * HOUR - MINUTE).stamped == ()
    assert operations.anchor_due(at=now + 3 * HOUR).stamped == ("old",)


def test_a_look_that_fails_leaves_the_promise_and_is_repeated_later(notary, now):
    grow("lot A", now)
    fault = Unavailable("calendar_silent")
    notary.says = [timedelta(0), fault, fault, "stamp"]
    operations.anchor_due(at=now)

    assert AnchorPromise.objects.get().version == 0
    state = AnchorState.objects.get()
    assert (state.failures, state.fault) == (1, "calendar_silent")
    assert operations.anchor_due(at=now + MINUTE).failed["old"] is fault
    assert operations.anchor_due(at=now + 2 * MINUTE) == operations.Anchored(2)
    assert operations.anchor_due(at=now + 3 * MINUTE).stamped == ("old",)
    state = AnchorState.objects.get()
    assert (state.failures, state.fault) == (0, "")


def test_a_promise_that_is_withdrawn_is_followed_by_a_new_one(notary, now):
    grow("lot A", now)
    notary.says = [HOUR, Withdrawn(ProofError("promise_forgotten")), HOUR]
    operations.anchor_due(at=now)
    grow("lot B", now)

    assert operations.anchor_due(at=now + HOUR).failed["old"].code
    assert not AnchorPromise.objects.exists()
    assert not AnchorToken.objects.exists()
    operations.anchor_due(at=now + HOUR + MINUTE)
    assert AnchorPromise.objects.get().tree_size == 4  # the newest head


def test_late_counts_until_the_stamp_and_by_its_own_period(notary, now, caplog):
    grow("lot A", now)
    notary.says = [100 * HOUR, Unavailable("calendar_silent")]
    operations.anchor_due(at=now)

    assert queries.anchors_line(now + 48 * HOUR).is_well
    line = queries.anchors_line(now + 48 * HOUR + MINUTE)
    assert not line.is_well
    assert line.detail == "old: no stamp yet, size 2 on its way: in line, late"
    operations.anchor_now(at=now + 49 * HOUR)
    assert "CRITICAL" in {record.levelname for record in caplog.records}
    row = queries.list_anchor_rows(at=now + 49 * HOUR)[0]
    assert row.sentence == "its stamp is more than 48 h late (calendar_silent)"


def test_pages_and_command_say_what_is_on_its_way(notary, client, now, capsys):
    grow("lot A", now)
    notary.says = [HOUR, HOUR, "stamp"]
    call_command("anchor")
    assert capsys.readouterr().out == "old has promised a stamp: in line.\n"

    page = client.get("/ledger").content.decode()
    said = "its stamp of the checkpoint over 2 entries is on its way (in line)"
    assert f"has not stamped yet · {said}" in page
    call_command("anchor")  # asks before the hour is over
    capsys.readouterr()
    call_command("anchor")
    assert capsys.readouterr().out == "old has stamped the head of size 2.\n"


def test_the_command_fails_where_a_promise_is_withdrawn(notary, now, capsys):
    grow("lot A", now)
    notary.says = [HOUR, Withdrawn(ProofError("promise_forgotten"))]
    call_command("anchor")

    with pytest.raises(CommandError, match="1 did not stamp"):
        call_command("anchor")
    assert "promise forgotten" in capsys.readouterr().err


def test_a_promise_for_a_head_that_is_gone_is_a_breach(notary, now):
    grow("lot A", now)
    notary.says = [HOUR]
    operations.anchor_due(at=now)
    AnchorPromise.objects.update(tree_size=7)

    result = operations.anchor_now(at=now)

    assert result.failed["old"].code == "unknown_head"
    assert asked() == ["stamp"]


def test_a_service_of_another_kind_under_the_same_name_begins_anew(
    notary, settings, tmp_path, now
):
    settings.ANCHOR_KINDS |= {"tone": "tests.anchoring.notary.Notary"}
    grow("lot A", now)
    notary.says = [HOUR, HOUR]
    operations.anchor_due(at=now)
    (tmp_path / "services.toml").write_text("[old]\nkind = 'tone'\nurl = 'x'\n")

    operations.anchor_due(at=now)

    assert asked() == ["stamp", "stamp"]
    assert AnchorPromise.objects.get().kind == "tone"


def test_a_ledger_in_quarantine_is_not_looked_after(notary, now):
    grow("lot A", now)
    notary.says = [timedelta(0)] * 3
    operations.anchor_due(at=now)
    count = len(asked())
    ledger.quarantine(reason="a drill", at=now)

    with pytest.raises(Unavailable, match="quarantined"):
        operations.anchor_now(at=now)
    assert len(asked()) == count


def test_a_service_that_cannot_be_opened_keeps_its_promise(notary, settings, now):
    grow("lot A", now)
    notary.says = [HOUR]
    operations.anchor_due(at=now)
    settings.ANCHOR_KINDS = {"note": "tests.nowhere.open_notary"}

    result = operations.anchor_now(at=now)

    assert result.failed["old"].code == "anchors_unusable"
    assert AnchorPromise.objects.get().version == 0


def test_a_note_that_is_too_long_is_cut(notary, now):
    grow("lot A", now)
    notary.says = [Promise(b"s", now + HOUR, "x" * 500)]
    operations.anchor_due(at=now)

    assert AnchorPromise.objects.get().note == "x" * 120


def test_a_stamp_without_a_time_has_none_in_its_receipt(notary, log, now):
    grow("lot A", now)
    notary.says = [Stamp(b"token", None)]

    operations.anchor_due(at=now)
    operations.sequence(at=now)

    assert AnchorToken.objects.get().stamped_at is None
    receipt = json.loads((log / "anchors/2.json").read_bytes())
    assert not {"stamped_ms", "facts"} & receipt.keys()
