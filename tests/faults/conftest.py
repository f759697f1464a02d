"""Sites of their own, on SQLite and on PostgreSQL, that each test sets back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.judging import Outsider
from tests.faults.site import Site

# Until their time on a busy machine is known, `make faults` alone runs them.
collect_ignore_glob = [] if "FAULTS" in os.environ else ["test_[!f]*.py"]
DATABASES = ("sqlite", "postgresql")
IS_ALL = os.environ.get("FAULTS") == "all"  # `make faults`


def open_site(folder: Path, *, database: str = "sqlite", **more: Path) -> Site:
    """A site without a ledger yet."""
    if database == "sqlite":
        return Site(folder, **more)
    server = os.environ.get("DATABASE_URL", "")
    if not server:
        pytest.skip("NO POSTGRESQL: its processes are not killed")
    return Site(folder, postgresql=server, **more)


@pytest.fixture(scope="module", params=DATABASES)
def kept(request, tmp_path_factory) -> Iterator[Site]:
    """A published ledger, kept as "begun", on which a recall and a licence wait."""
    site = open_site(tmp_path_factory.mktemp("site"), database=request.param)
    yield begun(site)
    site.end()


@pytest.fixture(scope="module")
def kept_on_sqlite(tmp_path_factory) -> Iterator[Site]:
    """The same on SQLite alone, for what no database has a part in."""
    site = open_site(tmp_path_factory.mktemp("site"))
    yield begun(site)
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


@pytest.fixture
def site(kept: Site) -> Site:
    """The ledger as it began."""
    kept.put_back("begun")
    return kept


@pytest.fixture
def sqlite_site(kept_on_sqlite: Site) -> Site:
    """The ledger as it began, on SQLite."""
    kept_on_sqlite.put_back("begun")
    return kept_on_sqlite


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
