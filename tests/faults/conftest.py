"""Sites of their own, on SQLite and on PostgreSQL, that each test sets back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.judging import Outsider
from tests.faults.site import Site

DATABASES = ("sqlite", "postgresql")
IS_ALL = os.environ.get("FAULTS") == "all"  # `make faults`; else some of the points


def open_site(folder: Path, *, database: str = "sqlite", **more: Path) -> Site:
    """A site without a ledger yet."""
    if database == "sqlite":
        return Site(folder, **more)
    server = os.environ.get("DATABASE_URL", "")
    if not server:
        pytest.skip("NO POSTGRESQL: its processes are not killed")
    return Site(folder, postgresql=server, **more)


@pytest.fixture(scope="session")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """`ledgers(database)`: a published ledger, kept as "begun"; one a database."""
    sites: dict[str, Site] = {}

    def on(database: str) -> Site:
        if database not in sites:
            folder = tmp_path_factory.mktemp("site")
            sites[database] = begun(open_site(folder, database=database))
        return sites[database]

    yield on
    for site in sites.values():
        site.end()


def begun(site: Site) -> Site:
    """Let a ledger begin there."""
    site.do("open")
    site.do("integrate")
    Outsider(site.log, site.folder / "memory").follow()
    site.do("recall")
    site.do("say", 1)
    site.said = site.do("look")["said"]
    site.keep("begun")
    return site


@pytest.fixture(params=DATABASES)
def site(request: pytest.FixtureRequest, ledgers: Callable[..., Site]) -> Site:
    """The ledger as it began: a recall and a licence wait."""
    site = ledgers(request.param)
    site.put_back("begun")
    return site


@pytest.fixture
def sqlite_site(ledgers: Callable[..., Site]) -> Site:
    """The same on SQLite alone, for what no database has a part in."""
    site = ledgers("sqlite")
    site.put_back("begun")
    return site


@pytest.fixture
def outsider(site: Site, tmp_path: Path) -> Outsider:
    """A monitor that saw the ledger begin."""
    return _outsider(site, tmp_path)


@pytest.fixture
def sqlite_outsider(sqlite_site: Site, tmp_path: Path) -> Outsider:
    """A monitor that saw the ledger on SQLite begin."""
    return _outsider(sqlite_site, tmp_path)


def _outsider(site: Site, tmp_path: Path) -> Outsider:
    return Outsider(site.log, site.folder / "memory").another(tmp_path / "memory")
