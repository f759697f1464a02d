"""Nobody is made a member by somebody else, and nobody learns who has an account."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.partners import operations, queries
from apps.partners.models import Invitation, MemberRole, Membership, User
from pharmatrace.demo.cast import Player
from tests.cast import NOVAMED, REGULATOR, STELLA, Stage

PASSWORD = "a long walk to the harbour"
TWICE = {"new_password1": PASSWORD, "new_password2": PASSWORD}
SOFIA = "sofia@stella.example"
LogIn = Callable[[str], Client]


@pytest.fixture
def log_in(stage: Stage) -> LogIn:
    def client_of(username: str) -> Client:
        client = Client()
        client.force_login(
            User.objects.get(username=username),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        return client

    return client_of


def _ask(client: Client, email: str, role: str = "signer") -> Any:
    person = {"first_name": "Sofia", "last_name": "Roth", "email": email, "role": role}
    return client.post("/organisation/people", person)


def _link(answer: Any) -> str:
    found = re.search(r"/invitations/[A-Za-z0-9_-]{43}", answer.content.decode())
    assert found is not None
    return found[0]


def _invite(log_in: LogIn, email: str, player: Player = STELLA) -> str:
    return _link(_ask(log_in(player.admin.username), email))


def test_until_an_invitation_is_accepted_there_is_no_account(log_in: LogIn) -> None:
    answer = _ask(log_in(STELLA.admin.username), "Sofia@Stella.example")

    assert answer["Cache-Control"] == "no-store"
    assert not User.objects.filter(username=SOFIA).exists()
    assert _link(answer).rsplit("/", 1)[1] not in str(vars(Invitation.objects.get()))


def test_a_stranger_chooses_the_password_and_belongs(log_in: LogIn) -> None:
    link = _invite(log_in, SOFIA)
    page = Client().get(link)

    answer = Client().post(link, TWICE)

    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert answer["Location"] == "/accounts/login/"
    user = User.objects.get(username=SOFIA)
    assert user.check_password(PASSWORD)
    assert (user.email, user.get_full_name()) == (SOFIA, "Sofia Roth")
    assert Membership.objects.get(user=user).role == "signer"


def test_a_link_works_once(log_in: LogIn) -> None:
    link = _invite(log_in, SOFIA)
    Client().post(link, TWICE)

    assert Client().get(link).status_code == 404
    assert Client().post(link, TWICE).status_code == 404


def test_a_link_expires(log_in: LogIn) -> None:
    link = _invite(log_in, SOFIA)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert Client().post(link, TWICE).status_code == 404
    assert not User.objects.filter(username=SOFIA).exists()


def test_a_second_invitation_ends_the_first(log_in: LogIn) -> None:
    first, second = _invite(log_in, SOFIA), _invite(log_in, SOFIA)

    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200


def test_an_invitation_ends_with_the_right_of_its_author(log_in: LogIn) -> None:
    link = _invite(log_in, SOFIA)
    Membership.objects.filter(user__username=STELLA.admin.username).update(
        role=MemberRole.SIGNER
    )

    assert Client().get(link).status_code == 404


def test_a_weak_password_is_refused(log_in: LogIn) -> None:
    link = _invite(log_in, SOFIA)

    answer = Client().post(link, {"new_password1": "sofia", "new_password2": "sofia"})

    assert answer.status_code == 400
    assert not User.objects.filter(username=SOFIA).exists()
    assert Client().get(link).status_code == 200


@pytest.mark.parametrize("known", [NOVAMED.admin, REGULATOR.admin])
def test_the_answer_does_not_tell_who_has_an_account(log_in: LogIn, known: Any) -> None:
    admin = log_in(STELLA.admin.username)
    pages = []
    for email in (known.username, SOFIA):
        answer = _ask(admin, email)
        shown = Client().get(_link(answer))
        for each in (answer, shown):
            text = re.sub(r"/invitations/[\w-]+", "", each.content.decode())
            text = re.sub(r'(csrf\w*" (value|content)=|Token": )"\w+"', "", text)
            text = re.sub(r"<time.*?</time>", "", text)
            pages.append((each.status_code, text.replace(email, "")))
        Invitation.objects.all().delete()  # the list of open ones grows by one

    assert pages[:2] == pages[2:]
    assert not Membership.objects.filter(
        user__username=known.username, partner__gln=STELLA.gln
    ).exists()


def test_an_account_is_taken_in_by_nobody_but_its_owner(log_in: LogIn) -> None:
    nora = User.objects.get(username=NOVAMED.admin.username)
    before = nora.password
    link = _invite(log_in, nora.username)

    strangers = Client().post(link, TWICE)
    others = log_in(STELLA.people[1].username).post(link)

    assert (strangers.status_code, others.status_code) == (400, 400)
    nora.refresh_from_db()
    assert nora.password == before
    assert Membership.objects.filter(user=nora).count() == 1


def test_the_owner_of_an_account_accepts(log_in: LogIn) -> None:
    link = _invite(log_in, NOVAMED.admin.username)
    nora = log_in(NOVAMED.admin.username)

    answer = nora.post(link)

    assert answer["Location"] == "/organisation"
    places = Membership.objects.filter(user__username=NOVAMED.admin.username)
    assert {place.partner.gln: place.role for place in places} == {
        NOVAMED.gln: "admin",
        STELLA.gln: "signer",
    }


def test_who_makes_an_account_in_advance_does_not_walk_in(log_in: LogIn) -> None:
    early = _invite(log_in, "newhire@novamed.example")
    Client().post(early, TWICE)

    link = _invite(log_in, "newhire@novamed.example", NOVAMED)

    squatter = User.objects.get(username="newhire@novamed.example")
    glns = Membership.objects.filter(user=squatter).values_list("partner__gln")
    assert list(glns) == [(STELLA.gln,)]
    assert Client().post(link, TWICE).status_code == 400


def test_who_belongs_already_is_not_invited(log_in: LogIn) -> None:
    answer = _ask(log_in(STELLA.admin.username), STELLA.people[1].username)

    assert answer.status_code == 400
    assert Invitation.objects.count() == 0


def test_members_invite_nobody(log_in: LogIn) -> None:
    answer = _ask(log_in(STELLA.people[1].username), SOFIA)

    assert answer.status_code == 403
    assert Invitation.objects.count() == 0


def test_the_link_is_mailed_where_a_mail_server_is_set(
    log_in: LogIn, settings: Any
) -> None:
    _invite(log_in, SOFIA)
    assert mail.outbox == []

    settings.SENDS_MAIL = True
    link = _invite(log_in, SOFIA)

    (sent,) = mail.outbox
    assert sent.to == [SOFIA]
    assert f"{settings.SITE_URL}{link}" in sent.body


def test_a_mail_server_that_is_down_hides_no_link(
    log_in: LogIn, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise ConnectionRefusedError

    settings.SENDS_MAIL = True
    monkeypatch.setattr("apps.partners.views.invitations.send_mail", refuse)

    assert Client().get(_invite(log_in, SOFIA)).status_code == 200


def test_an_admin_lets_a_person_go(log_in: LogIn) -> None:
    Client().post(_invite(log_in, SOFIA), TWICE)
    user = User.objects.get(username=SOFIA)

    answer = log_in(STELLA.admin.username).post(
        f"/organisation/people/{user.pk}/remove"
    )

    assert answer.status_code == 302
    assert not Membership.objects.filter(user=user).exists()


def test_a_used_secret_is_refused_by_the_operation_too(stage: Stage) -> None:
    invitation, secret = operations.invite(
        actor=stage.actor(STELLA),
        email=SOFIA,
        first_name="Sofia",
        last_name="Roth",
        role=MemberRole.MEMBER,
        at=timezone.now(),
    )

    assert queries.find_invitation(secret=secret, at=timezone.now()) == invitation
    assert queries.find_invitation(secret=secret + "A", at=timezone.now()) is None
