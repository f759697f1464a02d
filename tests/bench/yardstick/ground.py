"""What measures stand on: a copy of the network, which goes when the run ends."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from tests import embedded
from tests.bench.network.site import SETTINGS, prepare

if TYPE_CHECKING:
    from tests.bench.world import World

_COPY = "measured"


@dataclass(frozen=True, slots=True)
class Ground:
    """The network, its cast with their machines, and how much is to be done.

    Args:
        size: `20k`, `1m` or `10m`.
        rounds: of each measure, floor and value by turns.
        is_smoke: tiny numbers, for correctness alone.
    """

    size: str
    rounds: int
    is_smoke: bool
    folder: Path
    var: Path
    world: World

    def few(self, usual: int, smoke: int) -> int:
        """So many; of a smoke run fewer."""
        return smoke if self.is_smoke else usual


@contextmanager
def copied_site(folder: Path) -> Iterator[Path | None]:
    """Django set up on a copy of the network in `folder`; the copy's own folder.

    None without a PostgreSQL. Nothing of Django may be imported before. Measures write,
    sign and publish: on a copy of the database, of the keys and of the log.
    """
    binaries = embedded.find_postgresql()
    if binaries is None:
        print("no PostgreSQL on this machine and no wheel: nothing to measure")
        yield None
        return
    data = prepare(folder)
    with (
        embedded.postgresql(
            binaries, durable=True, data=data, settings=SETTINGS
        ) as url,
        tempfile.TemporaryDirectory(prefix="pt-yard-") as var,
    ):
        shutil.copytree(folder.resolve() / "site", var, dirs_exist_ok=True)
        host = url.partition("host=")[2]
        with _copied_database(host):
            os.environ["DATABASE_URL"] = f"postgres://postgres@/{_COPY}?host={host}"
            os.environ["PHARMATRACE_TEST_VAR"] = var
            os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
            import django

            django.setup()
            yield Path(var)
            from django.db import connections

            connections.close_all()


@contextmanager
def _copied_database(host: str) -> Iterator[None]:
    name = sql.Identifier(_COPY)
    with psycopg.connect(
        host=host, user="postgres", dbname="template1", autocommit=True
    ) as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        link.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE postgres STRATEGY FILE_COPY").format(
                name
            )
        )
        try:
            yield
        finally:
            link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def open_ground(
    *, size: str, rounds: int, is_smoke: bool, folder: Path, var: Path
) -> Ground:
    """The cast on the copy, with their machines."""
    from pharmatrace.demo.cast import NOVAMED, REGULATOR, STELLA
    from tests.bench.network.build import open_stage
    from tests.bench.world import World
    from tests.custody.goods import Goods
    from tests.journeys.api_client import ApiClient

    stage = open_stage(var)
    world = World(
        goods=Goods(stage),
        novamed=ApiClient.of(stage, NOVAMED),
        stella=ApiClient.of(stage, STELLA),
        regulator=ApiClient.of(stage, REGULATOR),
    )
    return Ground(size, rounds, is_smoke, folder, var, world)
