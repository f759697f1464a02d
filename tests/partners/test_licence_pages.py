"""Invitations that wait, and licences that lapse, on their pages."""

from typing import Any

import pytest
from django.test import Client

from apps.partners.models import (
    Invitation,
    Licence,
)
from tests.cast import NOVAMED, REGULATOR, STELLA, Stage
from tests.partners.helpers import read

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
