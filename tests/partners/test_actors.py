import pytest

from apps.partners import operations, queries
from apps.partners.models import MemberRole, User
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, TRANSPHARM, Stage


def test_a_person_acts_for_the_chosen_organisation(stage: Stage) -> None:
    nora = User.objects.get(username=NOVAMED.admin.username)
    operations.set_member(
        partner=queries.get_partner(STELLA.gln), user=nora, role=MemberRole.MEMBER
    )

    chosen = queries.get_actor(user=nora, chosen_gln=STELLA.gln)
    assert (chosen.gln, chosen.role) == (STELLA.gln, "member")


@pytest.mark.parametrize("gln", ["", TRANSPHARM.gln, "0" * 13, "nonsense"])
def test_a_foreign_choice_falls_back_to_ones_own(stage: Stage, gln: str) -> None:
    nora = User.objects.get(username=NOVAMED.admin.username)

    actor = queries.get_actor(user=nora, chosen_gln=gln)

    assert (actor.gln, actor.role) == (NOVAMED.gln, "admin")


def test_a_person_without_a_place_is_nobody(stage: Stage) -> None:
    mallory = User.objects.create_user("mallory@example.org")

    actor = queries.get_actor(user=mallory, chosen_gln=STELLA.gln)

    assert not actor.is_member
    assert not actor.can_sign
    assert not actor.can_administer


@pytest.mark.parametrize(
    ("player", "number", "can_sign", "can_administer"),
    [
        (NOVAMED, 0, True, True),
        (NOVAMED, 1, True, False),
        (STELLA, 1, False, False),
    ],
)
def test_roles_say_who_signs_and_who_administers(
    stage: Stage, player: object, number: int, can_sign: bool, can_administer: bool
) -> None:
    actor = stage.actor(player, player.people[number])  # type: ignore[arg-type, attr-defined]

    assert (actor.can_sign, actor.can_administer) == (can_sign, can_administer)


def test_the_offices_see_the_register_and_others_themselves(stage: Stage) -> None:
    counts = {
        player.slug: queries.visible_to(stage.actor(player)).count()
        for player in (OPERATOR, REGULATOR, STELLA)
    }

    assert counts == {"operator": 7, "regulator": 7, "stella": 1}
    assert queries.visible_to(queries.STRANGER).count() == 0


def test_goods_may_go_to_those_licensed_now(stage: Stage) -> None:
    stage.license(TRANSPHARM, suspended=True)

    names = [each.name for each in queries.list_addressees(at=stage.at)]

    assert names == ["Linden Pharmacy", "Market Pharmacy", "Novamed", "Stella Pharmacy"]
