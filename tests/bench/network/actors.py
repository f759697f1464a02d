"""The partners of the network, admitted and licensed by signed statements."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.gs1 import compute_check_digit
from pharmatrace.demo.cast import NOVAMED
from pharmatrace.demo.stage import Stage
from tests.bench.holders import Holder
from tests.bench.network.shape import Shape, key_bytes
from tests.bench.saying import Voice
from tests.custody.goods import site


@dataclass(frozen=True, slots=True)
class Actors:
    """Who hands the packs on; depots belong to a wholesaler's customers."""

    maker: Holder
    hub: Holder
    wholesalers: list[Holder]
    depots: list[Holder]
    pharmacies: list[Holder]

    @property
    def admitted(self) -> list[Holder]:
        """All but the maker, who is of the cast."""
        return [self.hub, *self.wholesalers, *self.depots, *self.pharmacies]

    @property
    def all(self) -> list[Holder]:
        return [self.maker, *self.admitted]


def actors(stage: Stage, shape: Shape, seed: str) -> Actors:
    """The same ones each time, with their keys."""
    maker = Holder(
        NOVAMED.gln, site(NOVAMED), stage.keyring.key_of(NOVAMED), "manufacturer"
    )
    return Actors(
        _Maker(maker.gln, maker.site, maker.key, maker.role),
        _holder(seed, 0, "wholesaler"),
        [_holder(seed, 100 + n, "wholesaler") for n in range(shape.wholesalers)],
        [_holder(seed, 1_000 + n, "wholesaler") for n in range(shape.depots)],
        [_holder(seed, 10_000 + n, "pharmacy") for n in range(shape.pharmacies)],
    )


class _Maker(Holder):
    @property
    def voice(self) -> Voice:
        return Voice(self.gln, NOVAMED.admin.signer, [self.key])


def _holder(seed: str, number: int, role: str) -> Holder:
    party, place = f"96{number:09}1", f"96{number:09}2"
    return Holder(
        gln=f"{party}{compute_check_digit(party)}",
        site=f"{place}{compute_check_digit(place)}",
        key=Ed25519PrivateKey.from_private_bytes(key_bytes(seed, "holder", number)),
        role=role,
    )
