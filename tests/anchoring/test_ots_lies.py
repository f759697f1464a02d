"""Calendars and sources of headers that lie, fail or dawdle: no token comes of it."""

import os
import threading
import time
from datetime import timedelta

import pytest
from opentimestamps.core.notary import (
    BitcoinBlockHeaderAttestation,
    LitecoinBlockHeaderAttestation,
    PendingAttestation,
    UnknownAttestation,
)
from opentimestamps.core.op import OpAppend, OpHexlify, OpKECCAK256, OpSHA1, OpSHA256
from opentimestamps.core.timestamp import Timestamp

from apps.anchoring import operations
from apps.anchoring.clients.ots import calendars as client
from apps.anchoring.clients.ots import service
from apps.anchoring.models import AnchorPromise, AnchorToken
from tests.anchoring.ots import one, ots, promised, refusal, said, written

__all__ = ["one", "ots", "promised", "said"]

pytestmark = pytest.mark.django_db(transaction=True)

LOOK = timedelta(minutes=15)


def upgrade(ots, change):
    """Answers of the calendar to whoever asks for a way to a block."""
    honest = ots.calendars[0].honest

    def answer(method, path, body):
        if method == "POST":
            return honest(method, path, body)
        return change(bytes.fromhex(path.removeprefix("/timestamp/")))

    ots.calendars[0].answer = answer


# --- when it is handed in -----------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (200, b"", "bad_stamp"),
        (200, b"<html>hello</html>", "bad_stamp"),
        (200, b"\x00", "bad_stamp"),
        (200, b"\xf0" * 500, "bad_stamp"),
        (200, b"\x08" * 400, "bad_stamp"),
        (200, b"\x00" * 10_001, "calendar_silent"),
        (302, b"", "calendar_declines"),
        (404, b"", "calendar_declines"),
        (500, b"oh", "calendar_declines"),
    ],
)
def test_what_is_no_promise(one, said, status, answer, code):
    one.calendars[0].answer = lambda *_: (status, answer)

    assert refusal(said).code == code
    assert not AnchorPromise.objects.exists()


def ending(operation, *attestations):
    def answer(method, path, body):
        stamp = Timestamp(body)
        inner = stamp.ops.add(operation)
        inner.attestations.update(attestations)
        return 200, written(stamp)

    return answer


@pytest.mark.parametrize("operation", [OpSHA1(), OpHexlify(), OpKECCAK256()])
def test_operations_that_no_calendar_needs(one, said, operation):
    pending = PendingAttestation(one.calendars[0].url)
    one.calendars[0].answer = ending(operation, pending)

    fault = refusal(said)
    assert (fault.code, fault.field) == ("unfit_proof", "operation")


@pytest.mark.parametrize(
    "attestation",
    [
        PendingAttestation("http://127.0.0.1:1"),
        PendingAttestation("http://169.254.169.254/latest"),
        BitcoinBlockHeaderAttestation(7),
        LitecoinBlockHeaderAttestation(7),
        UnknownAttestation(b"whatever", b"x"),
    ],
)
def test_a_promise_of_somebody_else_is_none(one, said, attestation):
    one.calendars[0].answer = ending(OpSHA256(), attestation)

    assert refusal(said).code == "calendar_unknown"


def test_a_calendar_behind_a_pool_is_asked_where_the_table_accepts_it(one, said):
    pool, behind = one.calendars
    pool.answer = lambda method, path, body: (
        200,
        written(behind.take(body, behind.url)),
    )
    assert refusal(said).code == "calendar_unknown"

    one.write(accept=behind.url + "/")
    operations.anchor_now(at=said)
    behind.confirm(one.bitcoin, said, blocks=3)

    assert operations.anchor_now(at=said + LOOK).stamped == ("bitcoin",)


def test_more_than_was_answered(one, said):
    honest = one.calendars[0].honest
    one.calendars[0].answer = lambda *asked: (200, honest(*asked)[1] + b"\0")

    assert refusal(said).code == "bad_stamp"


def test_all_calendars_down(one, said):
    one.calendars[0].end()

    assert refusal(said).code == "calendar_silent"


def test_one_that_dawdles_is_left(ots, said, monkeypatch):
    monkeypatch.setattr(client, "_ANSWER_SECONDS", 0.5)
    is_over = threading.Event()

    def dawdle(*_):
        is_over.wait(30)
        return 200, b""

    ots.calendars[0].answer = dawdle
    began = time.monotonic()

    result = operations.anchor_now(at=said)

    assert time.monotonic() - began < 10
    is_over.set()
    assert result.promised == {"bitcoin": "promised by 1 of 2 calendars"}


def test_all_together_have_half_a_minute(ots, said, monkeypatch):
    monkeypatch.setattr(service, "_SECONDS", 0.0)

    assert refusal(said).code == "calendar_silent"


# --- when it should be kept ---------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (200, b"", "bad_stamp"),
        (200, b"<html>", "bad_stamp"),
        (301, b"", "calendar_declines"),
        (503, b"", "calendar_declines"),
    ],
)
def test_what_is_no_way_to_a_block(one, promised, status, answer, code):
    upgrade(one, lambda _: (status, answer))

    assert refusal(promised).code == code
    assert AnchorPromise.objects.count() == 1


def test_a_proof_for_another_digest_leads_elsewhere(one, promised):
    """A calendar's answer begins at our digest whatever it was made for."""
    calendar = one.calendars[0]
    other = Timestamp(os.urandom(32))
    calendar.waiting = {other.msg: other}
    calendar.confirm(one.bitcoin, promised, blocks=3)
    upgrade(one, lambda _: (200, written(other)))

    fault = refusal(promised)

    assert (fault.code, fault.field) == ("block_differs", "root")
    calendar.answer = calendar.honest
    assert operations.anchor_now(at=promised).stamped == ("bitcoin",)


def claim(height, operation=OpSHA256()):  # noqa: B008
    def answer(commitment):
        stamp = Timestamp(commitment)
        inner = stamp.ops.add(operation)
        inner.attestations.add(BitcoinBlockHeaderAttestation(height))
        return 200, written(stamp)

    return answer


def test_a_block_that_does_not_hold_it(one, promised):
    upgrade(one, claim(one.height))

    assert refusal(promised).code == "block_differs"


def test_a_block_that_is_not_there(one, promised):
    upgrade(one, claim(10_000))

    assert refusal(promised).code == "headers_decline"


@pytest.mark.parametrize("height", [2**31, 2**70])
def test_a_height_beyond_all_time(one, promised, height):
    upgrade(one, claim(height))

    fault = refusal(promised)
    assert (fault.code, fault.field) == ("unfit_proof", "block")


def test_a_root_that_is_no_hash(one, promised):
    upgrade(one, claim(one.height, OpAppend(b"x")))

    assert refusal(promised).code == "unfit_proof"


def test_other_chains_and_further_promises_are_no_way(one, promised):
    for attestation in (
        LitecoinBlockHeaderAttestation(7),
        UnknownAttestation(b"whatever", b"x"),
        PendingAttestation(one.calendars[1].url),
    ):
        made = ending(OpSHA256(), attestation)
        upgrade(one, lambda commitment, made=made: made("", "", commitment))
        result = operations.anchor_now(at=promised)

        assert result.promised == {"bitcoin": "waits for a block"}
    assert one.calendars[1].asked == []
    assert not AnchorToken.objects.exists()


def test_a_liar_beside_an_honest_calendar_changes_nothing(ots, said):
    operations.anchor_now(at=said)
    ots.calendars[1].confirm(ots.bitcoin, said, blocks=3)
    upgrade(ots, claim(0))

    assert operations.anchor_now(at=said).stamped == ("bitcoin",)


def test_a_liar_beside_one_that_waits_keeps_the_promise(ots, said):
    operations.anchor_now(at=said)
    before = bytes(AnchorPromise.objects.get().state)
    upgrade(ots, claim(0))

    assert operations.anchor_now(at=said).promised == {"bitcoin": "waits for a block"}
    assert bytes(AnchorPromise.objects.get().state) == before
    assert not AnchorToken.objects.exists()


def test_without_headers_a_made_up_block_is_named_and_nothing_more(one, promised):
    one.write(headers=None)
    upgrade(one, claim(400_000))

    assert operations.anchor_now(at=promised).stamped == ("bitcoin",)
    row = AnchorToken.objects.get()
    assert (row.stamped_at, row.facts["block_number"]) == (None, 400_000)


def test_a_promise_that_cannot_be_read_begins_anew(one, promised):
    AnchorPromise.objects.update(state=b"nonsense")

    assert refusal(promised).code == "bad_stamp"
    assert not AnchorPromise.objects.exists()
