"""The cast, its browsers, and the key of Nils."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.partners.models import SigningKey
from tests.cast import NOVAMED, Stage, keyring, ledger, stage
from tests.frozen import go_on
from tests.partners.suspicion import NILS

__all__ = ["keyring", "ledger", "stage"]


@pytest.fixture
def now(stage: Stage) -> Stage:
    """The cast in the present: pages read the clock."""
    stage.at = timezone.now()
    return stage


@pytest.fixture
def browse(stage: Stage) -> Callable[..., Client]:
    """`browse(player)`: its administrator's browser, or that of another person."""

    def as_person(player: Any, person: Any = None) -> Client:
        client = Client()
        client.force_login(stage.actor(player, person).user)
        return client

    return as_person


@pytest.fixture
def key(stage: Stage) -> SigningKey:
    """The key of Nils, enrolled."""
    keyid = go_on(stage, "Nils has a key", _enrol_nils)
    return SigningKey.objects.get(keyid=keyid)


def _enrol_nils(stage: Stage) -> str:
    stage.enrol(NOVAMED, NILS)
    return SigningKey.objects.get(signer=NILS.signer).keyid
