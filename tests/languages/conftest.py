"""A pack at Stella's counter, and readers who want German."""

from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo
from django.test import Client

from pharmatrace.demo.cast import Player
from tests.cast import keyring, ledger, stage
from tests.languages.catalogue import GERMAN, list_sentences, read_german
from tests.scan.conftest import chain, fresh_limits
from tests.scan.packs import Chain

__all__ = ["chain", "compiled", "fresh_limits", "keyring", "ledger", "stage"]
Reader = Callable[[Player | None], Client]


@pytest.fixture(scope="session")
def compiled() -> Path:
    """The catalogue as the site reads it."""
    path = GERMAN.with_suffix(".mo")
    assert path.exists(), "make messages"
    with path.open("rb") as file:
        assert _said(read_mo(file)) == _said(read_german()), "make messages"
    return path


def _said(catalogue: Catalog) -> dict[object, tuple[str, ...]]:
    """The German of each sentence, in all its forms."""
    return {
        (message.context, *message.id): tuple(message.string)
        for message in list_sentences(catalogue)
    }


@pytest.fixture
def german(chain: Chain, compiled: Path) -> Reader:
    """A browser that asks for German, with the session of a player's administrator."""

    def read_as(player: Player | None) -> Client:
        client = Client(
            headers={"Accept-Language": "de-DE,de;q=0.9", "Accept": "text/html"}
        )
        if player:
            client.force_login(chain.stage.actor(player).user)
        return client

    return read_as
