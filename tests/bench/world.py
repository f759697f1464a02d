"""The cast on a fresh PostgreSQL, and the loops that the measures share."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.edge import secrets
from pharmatrace.demo.cast import AMOXIL, NOVAMED, REGULATOR, STELLA, TRADERS
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, packs
from tests.journeys.api_client import ApiClient

EXPIRY = date(2032, 2, 29)


@dataclass(frozen=True, slots=True)
class World:
    """Everybody admitted and licensed, and their machines."""

    goods: Goods
    novamed: ApiClient
    stella: ApiClient
    regulator: ApiClient

    @property
    def stage(self) -> Stage:
        return self.goods.stage


def build(var: Path) -> World:
    """Migrate, open the ledger, admit the cast."""

    settings.LOG_DIR = var / "log"
    settings.LOCK_STORE = var / "outside" / "lock"
    call_command("migrate", verbosity=0)
    secrets.create_missing()
    stage = Stage(Keyring(var / "keys"), datetime.now(UTC))
    stage.open_ledger()
    for player in TRADERS:
        stage.admit(player)
        stage.license(player)
    stage.register(NOVAMED, AMOXIL)
    return World(
        goods=Goods(stage),
        novamed=ApiClient.of(stage, NOVAMED),
        stella=ApiClient.of(stage, STELLA),
        regulator=ApiClient.of(stage, REGULATOR),
    )


def deliver(world: World, lot: str, names: Sequence[str], count: int) -> list[str]:
    """A lot of which Stella has the first `count` packs, loose; their names."""
    world.goods.commission(lot=lot, names=list(names))
    for start in range(0, count, 500):
        world.goods.deliver(packs(names[start : min(start + 500, count)]), to=STELLA)
    return list(names[:count])


def raw() -> psycopg.Connection[tuple[object, ...]]:
    """A psycopg connection of its own to the same database, autocommit."""
    host = (
        connection.settings_dict["OPTIONS"].get("host")
        or (connection.settings_dict["HOST"])
    )
    return psycopg.connect(
        host=host,
        user="postgres",
        dbname=connection.settings_dict["NAME"],
        autocommit=True,
    )


def seconds(body: Callable[[], object]) -> float:
    """How long `body` took."""
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def each_seconds(bodies: Iterable[Callable[[], object]]) -> list[float]:
    """How long each of them took, one after the other."""
    return [seconds(body) for body in bodies]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
