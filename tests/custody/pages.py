"""How tests of pages look at them: as somebody of the cast, as text."""

import re
from typing import Any
from urllib.parse import quote

from django.test import Client

from pharmatrace.demo.cast import Player
from pharmatrace.demo.stage import Stage


class Reader:
    """Somebody of the cast in front of a browser."""

    def __init__(
        self, stage: Stage, player: Player, *, is_member: bool = False
    ) -> None:
        person = player.people[-1] if is_member else player.admin
        self.client = Client()
        actor = stage.actor(player, person)
        assert actor.user is not None
        self.client.force_login(actor.user)

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(path, query, headers={"accept": "text/html"})

    def page(self, path: str, **query: str) -> Any:
        """The frozen dataclass behind a page."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.content[:500]
        return answer.context["page"]

    def text(self, path: str, **query: str) -> str:
        """What the page's main part says, without markup."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.content[:500]
        main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
        return " ".join(re.sub(r"<[^>]*>", " ", f"<main{main}").split())

    def html(self, path: str, **query: str) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200
        return answer.content.decode()


def at(ref: str) -> str:
    """A reference as a part of an address."""
    return quote(ref, safe="")
