"""Goods through the machine door: one event, a file of events, their bytes back."""

import hashlib
import json
from base64 import b64decode

import pytest

from apps.alerts.models import Alert
from apps.core.gs1.keys import compute_check_digit
from apps.custody.models import Container, Event, Holding
from apps.custody.references import events_of
from apps.ledger.models import Statement
from tests.cast import AMOXIL, NOVAMED, TRANSPHARM
from tests.intake.conftest import keyring, world
from tests.intake.world import serials
from tests.journeys.api_client import ApiClient

__all__ = ["keyring", "world"]

_HOME = {"site": NOVAMED.sites[0].gln}


def _box(number):
    """An SSCC of Novamed's."""
    payload = f"09521568{number:09d}"
    return f"(00){payload}{compute_check_digit(payload)}"


def _pack(number):
    return f"(01){AMOXIL.gtin}(21)S{number:08d}"


@pytest.fixture
def goods(world):
    """Ten packs at Novamed."""
    answer = world.commission(world.check(serials(10)))
    assert answer.status == 201
    return world


def _case_of(*numbers):
    """A new case with packs in it, as one file of events."""
    case = _box(1)
    return {
        "kind": "events",
        "events": [
            {"kind": "event", "step": "new_container", "container": case, **_HOME},
            {
                "kind": "event",
                "step": "pack",
                "container": case,
                "items": [_pack(number) for number in numbers],
                **_HOME,
            },
        ],
    }


def _ship(*items):
    return {
        "kind": "event",
        "step": "ship",
        "items": list(items),
        "to": {"gln": TRANSPHARM.gln, "site": TRANSPHARM.sites[0].gln},
        **_HOME,
    }


def test_a_file_of_events_is_accepted_whole(goods):
    answer = goods.novamed.act(_case_of(1, 2, 3))

    assert answer.status == 201, answer.body
    assert Container.objects.get().lines.get().count == 3
    name = answer.json["statement_id"]
    assert Event.objects.filter(ref__range=events_of(name)).count() == 2


def test_a_draft_names_the_file_that_comes_with_it(goods):
    drafted = goods.novamed.draft(_case_of(1, 2, 3)).json
    body = json.loads(b64decode(drafted["payload"]))["body"]

    digest = hashlib.sha256(drafted["lines"].encode()).hexdigest()
    assert body == {"count": 2, "digest": digest}


def test_a_draft_of_a_file_writes_nothing(goods):
    before = Statement.objects.count()

    drafted = goods.novamed.draft(_case_of(1, 2, 3))

    assert drafted.status == 200
    assert len(drafted.json["lines"].splitlines()) == 2
    assert Statement.objects.count() == before
    assert not Container.objects.exists()


def test_the_lines_of_a_file_are_read_back_as_they_were_signed(goods):
    drafted = goods.novamed.draft(_case_of(1, 2)).json
    answer = goods.novamed.submit(goods.novamed.sign(drafted), drafted["lines"])

    events = goods.novamed.get(answer.headers["Location"] + "/events")

    assert events.headers["Content-Type"] == "application/x-ndjson"
    assert events.body.decode() == drafted["lines"]


def test_one_event_is_read_back_as_one_line(goods):
    answer = goods.novamed.act(_ship(_pack(1)))

    events = goods.novamed.get(answer.headers["Location"] + "/events").body

    assert events.count(b"\n") == 1
    assert json.loads(events)["bizStep"] == "shipping"


def test_a_file_sent_again_is_answered_from_the_record(goods):
    drafted = goods.novamed.draft(_case_of(1, 2)).json
    envelope = goods.novamed.sign(drafted)
    first = goods.novamed.submit(envelope, drafted["lines"])

    again = goods.novamed.submit(envelope, drafted["lines"])

    assert (again.status, again.body) == (200, first.body)
    assert Container.objects.count() == 1


def test_lines_that_were_not_signed_are_refused(goods):
    drafted = goods.novamed.draft(_case_of(1, 2)).json
    other = goods.novamed.draft(_case_of(1, 2, 3)).json["lines"]

    answer = goods.novamed.submit(goods.novamed.sign(drafted), other)

    assert (answer.status, answer.json["field"]) == (400, "body.digest")
    assert not Container.objects.exists()


def test_a_pack_that_has_left_cannot_leave_again(goods):
    drafts = [goods.novamed.draft(_ship(_pack(1))).json for _ in range(2)]
    first = goods.novamed.submit(goods.novamed.sign(drafts[0]))

    second = goods.novamed.submit(goods.novamed.sign(drafts[1]))

    assert (first.status, second.status) == (201, 409)
    assert second.json["rule"]
    alert = Alert.objects.get()
    assert alert.partner.gln == NOVAMED.gln
    assert Holding.objects.get(status="in_transit").count == 1


def test_what_one_does_not_hold_is_refused_in_the_draft(goods):
    transpharm = ApiClient.of(goods.stage, TRANSPHARM)
    wish = _ship(_pack(1)) | {
        "site": TRANSPHARM.sites[0].gln,
        "to": {"gln": NOVAMED.gln, "site": NOVAMED.sites[0].gln},
    }

    answer = transpharm.draft(wish)

    assert answer.status == 409
    assert answer.json["rule"]
    assert not Alert.objects.exists()
