"""Names on pages: of keys for their own people, of who may open a page."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.partners.models import KeyRequest, SigningKey, User
from pharmatrace.demo.cast import Person, Player
from tests.cast import REGULATOR, STELLA, Stage

LogIn = Callable[..., Client]


@pytest.fixture
def log_in(stage: Stage) -> LogIn:
    def client_of(player: Player, person: Person | None = None) -> Client:
        client = Client()
        who = person or player.admin
        client.force_login(
            User.objects.get(username=who.username),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        return client

    return client_of


def test_a_key_goes_by_its_label_among_its_own_people(log_in: LogIn) -> None:
    key = SigningKey.objects.filter(partner__gln=STELLA.gln).earliest("enrolled_ms")
    KeyRequest.objects.create(
        partner=key.partner,
        user=User.objects.get(username=STELLA.admin.username),
        keyid=key.keyid,
        label="Counter 1",
        envelope=b"",
        created_at=timezone.now(),
        closed_at=timezone.now(),
    )

    own = log_in(STELLA).get("/organisation").content.decode()
    revoke = log_in(STELLA).get(f"/keys/{key.keyid}/revoke").content.decode()
    foreign = log_in(REGULATOR).get(f"/partners/{STELLA.gln}").content.decode()

    assert "Counter 1 <small>" in own
    assert "Counter 1" in revoke
    assert "Counter 1" not in foreign


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/scan/sign/hold?code=1", "people who may sign for their organisation"),
        ("/partners", "the regulator and the operator of the site"),
        ("/partners/admit", "the regulator alone"),
    ],
)
def test_a_refused_page_says_who_may_open_it(
    log_in: LogIn, path: str, who: str
) -> None:
    client = log_in(STELLA, STELLA.people[1])

    answer = client.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 403
    assert who in answer.content.decode()
