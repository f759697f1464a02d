from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.errors import MalformedInput
from apps.partners import operations
from apps.partners.models import ApiToken, MemberRole, Membership, ReadAudit
from apps.partners.queries import Actor
from tests.cast import NOVAMED, REGULATOR, STELLA, Stage

PARTNERS = "/api/v1/partners"


def _token(stage: Stage, player: object = STELLA, role: str = "member") -> str:
    _row, text = operations.create_token(
        actor=stage.actor(player),  # type: ignore[arg-type]
        name="till 2",
        role=MemberRole(role),
        at=timezone.now(),
    )
    return text


def _get(client: Client, text: str, path: str = PARTNERS) -> object:
    return client.get(path, headers={"Authorization": f"Bearer {text}"})


def test_a_token_speaks_for_its_organisation(stage: Stage, client: Client) -> None:
    answer = _get(client, _token(stage))

    assert answer.status_code == 200
    assert [row["gln"] for row in answer.json()["results"]] == [STELLA.gln]


def test_only_a_digest_of_the_secret_is_kept(stage: Stage) -> None:
    text = _token(stage)

    row = ApiToken.objects.get()
    assert text.startswith(f"pt_{row.prefix}_")
    assert len(row.digest) == 64
    assert text.split("_", 2)[2] not in str(vars(row))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: "pt_000000000000_" + text.split("_", 2)[2],
        lambda text: text.upper(),
        lambda text: "pt_",
        lambda text: "é" * 20,
    ],
    ids=["secret", "prefix", "case", "short", "not-ascii"],
)
def test_a_wrong_token_is_refused_in_one_way(
    stage: Stage, client: Client, spoil: object
) -> None:
    answer = _get(client, spoil(_token(stage)))  # type: ignore[operator]

    assert answer.status_code == 401
    assert answer.json()["code"] == "authentication_failed"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="pharmatrace"'


def test_a_token_ends_with_its_makers_place(stage: Stage, client: Client) -> None:
    text = _token(stage)
    maker = ApiToken.objects.get().user
    other = Actor(stage.actor(NOVAMED).user, stage.actor(STELLA).partner, "admin")

    assert operations.remove_person(actor=other, user_id=maker.pk, at=timezone.now())

    assert ApiToken.objects.get().revoked_at is not None
    assert _get(client, text).status_code == 401


@pytest.mark.parametrize(
    ("place", "role", "status"),
    [
        ("member", "signer", 401),
        ("signer", "signer", 200),
        ("member", "member", 200),
        ("", "member", 401),
    ],
)
def test_a_token_may_no_more_than_its_maker(
    stage: Stage, client: Client, place: str, role: str, status: int
) -> None:
    text = _token(stage, role=role)
    row = ApiToken.objects.get()

    mine = Membership.objects.filter(user=row.user, partner=row.partner)
    mine.update(role=place) if place else mine.delete()

    assert _get(client, text).status_code == status


def test_a_revoked_token_is_refused(stage: Stage, client: Client) -> None:
    text = _token(stage)
    actor = stage.actor(STELLA)

    assert operations.revoke_token(
        actor=actor, token_id=ApiToken.objects.get().pk, at=timezone.now()
    )
    assert _get(client, text).status_code == 401


def test_nobody_revokes_a_foreign_token(stage: Stage, client: Client) -> None:
    text = _token(stage)

    assert not operations.revoke_token(
        actor=stage.actor(NOVAMED),
        token_id=ApiToken.objects.get().pk,
        at=timezone.now(),
    )
    assert _get(client, text).status_code == 200


def test_nobody_hands_out_more_than_they_have(stage: Stage) -> None:
    actor = stage.actor(STELLA, STELLA.people[1])

    with pytest.raises(MalformedInput) as refused:
        operations.create_token(
            actor=actor, name="x", role=MemberRole.SIGNER, at=timezone.now()
        )

    assert refused.value.code == "role_too_strong"
    assert ApiToken.objects.count() == 0


def test_the_last_use_is_noted_once_a_minute(stage: Stage) -> None:
    _token(stage)
    row, at = ApiToken.objects.get(), timezone.now()

    operations.touch_token(token=row, at=at)
    row.refresh_from_db()
    operations.touch_token(token=row, at=at + timedelta(seconds=59))
    row.refresh_from_db()
    assert row.last_used_at == at

    operations.touch_token(token=row, at=at + timedelta(seconds=61))
    row.refresh_from_db()
    assert row.last_used_at == at + timedelta(seconds=61)


def test_the_regulator_reads_all_partners_and_it_is_noted(
    stage: Stage, client: Client
) -> None:
    answer = _get(client, _token(stage, REGULATOR), f"{PARTNERS}?q=stella")

    assert [row["name"] for row in answer.json()["results"]] == ["Stella Pharmacy"]
    noted = ReadAudit.objects.get()
    assert (noted.partner.gln, noted.action, noted.subject) == (
        REGULATOR.gln,
        "partners.list",
        "stella",
    )


def test_a_stranger_reads_no_products(stage: Stage, client: Client) -> None:
    assert client.get("/api/v1/products").status_code == 401
