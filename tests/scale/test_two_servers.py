"""Two web processes, a primary and a replica that lags, is lost, is promoted; pools.

One file, so that one worker makes the pair of servers once; its last test uses it up.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from tests.exchange.wishes import product_wish
from tests.recalls.calls import wish as recall_wish
from tests.scale.conftest import Pair, Webs
from tests.scale.servers import NAME, Server, find_pgbouncer, pgbouncer
from tests.scale.web import ROOT, Machine, environment
from tests.site.serving import wait_for

# The ledger is played in the database of the tests, and carried from there.
pytestmark = [pytest.mark.postgresql, pytest.mark.slow, pytest.mark.django_db]
# A pool by sessions changes nothing for the site: tried with everything else.
MODES = ["transaction", *["session"] * (os.environ.get("FAULTS") == "all")]
PRODUCTS = "/api/v1/products"
TRACE = f"/api/v1/trace?gtin={AMOXIL.gtin}&lot=A1"
PACK = f"/api/v1/verify?code=(01){AMOXIL.gtin}(21)S000001"


@pytest.fixture
def paused(pair: Pair, webs: Webs) -> Iterator[Pair]:
    """The replica receives and replays nothing more, until the test ends."""
    machine = pair.machine(TRANSPHARM, webs.patient)
    pair.catch_up()
    wait_for(lambda: _reads_replica(machine), within_seconds=120)
    pair.replica.ask("SELECT pg_wal_replay_pause()")
    is_paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
    wait_for(lambda: pair.replica.ask(is_paused), within_seconds=60)
    yield pair
    pair.replica.ask("SELECT pg_wal_replay_resume()")
    pair.catch_up()


def _reads_replica(machine: Machine, path: str = PRODUCTS) -> bool:
    try:
        return machine.ask(path).source.startswith("replica")
    except OSError:  # it does not listen yet
        return False


def _gtins(machine: Machine) -> set[str]:
    return {row["gtin"] for row in machine.ask(PRODUCTS).json["results"]}


def _line(machine: Machine) -> dict[str, str]:
    """What /health says of the replica; nobody sequences here, so it may be 503."""
    return machine.ask("/health").json["checks"]["replica"]


def test_who_wrote_reads_it_at_every_process_and_others_read_the_replica(paused, webs):
    maker = paused.machine(NOVAMED, webs.patient)
    carrier = paused.machine(TRANSPHARM, webs.patient)
    wish = product_wish(7)

    identity = maker.act(wish)

    for each in (maker, maker.at(webs.strict)):
        assert each.ask(f"/api/v1/statements/{identity}").status == 200
        assert wish["gtin"] in _gtins(each)
        assert each.ask(PRODUCTS).source == "primary"
    assert carrier.ask(PRODUCTS).source.startswith("replica; age=")
    assert wish["gtin"] not in _gtins(carrier)


def test_a_replica_older_than_the_limit_is_not_read(paused, webs):
    maker = paused.machine(NOVAMED, webs.patient)
    carrier = paused.machine(TRANSPHARM, webs.strict)
    wish = product_wish(8)
    maker.act(wish)

    wait_for(lambda: not _reads_replica(carrier), within_seconds=60)

    assert wish["gtin"] in _gtins(carrier)
    line = _line(carrier)
    assert line["status"] == "warn"
    assert line["detail"].startswith("lags, the primary is read: ")


def test_the_counter_is_told_of_a_recall_that_no_replica_has_heard_of(paused, webs):
    maker = paused.machine(NOVAMED, webs.patient)
    pharmacy = paused.machine(STELLA, webs.patient)
    assert pharmacy.ask(PACK).json["verdict"] == "dispense"

    maker.act(recall_wish("A1"))

    told = pharmacy.ask(PACK)
    assert (told.json["verdict"], told.json["is_recalled"]) == ("hold", True)
    assert told.source == ""  # this door knows of no replica
    assert pharmacy.ask(TRACE).source.startswith("replica")
    assert pharmacy.ask("/api/v1/recalls").json["results"] == []
    assert len(maker.ask("/api/v1/recalls").json["results"]) == 1


def test_a_replica_that_is_lost_is_left_alone_and_comes_back(pair, webs):
    machine = pair.machine(TRANSPHARM, webs.patient)
    wait_for(lambda: _reads_replica(machine), within_seconds=120)

    pair.replica.end()

    lost = machine.ask(PRODUCTS)
    assert (lost.status, lost.source) == (200, "primary")
    line = _line(machine)
    assert line["status"] == "warn"
    assert line["detail"].startswith("gone, the primary is read: no answer")
    pair.replica.start()
    wait_for(lambda: _reads_replica(machine), within_seconds=120)
    assert _line(machine)["status"] == "pass"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the site: one lock store for one ledger."""
    return Path(tmp_path_factory.mktemp("pooled"))


@pytest.mark.parametrize("mode", MODES)
def test_the_site_works_through_a_pool(pair: Pair, folder: Path, mode: str):
    binary = find_pgbouncer()
    if binary is None:
        pytest.skip("NO PGBOUNCER: apt-get install pgbouncer")
    lot = f"P{mode[:1]}"
    with pgbouncer(binary, pair.primary, mode) as host:
        given = environment(
            folder,
            DATABASE_URL=f"postgres://postgres@:6543/{NAME}?host={host}",
            DATABASE_POOL_MODE=mode,
            LEDGER_ORIGIN=settings.LEDGER_ORIGIN,
        )
        ran = subprocess.run(
            [sys.executable, "-m", "tests.scale.pooled", lot, pair.keyring.directory],
            cwd=ROOT, env=given, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert ran.returncode == 0, ran.stderr[-3000:]
    said = json.loads(ran.stdout)
    assert said["sequenced"] > 0
    assert said["found"] == 6 * 12
    assert (said["taken"], said["iterated"]) == (30, 30)
    assert said["streamed"] > 0


@pytest.fixture(scope="module")
def checker(pair: Pair, folder: Path) -> dict[str, str]:
    """What a process knows that may only read, and asks the replica for all."""
    pair.primary.ask("CREATE ROLE checker LOGIN")
    pair.primary.ask("GRANT SELECT ON ALL TABLES IN SCHEMA public TO checker")
    url = pair.database_url(pair.replica).replace("postgres@", "checker@")
    return environment(folder, DATABASE_URL=url, LEDGER_ORIGIN=settings.LEDGER_ORIGIN)


def _fsck(checker: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "fsck"], cwd=ROOT, env=checker, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def _checks(condition: str) -> str:
    asked = "SELECT COUNT(*) > 0 FROM pg_stat_activity WHERE usename = 'checker' AND "
    return asked + condition


def test_a_check_of_the_replica_waits_for_what_is_signed_already(paused, webs, checker):
    paused.machine(NOVAMED, webs.patient).act(product_wish(6))
    primary = checker | {"DATABASE_URL": paused.database_url(paused.primary)}
    ran = subprocess.run(
        [sys.executable, "manage.py", "integrate"], cwd=ROOT, env=primary, text=True,
        check=True, capture_output=True,
    )  # fmt: skip
    assert "leaves added" in ran.stdout

    checking = _fsck(checker)
    asks = _checks("query LIKE '%anchoring_checkpoint%' AND state = 'idle'")
    wait_for(lambda: paused.replica.ask(asks), within_seconds=120)
    assert checking.poll() is None
    paused.replica.ask("SELECT pg_wal_replay_resume()")

    said, _ = checking.communicate(timeout=120)
    assert said.splitlines() == ["Everything stored agrees with everything derived."]


def test_a_check_that_the_replica_ends_says_what_to_do(pair, checker):
    delay = "ALTER SYSTEM {} max_standby_streaming_delay"
    _set(pair.replica, delay.format("SET") + " = 0")
    with _locked(pair, "pools_pool"):  # which is read last
        checking = _fsck(checker)
        is_held = _checks("wait_event_type = 'Lock'")
        # Whatever else is replayed, a VACUUM, may end it as well.
        wait_for(
            lambda: pair.replica.ask(is_held) or checking.poll() is not None,
            within_seconds=120,
        )
        with _locked(pair, "ledger_statement"):
            said, _ = checking.communicate(timeout=120)
    _set(pair.replica, delay.format("RESET"))

    assert checking.returncode == 1
    assert said.startswith("CommandError: the replica ended the check")


def _set(server: Server, sql: str) -> None:
    server.ask(sql)
    server.ask("SELECT pg_reload_conf()")


@contextmanager
def _locked(pair: Pair, table: str) -> Iterator[None]:
    """As one who alters a table: a replica keeps readers out of it as well."""
    where = f"host={pair.primary.home} user=postgres dbname={NAME}"
    with psycopg.connect(where) as held:
        held.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        # A lock alone is sent with what somebody commits after it.
        pair.primary.ask("SELECT pg_logical_emit_message(true, 'test', '')")
        pair.catch_up()
        yield


def test_tables_are_cut_while_the_site_works(pair, webs, tmp_path):
    maker = pair.machine(NOVAMED, webs.patient)
    before = maker.ask(TRACE).json
    given = environment(tmp_path, DATABASE_URL=pair.database_url(pair.primary))

    ran = subprocess.run(
        [sys.executable, "manage.py", "partition", "--cut"],
        cwd=ROOT, env=given, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    pair.catch_up()
    assert pair.replica.ask("SELECT COUNT(*) FROM pg_inherits WHERE inhparent"
                            " = 'custody_eventline'::regclass") == 2  # fmt: skip
    assert maker.ask(TRACE).json == before
    assert pair.machine(STELLA, webs.patient).ask(PACK).json["lot"] == "A1"
    pack = f"https://id.gs1.org/01/{AMOXIL.gtin}/21/S000030"
    wish = {"kind": "event", "step": "destroy", "site": NOVAMED.sites[0].gln}
    maker.act(wish | {"items": [pack]})


def test_a_promoted_replica_takes_over_with_everything_that_was_confirmed(pair, webs):
    """The last test of this folder's pair: there is one server afterwards."""
    maker = pair.machine(NOVAMED, webs.patient)
    before = maker.act(product_wish(9))
    pair.catch_up()

    pair.primary.end()
    pair.replica.ask("SELECT pg_promote()")

    after = maker.act(product_wish(10))
    for identity in (before, after):
        found = maker.ask(f"/api/v1/statements/{identity}")
        assert (found.status, found.source) == (200, "primary")
    line = _line(maker)
    assert (
        line["detail"] == "gone, the primary is read: it was promoted, or is a primary"
    )
