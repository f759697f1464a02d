"""Who asks: people of the owner, strangers, offices, machines."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.test import Client

from pharmatrace.demo.cast import OPERATOR, REGULATOR, Player
from tests.access.cast import A, B
from tests.access.clients import client_of, undone
from tests.access.world import World


class Actor(Enum):
    """Everybody who may come to the door; the letter is that of the table."""

    ANONYMOUS = "0"
    MEMBER = "M"
    SIGNER = "S"
    ADMIN = "A"
    FOREIGN = "F"  # admin of a partner that has nothing to do with the object
    REGULATOR = "R"
    OPERATOR = "O"
    TOKEN = "T"
    FOREIGN_TOKEN = "X"
    REVOKED_TOKEN = "V"


PEOPLE = "MSAFRO"
MACHINES = "TX"
STRANGERS = "0V"
# Links and forms; scripts send the other methods, and are refused in JSON.
_OF_BROWSERS = {"GET", "POST"}
_POSTS = {Actor.ADMIN: 0, Actor.SIGNER: 1, Actor.MEMBER: 2}


class Crowd:
    """A browser or a machine for each actor, all logged in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._people = {
            (actor, owner): self._client(actor, owner)
            for actor in Actor
            for owner in ("maker", "hub", "shop")
        }

    def ask(
        self,
        actor: Actor,
        method: str,
        path: str,
        *,
        owner: str = "maker",
        data: bytes = b"",
        content_type: str = "",
        **headers: str,
    ) -> Reply:
        """One request of one actor, undone after its answer.

        Args:
            owner: which player of chain A owns what is asked for.
        """
        token = self._token(actor)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        is_api = path.startswith("/api/")
        is_browsing = method in _OF_BROWSERS and not is_api
        accept = "text/html" if is_browsing else "*/*"
        headers = {"Accept": accept, "X-Request-ID": "one-of-the-matrix"} | headers
        kind = content_type or ("application/json" if is_api else FORM)
        client = self._people[actor, owner]
        session = deepcopy(client.cookies)
        with undone():
            response = client.generic(
                method, path, data, content_type=kind, headers=headers
            )
            client.cookies = session  # whoever logged out is logged in again
            return Reply.of(response)

    def _client(self, actor: Actor, owner: str) -> Client:
        player: Player = getattr(A, owner)
        if actor in _POSTS:
            return client_of(self.world.user(player.people[_POSTS[actor]]))
        others = {
            Actor.FOREIGN: B.maker if owner == "maker" else getattr(B, owner),
            Actor.REGULATOR: REGULATOR,
            Actor.OPERATOR: OPERATOR,
        }
        other = others.get(actor)
        return client_of(self.world.user(other.admin) if other else None)

    def _token(self, actor: Actor) -> str:
        letters = {
            Actor.TOKEN: "A",
            Actor.FOREIGN_TOKEN: "B",
            Actor.REVOKED_TOKEN: "revoked",
        }
        return self.world.tokens.get(letters.get(actor, ""), "")


FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, read to its end."""

    status: int
    body: bytes
    headers: Any

    @classmethod
    def of(cls, response: Any) -> Reply:
        """A response of Django's client."""
        body = b"".join(response) if response.streaming else response.content
        return cls(response.status_code, body, response.headers)
