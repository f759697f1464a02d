"""Keys and licences come and go: the door, a model of a few words and the replay agree."""

import random
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.encoding import format_time_ms
from apps.core.errors import ForbiddenTransfer, TraceError, UntrustedSignature
from apps.core.signing import public_key_of
from apps.exchange import queries as drafts
from apps.ledger.formats import as_ms
from apps.ledger.models import Statement
from pharmatrace.demo.cast import (
    NOVAMED,
    TRANSPHARM,
)
from pharmatrace.demo.stage import Stage
from pharmatrace.fsck import check_statements
from tests.cast import START
from tests.custody.goods import Goods, packs, serials, site, sscc
from tests.custody.mallory import verify_whole
from tests.partners.helpers import envelope_of, named_key
from tests.partners.lending import delegation_to, device_key, lend, say_with

SECONDS = 4.0


def moment(at: datetime) -> str:
    return format_time_ms(as_ms(at))


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=400)
    return told


# A walk: whatever happens in whatever order, the door and a model of ten lines agree,
# and so does the replay.


class Walk:
    """Keys of Nora's, voices they lent, Transpharm's licence: as few words as it takes.

    `alive` are keys that are enrolled and not revoked; `window` is the licence's end in
    milliseconds (None open, 0 suspended).
    """

    def __init__(self, goods: Goods, dice: random.Random) -> None:
        self.goods, self.stage, self.dice = goods, goods.stage, dice
        self.admin = self.stage.keyring.key_of(NOVAMED)
        self.keys: list[Ed25519PrivateKey] = []
        self.alive: list[bool] = []
        self.lent: list[tuple[int, Ed25519PrivateKey, Any, int]] = []
        self.window: int | None = None
        self.packs = iter(serials(400))
        self.boxes = iter(range(1, 1_000))

    def step(self) -> None:
        moves = [self.enrol, self.ship, self.suspend, self.give_back, self.shorten]
        moves += [self.wait]
        if self.keys:
            moves += [self.use, self.use, self.revoke, self.lend]
        if self.lent:
            moves += [self.use_lent, self.use_lent]
        self.dice.choice(moves)()

    def wait(self) -> None:
        self.stage.tick(timedelta(minutes=self.dice.randrange(1, 90)))

    def expect(self, may: bool, codes: set[str], act: Any) -> None:
        """The door takes it exactly where the model says so; else nothing is written."""
        if may:
            act()
            return
        before = Statement.objects.count()
        with pytest.raises(TraceError) as refusal:
            act()
        assert refusal.value.code in codes
        assert isinstance(refusal.value, ForbiddenTransfer | UntrustedSignature)
        assert Statement.objects.count() == before

    def enrol(self) -> None:
        key = Ed25519PrivateKey.generate()
        payload = self.draft({"kind": "key.enrol", **named_key(key)})
        self.stage.send(envelope_of(payload, [key, self.admin]))
        self.keys.append(key)
        self.alive.append(True)

    def draft(self, wish: dict[str, Any]) -> bytes:
        actor = self.stage.actor(NOVAMED)
        return drafts.draft(wish=wish, actor=actor, at=self.stage.tick()).payload

    def case(self) -> bytes:
        wish = {"kind": "event", "step": "new_container", "site": site(NOVAMED)}
        return self.draft({**wish, "container": f"(00){sscc(next(self.boxes))}"})

    def use(self) -> None:
        n = self.dice.randrange(len(self.keys))
        envelope = envelope_of(self.case(), [self.keys[n]])
        self.expect(self.alive[n], {"revoked_key"}, lambda: self.stage.send(envelope))

    def revoke(self) -> None:
        n = self.dice.randrange(len(self.keys))
        by = self.dice.choice((self.keys[n], self.admin))
        wish = {"kind": "key.revoke", "reason": "lost"}
        payload = self.draft({**wish, "keyid": public_key_of(self.keys[n]).keyid})
        if self.alive[n]:
            self.stage.send(envelope_of(payload, [by]))
            self.alive[n] = False

    def lend(self) -> None:
        n = self.dice.randrange(len(self.keys))
        device, public = device_key()
        delegation = delegation_to(public, self.stage, NOVAMED)
        lent = lend(self.keys[n], delegation)
        self.lent.append((n, device, lent, delegation.to_ms))

    def use_lent(self) -> None:
        n, device, lent, to_ms = self.dice.choice(self.lent)
        envelope = say_with(device, lent, self.case())
        # The stage ticks once more before the door reads its clock.
        may = self.alive[n] and as_ms(self.stage.at) + 5 <= to_ms
        codes = {"revoked_key", "delegation_out_of_time"}
        self.expect(may, codes, lambda: self.stage.send(envelope))

    def suspend(self) -> None:
        self.stage.license(TRANSPHARM, suspended=True)
        self.window = 0

    def give_back(self) -> None:
        self.stage.license(TRANSPHARM)
        self.window = None

    def shorten(self) -> None:
        end = self.stage.at + timedelta(minutes=self.dice.randrange(1, 120))
        self.stage.license(TRANSPHARM, to=moment(end))
        self.window = as_ms(end)

    def ship(self) -> None:
        name = next(self.packs)
        # Drafted past the law of this moment: the door alone shall judge.
        now = as_ms(self.stage.at)
        may = self.window is None or now + 10 < self.window
        if self.window is None or not now < self.window <= now + 20:
            self.expect(
                may,
                {"addressee_not_licensed"},
                lambda: self.goods.ship(packs([name])),
            )


@pytest.mark.parametrize("seed", range(3))
def test_door_model_and_replay_agree_on_keys_and_licences(
    goods: Goods, seed: int
) -> None:
    walk = Walk(goods, random.Random(seed))
    end = time.monotonic() + SECONDS
    for number in range(120):
        if number >= 30 and time.monotonic() > end:
            break
        walk.step()

    verify_whole(goods)
    assert list(check_statements(at=START)) == []
