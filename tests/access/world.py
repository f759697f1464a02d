"""The two chains at work: goods at every stage, a recall, an upload, an alert.

`World` knows the ids of everything that happened, by a name that is the same in both
chains.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from apps.anchoring.operations import sequence
from apps.ledger.models import Leaf
from apps.partners import operations as partners
from apps.partners.models import ApiToken, MemberRole, User
from apps.recalls import operations as recalls
from apps.recalls.queries.bundles import find_fresh, scope_of_recall
from pharmatrace.demo.cast import OPERATOR, REGULATOR, Person, Player
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.access.cast import CHAINS, Chain
from tests.access.story import Story


@dataclass
class World:
    """Both chains after their story; `ids[letter][name]` names each object."""

    stage: Stage
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def user(self, person: Person) -> User:
        """The account of a person."""
        return User.objects.get(username=person.username)


def build_world(keyring: Keyring, at: datetime) -> World:
    """Play both chains from genesis to a recall, then log and publish everything."""
    world = World(Stage(keyring, at))
    world.stage.open_ledger()
    for chain in CHAINS:
        world.ids[chain.letter] = Story(world.stage, chain).play()
        world.tokens[chain.letter] = make_token(world.stage, chain.maker)
    world.tokens["revoked"] = make_token(world.stage, CHAINS[0].maker)
    revoked = ApiToken.objects.latest("id")
    revoked.revoked_at = timezone.now()
    revoked.save()
    world.tokens["regulator"] = make_token(world.stage, REGULATOR)
    world.tokens["operator"] = make_token(world.stage, OPERATOR)
    while sequence(at=timezone.now()):
        pass
    for chain in CHAINS:
        leaf = Leaf.objects.get(
            statement_id=world.ids[chain.letter]["statement"], position=0
        )
        world.ids[chain.letter]["entry"] = str(leaf.index)
        size = Leaf.objects.count()
        world.ids[chain.letter]["tile"] = f"0/000.p/{size}"
        build_bundles(world, chain)
    return world


def build_bundles(world: World, chain: Chain) -> None:
    """The bundle of the recall for each party, as each of them may have it."""
    ids = world.ids[chain.letter]
    for player in (REGULATOR, chain.shop, chain.hub, chain.maker):
        actor = world.stage.actor(player)
        scope = scope_of_recall(recall_id=ids["recall"], actor=actor)
        assert scope is not None
        bundle = recalls.request_bundle(scope=scope, at=timezone.now())
        recalls.build_bundle(bundle_id=bundle.pk, clock=timezone.now)
        assert find_fresh(scope, at=timezone.now()) is not None
        ids["whole" if player is REGULATOR else "bundle"] = str(bundle.pk)


def make_token(stage: Stage, player: Player) -> str:
    """A bearer token of the player's admin."""
    actor = stage.actor(player)
    _row, token = partners.create_token(
        actor=actor, name=f"token {player.slug}", role=MemberRole.ADMIN, at=stage.tick()
    )
    return token
