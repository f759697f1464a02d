"""Measures of one scan in this process, beside its own SQL in the same minutes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from django.core.cache import cache
from django.db import connection

from apps.custody.queries import members, units
from apps.custody.queries.units import Unit
from apps.partners import queries as partners
from apps.scan.queries import surroundings
from pharmatrace.demo.cast import AMOXIL, STELLA
from tests.bench.report import Figure
from tests.bench.world import World, percentile, raw, seconds
from tests.journeys.api_client import ApiClient

_CALLS_A_WINDOW = 100  # one caller may ask 300 times a minute


def verdicts(world: World, names: Sequence[str], *, rounds: int) -> list[Figure]:
    """GET /api/v1/verify of packs that Stella has, with all middleware.

    Each pack is asked three times in a row: by the two questions of a verdict alone,
    by the view with neither log-in nor audit row, by the view with its audit row.
    """
    found = [_unit(name) for name in names]
    floors: list[float] = []
    bare: list[float] = []
    audited: list[float] = []
    whole: list[float] = []
    with _questions() as ask:
        for _ in range(rounds):
            taken = [
                _four(world.stella, unit, ask, at) for at, unit in enumerate(found)
            ]
            for values, times in zip(
                (floors, bare, audited, whole), zip(*taken, strict=True), strict=True
            ):
                values.append(percentile(times, 0.95) * 1_000)
    floor = "p95 of its two questions, psycopg, prepared"
    return [
        Figure(
            "verify request, p95, no log-in, no audit row",
            *("ms", tuple(bare), floor, tuple(floors)),
            "G6: at most 3; all middleware",
        ),
        Figure(
            "verify request, p95, no log-in, audit row",
            *("ms", tuple(audited), floor, tuple(floors)),
            "G6: at most 6",
        ),
        Figure(
            "verify request, p95, log-in, audit row",
            *("ms", tuple(whole), floor, tuple(floors)),
        ),
    ]


def _unit(name: str) -> Unit:
    unit = units.find_unit(gtin=AMOXIL.gtin, serial=name)
    assert unit is not None
    return unit


def _four(
    client: ApiClient, unit: Unit, ask: Callable[[Unit], object], number: int
) -> tuple[float, float, float, float]:
    if number % _CALLS_A_WINDOW == 0:
        cache.clear()
    path = f"/api/v1/verify?code=https://id.gs1.org/01/{unit.gtin}/21/{unit.serial}"
    floor = seconds(lambda: ask(unit))
    with _known_token():
        with patch("apps.scan.operations._insert"):
            bare = seconds(lambda: _verify(client, path))
        audited = seconds(lambda: _verify(client, path))
    return floor, bare, audited, seconds(lambda: _verify(client, path))


def _verify(client: ApiClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 200, answer.body


_TOKENS: dict[str, object] = {}


@contextmanager
def _known_token() -> Iterator[None]:
    """Who asks is found once only."""
    find = partners.find_token

    def known(prefix: str) -> object:
        if prefix not in _TOKENS:
            _TOKENS[prefix] = find(prefix)
        return _TOKENS[prefix]

    with patch("apps.partners.queries.find_token", known):
        yield


@contextmanager
def _questions() -> Iterator[Callable[[Unit], object]]:
    """The two questions of a verdict, on a connection of their own."""
    if connection.vendor == "sqlite":
        yield _ask_sqlite
        return
    with raw() as link:

        def ask(unit: Unit) -> object:
            one = link.execute(units._FIND, _first(unit), prepare=True).fetchall()
            return one, link.execute(*_second(unit), prepare=True).fetchall()

        yield ask


def _ask_sqlite(unit: Unit) -> object:
    with connection.cursor() as cursor:
        cursor.execute(units._FIND, _first(unit))
        one = cursor.fetchall()
        cursor.execute(*_second(unit))
        return one, cursor.fetchall()


def _first(unit: Unit) -> list[object]:
    return [unit.serial, unit.gtin]


def _second(unit: Unit) -> tuple[str, dict[str, object]]:
    asked = members.pack_arguments(batch_id=unit.batch_id, ordinal=unit.ordinal)
    return surroundings.question(), {**asked, "gln": STELLA.gln}
