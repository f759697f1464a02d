"""The cast with a lot of Novamed's: packs at the maker, on the way, at Stella."""

import pytest
from django.core.cache import cache

from tests.cast import START, admit_all, keyring, ledger, stage
from tests.frozen import play
from tests.scan.packs import Chain

__all__ = ["chain", "fresh_limits", "keyring", "ledger", "stage"]


@pytest.fixture(autouse=True)
def fresh_limits():
    """Rate limits count anew in every test."""
    cache.clear()


@pytest.fixture
def chain(db, keyring):
    """Twelve packs: 0 to 5 at Stella by way of Transpharm, the rest at Novamed."""
    return Chain(play("packs at Stella", keyring, START, _deliver))


def _deliver(stage):
    admit_all(stage)
    chain = Chain(stage)
    chain.commission(names=chain.names)
    chain.deliver([chain.epc(n) for n in range(6)])
