"""The cast with a lot of Novamed's: packs at the maker, on the way, at Stella."""

import pytest
from django.core.cache import cache

from tests.cast import keyring, ledger, stage
from tests.scan.packs import Chain

__all__ = ["chain", "fresh_limits", "keyring", "ledger", "stage"]


@pytest.fixture(autouse=True)
def fresh_limits():
    """Rate limits count anew in every test."""
    cache.clear()


@pytest.fixture
def chain(stage):
    """Twelve packs: 0 to 5 at Stella by way of Transpharm, the rest at Novamed."""
    chain = Chain(stage)
    chain.commission(names=chain.names)
    chain.deliver([chain.epc(n) for n in range(6)])
    return chain
