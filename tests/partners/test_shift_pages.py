"""A shift on the pages: begun, shown on each, ended by button and by logging out."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.core.envelope import DELEGATION_TYPE, envelope_bytes
from apps.core.strict import format_base64, parse_base64
from apps.partners.models import (
    Shift,
)
from tests.cast import NOVAMED, STELLA, Stage
from tests.partners.helpers import read
from tests.partners.lending import (
    delegation_to,
    device_key,
    enrol_passkey,
    lend,
    say,
)
from tests.partners.passkeys import Passkey
from tests.partners.test_shifts import case

NILS = NOVAMED.people[1]
PLANT = NOVAMED.sites[0].gln


def draft(client: Client, **changes: Any) -> tuple[Any, Any]:
    _private, public = device_key()
    wish = {
        "spki_b64": format_base64(public.spki),
        "alg": public.alg,
        "site": PLANT,
        "hours": 8,
    }
    answer = client.post(
        "/shift/draft", json.dumps(wish | changes), content_type="application/json"
    )
    return answer, public


def begin(client: Client, passkey: Passkey) -> Any:
    answer, _public = draft(client)
    lent = passkey.sign_envelope(
        DELEGATION_TYPE, parse_base64(answer.json()["payload"], field="payload")
    )
    return client.post("/shift", envelope_bytes(lent), content_type="application/json")


def test_a_shift_begins_shows_on_every_page_and_ends(now: Stage, browse: Any) -> None:
    passkey = enrol_passkey(now, NOVAMED)
    client = browse(NOVAMED)

    begun = begin(client, passkey)

    shift = Shift.objects.get()
    assert (begun.status_code, begun.json()["id"]) == (201, shift.pk)
    for path in ("/", "/stock", "/shift", "/ledger"):
        shown = read(client, path)
        assert f'data-shift="{shift.device_keyid}"' in shown
        assert "signs here unasked" in shown
        assert "Novamed plant Freiburg" in shown
    elsewhere = read(browse(NOVAMED), "/")  # another browser of the same person
    assert 'data-shift=""' in elsewhere
    ended = client.post(f"/shift/{shift.pk}/end")
    assert (ended.status_code, ended["Location"]) == (302, "/shift")
    assert 'data-shift=""' in read(client, "/")
    shift.refresh_from_db()
    assert shift.ended_at is not None
    assert client.post(f"/shift/{shift.pk}/end").status_code == 404


def test_logging_out_ends_the_shift_of_that_browser_alone(
    now: Stage, browse: Any
) -> None:
    passkey = enrol_passkey(now, NOVAMED)
    first, second = browse(NOVAMED), browse(NOVAMED)
    begin(first, passkey)
    begin(second, passkey)
    one, other = Shift.objects.order_by("pk")

    assert first.get("/accounts/logout/").status_code == 200
    one.refresh_from_db()
    assert one.ended_at is None  # the page only asks
    answer = first.post("/accounts/logout/")

    one.refresh_from_db()
    other.refresh_from_db()
    assert answer.status_code == 302
    assert one.ended_at is not None
    assert other.ended_at is None
    assert first.get("/shift").status_code == 302  # to log in


def test_an_admin_ends_the_shift_of_a_colleague(now: Stage, browse: Any) -> None:
    now.enrol(NOVAMED, NILS)
    passkey = enrol_passkey(now, NOVAMED, NILS)
    begin(browse(NOVAMED, NILS), passkey)
    shift = Shift.objects.get()

    stranger = browse(STELLA).post(f"/shift/{shift.pk}/end")
    shown = read(browse(NOVAMED), "/organisation/keys")
    ended = browse(NOVAMED).post(f"/shift/{shift.pk}/end", {"keys": "1"})

    assert stranger.status_code == 404
    assert "Shifts that run now" in shown
    assert "Nils Arndt" in shown
    assert ended["Location"] == "/organisation/keys"
    shift.refresh_from_db()
    assert shift.ended_at is not None


def test_a_lent_voice_stands_in_the_history_once_it_was_used(
    now: Stage, browse: Any
) -> None:
    passkey = enrol_passkey(now, NOVAMED)
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, now, NOVAMED))
    assert "None yet." in read(browse(NOVAMED), "/organisation/keys")

    said = say(now, NOVAMED, case(1), device, lent).statement_id

    shown = read(browse(NOVAMED), "/organisation/keys")
    assert f"/ledger/statements/{said}" in shown
    assert "None yet." not in shown
    statement = read(browse(NOVAMED), f"/ledger/statements/{said}")
    assert "Nora Vogt" in statement


@pytest.mark.parametrize(
    "body", [b"[]", b'{"payloadType": 1}', b"{", b'"text"', b"null"]
)
@pytest.mark.parametrize("path", ["/shift", "/shift/draft"])
def test_a_malformed_shift_is_a_problem(
    now: Stage, browse: Any, body: bytes, path: str
) -> None:
    answer = browse(NOVAMED).post(path, body, content_type="application/json")

    assert answer.status_code == 400
    assert not Shift.objects.exists()


def test_who_only_reads_begins_no_shift(now: Stage, browse: Any) -> None:
    simon = browse(STELLA, STELLA.people[1])

    assert simon.get("/shift").status_code == 403
    assert draft(simon)[0].status_code == 403
