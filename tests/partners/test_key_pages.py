"""Pages about keys: their history with proofs, shifts, invitations that wait."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.anchoring.operations import sequence
from apps.core.envelope import DELEGATION_TYPE, envelope_bytes
from apps.core.strict import format_base64, parse_base64
from apps.partners.models import (
    Invitation,
    KeyRequest,
    Licence,
    ReadAudit,
    Shift,
    SigningKey,
)
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
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


@pytest.fixture
def now(stage: Stage) -> Stage:
    """The cast in the present: pages read the clock."""
    stage.at = timezone.now()
    return stage


@pytest.fixture
def browse(stage: Stage) -> Any:
    def as_person(player: Any, person: Any = None) -> Client:
        client = Client()
        client.force_login(stage.actor(player, person).user)
        return client

    return as_person


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_history_names_entry_time_approver_and_proof(
    now: Stage, browse: Any, settings: Any, tmp_path: Any
) -> None:
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"
    now.enrol(NOVAMED, NILS)
    key = SigningKey.objects.get(signer=NILS.signer)
    waiting = read(browse(NOVAMED), "/organisation/keys")
    assert "waits" in waiting
    now.act(
        NOVAMED,
        {
            "kind": "key.revoke",
            "keyid": key.keyid,
            "reason": "tablet lost",
            "suspect_since": "2026-01-01",
        },
    )
    while sequence(at=timezone.now()):
        pass

    shown = read(browse(NOVAMED), "/organisation/keys")

    assert "Nora Vogt, Novamed" in shown  # who co-signed Nils's key, and ended it
    assert "tablet lost" in shown
    assert "suspect since" in shown
    for part in ("/ledger/entries/", "/proof"):
        assert part in shown
    assert f"/ledger/statements/{key.enrolled_by}" in shown
    links = [line for line in shown.split('"') if line.endswith("/proof")]
    assert len(links) == 3  # Nora's key, Nils's, and its end
    assert browse(NOVAMED).get(links[0]).status_code == 200


def test_offices_read_the_history_of_all_and_it_is_noted(
    now: Stage, browse: Any
) -> None:
    KeyRequest.objects.create(
        partner=now.actor(NOVAMED).partner,
        user=now.actor(NOVAMED).user,
        keyid=SigningKey.objects.get(partner__gln=NOVAMED.gln).keyid,
        label="Nora's own tablet",
        envelope=b"",
        created_at=now.at,
    )
    own = read(browse(NOVAMED), "/organisation/keys")
    regulators = read(browse(REGULATOR), f"/partners/{NOVAMED.gln}/keys")
    operators = read(browse(OPERATOR), f"/partners/{NOVAMED.gln}/keys")

    assert "tablet" in own
    for shown in (regulators, operators):
        assert "Keys of Novamed" in shown
        assert "tablet" not in shown
    assert browse(STELLA).get(f"/partners/{NOVAMED.gln}/keys").status_code == 403
    assert browse(REGULATOR).get("/partners/9501101000025/keys").status_code == 404
    noted = ReadAudit.objects.filter(action="partners.keys", subject=NOVAMED.gln)
    assert noted.count() == 1


def test_a_passkeys_flags_are_told(now: Stage, browse: Any) -> None:
    enrol_passkey(now, NOVAMED)

    assert "a passkey bound to one device" in read(
        browse(NOVAMED), "/organisation/keys"
    )


def test_the_history_costs_no_more_for_more_keys(
    now: Stage, browse: Any, django_assert_max_num_queries: Any
) -> None:
    client = browse(NOVAMED)
    enrol_passkey(now, NOVAMED)
    read(client, "/organisation/keys")
    for _ in range(3):
        enrol_passkey(now, NOVAMED)

    with django_assert_max_num_queries(45):
        read(client, "/organisation/keys")


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
        assert "signs here without being asked" in shown
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


# Invitations that wait.


def invite(client: Client, email: str) -> None:
    answer = client.post(
        "/organisation/people",
        {"first_name": "Sofia", "last_name": "Ricci", "email": email, "role": "signer"},
    )
    assert answer.status_code == 200


def test_open_invitations_are_listed_and_withdrawn(now: Stage, browse: Any) -> None:
    admin = browse(STELLA)
    invite(admin, "sofia@stella.example")
    offer = Invitation.objects.get()

    listed = read(admin, "/organisation")
    colleague = read(browse(STELLA, STELLA.people[1]), "/organisation")
    foreign = browse(NOVAMED).post(f"/organisation/invitations/{offer.pk}/withdraw")
    withdrawn = admin.post(f"/organisation/invitations/{offer.pk}/withdraw")

    assert "sofia@stella.example" in listed
    assert "Open until" in listed
    assert "sofia@stella.example" not in colleague
    assert (foreign.status_code, withdrawn.status_code) == (404, 302)
    assert "sofia@stella.example" not in read(admin, "/organisation")
    again = admin.post(f"/organisation/invitations/{offer.pk}/withdraw")
    assert again.status_code == 404


# Licences that lapse, are suspended and returned.


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "In force"),
        ({"suspended": True}, "Suspended"),
        ({"to": "2026-01-01"}, "Lapsed"),
        ({"from": "2040-01-01"}, "Not begun"),
    ],
)
def test_a_licence_says_what_it_means_now(
    now: Stage, browse: Any, changes: dict[str, Any], word: str
) -> None:
    now.license(STELLA, **changes)

    shown = read(browse(STELLA), "/organisation")

    assert word in shown
    assert "Replaced" in shown


def test_a_suspension_takes_the_licence_over_as_it_is(now: Stage, browse: Any) -> None:
    now.license(STELLA, to="2030-06-30", scope=["09521568251204"])
    name = Licence.objects.get(partner__gln=STELLA.gln, is_current=True).statement_id
    regulator = browse(REGULATOR)
    path = f"/partners/{STELLA.gln}"

    assert f"licence?licence={name}&amp;suspended=1" in read(regulator, path)
    form = read(regulator, f"{path}/licence?licence={name}&suspended=1")

    assert 'value="2030-06-30"' in form
    assert ">09521568251204</textarea>" in form
    assert 'data-wish-type="bool" checked' in form
    assert "Sign and propose to suspend the licence" in form
    now.license(STELLA, to="2030-06-30", suspended=True)
    name = Licence.objects.get(partner__gln=STELLA.gln, is_current=True).statement_id
    back = read(regulator, f"{path}/licence?licence={name}&suspended=0")
    assert "Sign and propose to return the licence" in back
    assert 'data-wish-type="bool" checked' not in back
    missing = regulator.get(f"{path}/licence?licence={'f' * 64}")
    assert missing.status_code == 404
