"""Licences that lapse, are suspended and return, beside goods that move.

A licence counts from the statement that says it to the one that replaces it, in the
order of the log, and inside its own window by the law's clock.
"""

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
from apps.ledger.operations import Accepted
from pharmatrace.demo.cast import (
    EVERYBODY,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    TRANSPHARM,
)
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from pharmatrace.fsck import check_statements
from tests.cast import START
from tests.custody.goods import Goods, pack, packs, serials, site, sscc
from tests.custody.mallory import verify_whole
from tests.custody.racing import Signed, race, signed
from tests.partners.helpers import envelope_of, named_key
from tests.partners.lending import delegation_to, device_key, lend, say_with

SECONDS = 4.0
TO = {"to": {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}}


def moment(at: datetime) -> str:
    return format_time_ms(as_ms(at))


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=400)
    return told


def refused(code: str) -> Any:
    return pytest.raises(ForbiddenTransfer, check=lambda error: error.code == code)


def test_a_licence_lapses_at_its_end_to_the_millisecond(goods: Goods) -> None:
    stage = goods.stage
    end = stage.at + timedelta(minutes=5)
    stage.license(TRANSPHARM, to=moment(end))
    said = [signed(goods, NOVAMED, "ship", items=[pack(n)], **TO) for n in serials(2)]

    stage.at = end - timedelta(milliseconds=6)
    stage.send(*said[0])  # a tick later: the last millisecond
    assert as_ms(stage.at) == as_ms(end) - 1
    with refused("addressee_not_licensed"):
        stage.send(*said[1])

    assert as_ms(stage.at) > as_ms(end)
    stage.license(TRANSPHARM)  # and it returns by a new statement
    stage.send(*said[1])
    verify_whole(goods)
    assert list(check_statements(at=START)) == []


def test_a_licence_begins_at_its_moment(goods: Goods) -> None:
    stage = goods.stage
    begin = stage.at + timedelta(minutes=5)
    stage.license(TRANSPHARM, **{"from": moment(begin)})

    with refused("addressee_not_licensed"):
        goods.ship([pack("S000000")])
    stage.at = begin
    goods.ship([pack("S000000")])
    verify_whole(goods)


def test_a_suspended_licence_returns_whole(goods: Goods) -> None:
    goods.ship([pack("S000000")])
    goods.stage.license(TRANSPHARM, suspended=True)
    with refused("addressee_not_licensed"):
        goods.ship([pack("S000001")])

    goods.stage.license(TRANSPHARM)

    goods.ship([pack("S000001")])
    verify_whole(goods)


def test_a_suspended_maker_makes_nothing_and_a_suspended_pharmacy_supplies_nothing(
    goods: Goods,
) -> None:
    stage = goods.stage
    goods.deliver([pack("S000000")])
    for player, act, code in (
        (
            "novamed",
            lambda: goods.commission(lot="B2", names=["B-1"]),
            "not_licensed_to_make",
        ),
        (
            "stella",
            lambda: goods.do(_player("stella"), "dispense", items=[pack("S000000")]),
            "not_licensed_to_supply",
        ),
    ):
        stage.license(_player(player), suspended=True)
        with refused(code):
            act()
        stage.license(_player(player))
        act()
    assert list(check_statements(at=START)) == []


def _player(slug: str) -> Any:
    return next(player for player in EVERYBODY if player.slug == slug)


def _licence(goods: Goods, **changes: Any) -> Signed:
    stage = goods.stage
    wish = {
        "kind": "party.licence",
        "gln": TRANSPHARM.gln,
        "role": TRANSPHARM.role,
        "gs1_prefixes": list(TRANSPHARM.prefixes),
        "scope": ["*"],
        "from": "2020-01-01",
        **changes,
    }
    draft = drafts.draft(wish=wish, actor=stage.actor(REGULATOR), at=stage.tick())
    offices = [stage.keyring.key_of(office) for office in (OPERATOR, REGULATOR)]
    return sign_statement(draft.payload, *offices), None


def place(answer: Accepted | TraceError) -> int:
    assert isinstance(answer, Accepted), answer
    return Statement.objects.get(pk=answer.statement_id).accept_no


@pytest.mark.django_db(transaction=True)
def test_no_despatch_stands_where_the_addressee_has_no_licence(stage: Stage) -> None:
    """Suspended and returned while goods leave: the log's order decides each one."""
    goods = Goods(stage)
    goods.commission(count=400)
    names = iter(serials(400))
    end = time.monotonic() + SECONDS
    for number in range(10):
        if number >= 3 and time.monotonic() > end:
            break
        leaving = [
            signed(goods, NOVAMED, "ship", items=[pack(next(names))], **TO)
            for _ in range(6)
        ]
        change = _licence(goods, suspended=True)
        answers = race(goods, *leaving[:3], change, *leaving[3:])
        suspended = place(answers.pop(3))
        _assert_around(answers, before=suspended)

        again = [said for said, a in zip(leaving, answers, strict=True) if not
                 isinstance(a, Accepted)]  # fmt: skip
        answers = race(goods, *again, _licence(goods))
        returned = place(answers.pop())
        _assert_around(answers, after=returned)

    verify_whole(goods)
    assert list(check_statements(at=START)) == []


def _assert_around(
    answers: list[Accepted | TraceError], *, before: int = 1 << 62, after: int = -1
) -> None:
    for answer in answers:
        if isinstance(answer, TraceError):
            assert answer.code == "addressee_not_licensed"
        else:
            assert after < place(answer) < before


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
