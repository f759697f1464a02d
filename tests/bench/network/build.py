"""Builds the network lot by lot; killed and started again it goes on where it was.

A lot's serials are staged and commissioned by the door's own operations. The files of
events that hand it on are signed by every party's own key, appended to the ledger as
the door does it and judged by the door's law; but the state is kept in memory for the
lot instead of being asked of the database for every event, and the rows are written at
once, as `manage.py rebuild` writes them. Nothing goes over HTTP. All of a lot's events
are one transaction, which also notes that the lot is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from pyroaring import BitMap

from apps.anchoring import operations as anchoring
from apps.catalog import queries as catalog
from apps.catalog.models import Batch, Product
from apps.core.custody import Batch as Judged
from apps.core.custody import Party, Place, State
from apps.custody import operations as custody
from apps.custody import queries
from apps.custody.formats import whole
from apps.custody.models import ForwardChunk, Holding
from apps.custody.operations.replayed import ReplayedRows
from apps.custody.queries.replay import Replay
from apps.edge import secrets
from apps.ledger.models import Statement
from apps.partners import queries as partners
from pharmatrace.demo.cast import AMOXIL, NOVAMED, TRADERS
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.bench.holders import admit_all
from tests.bench.network.actors import Actors, actors
from tests.bench.network.files import Desk
from tests.bench.network.journey import Journey, Lot
from tests.bench.network.shape import (
    PRODUCTS,
    Shape,
    drawn,
    lot_name,
    medicine,
    serials,
)
from tests.bench.saying import Sayer
from tests.custody.goods import site

EXPIRY = date(2032, 2, 29)
_MADE = """
CREATE TABLE IF NOT EXISTS bench_done (
  step text PRIMARY KEY, packs bigint NOT NULL, events bigint NOT NULL,
  seconds double precision NOT NULL
)"""
Tell = Callable[[str], None]


def open_stage(var: Path) -> Stage:
    """Where the network plays; its ledger begins with the first run."""
    settings.LOG_DIR = var / "log"
    settings.LOCK_STORE = var / "outside" / "lock"
    call_command("migrate", verbosity=0)
    secrets.create_missing()
    stage = Stage(Keyring(var / "keys"), datetime.now(UTC))
    latest = Statement.objects.order_by("-accept_no").first()
    if latest is None:
        stage.open_ledger()
        return stage
    stage.at = max(stage.at, datetime.fromtimestamp(latest.accepted_ms / 1000, UTC))
    return stage


def build(folder: Path, *, shape: Shape, seed: str, tell: Tell) -> tuple[Stage, Actors]:
    """The whole network; what is there already is left as it is."""
    stage = open_stage(folder.resolve() / "site")
    with connection.cursor() as cursor:
        cursor.execute(_MADE)
    _verify_same(shape, seed)
    _cast(stage)
    those = actors(stage, shape, seed)
    if "actors" not in done():
        tell(f"admitting {len(those.admitted):,} partners")
        began = time.perf_counter()
        admit_all(Sayer(stage), those.admitted)
        note("actors", 0, 0, time.perf_counter() - began)
        _sequence(stage)
    parties = partners.law_parties(each.gln for each in those.all)
    for number, size in enumerate(shape.lots):
        if lot_name(number) not in done():
            said = _lot(stage, those, parties, number, size, seed)
            tell(f"lot {number + 1} of {len(shape.lots)}: {said}")
    if "vacuumed" not in done():
        began = time.perf_counter()
        with connection.cursor() as cursor:
            is_postgresql = connection.vendor == "postgresql"
            cursor.execute("VACUUM ANALYZE" if is_postgresql else "ANALYZE")
        note("vacuumed", 0, 0, time.perf_counter() - began)
    return stage, those


def done() -> dict[str, tuple[int, int, float]]:
    """Packs, events and seconds of every step that is finished."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT step, packs, events, seconds FROM bench_done")
        return {step: (n, m, s) for step, n, m, s in cursor.fetchall()}


def note(step: str, packs: int, events: int, seconds: float) -> None:
    """Write down that a step is finished."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_done VALUES (%s, %s, %s, %s)",
            [step, packs, events, seconds],
        )


def _verify_same(shape: Shape, seed: str) -> None:
    """Another network in the same folder would be neither."""
    name = f"network {shape.name} {seed}"
    others = [step for step in done() if step.startswith("network ") and step != name]
    if others:
        raise SystemExit(f"this folder has {others[0]}, not {name}: choose another")
    if name not in done():
        note(name, shape.packs, 0, 0.0)


def _cast(stage: Stage) -> None:
    """The cast of the demo and the products, each once."""
    for player in TRADERS:
        if not partners.find_partner(player.gln):
            stage.admit(player)
            stage.license(player)
    for each in (AMOXIL, *(medicine(number) for number in range(PRODUCTS))):
        if not Product.objects.filter(gtin=each.gtin).exists():
            stage.register(NOVAMED, each)


def _lot(
    stage: Stage,
    those: Actors,
    parties: Mapping[str, Party],
    number: int,
    size: int,
    seed: str,
) -> str:
    began = time.perf_counter()
    draw = drawn(seed, "lot", number)
    names = serials(draw, size)
    batch = _commission(stage, number, names)
    at_commissioned = time.perf_counter()
    stage.at = max(stage.at, datetime.now(UTC))
    with transaction.atomic():
        rows = _play(stage, those, parties, batch, names, number, seed)
        taken = time.perf_counter() - began
        note(lot_name(number), size, rows.count, taken)
    at_played = time.perf_counter()
    _sequence(stage)
    logged = time.perf_counter() - at_played
    return (
        f"{size:,} packs, {rows.count:,} events; commissioned in"
        f" {at_commissioned - began:.1f} s, handed on in"
        f" {at_played - at_commissioned:.1f} s, logged in {logged:.1f} s"
    )


def _commission(stage: Stage, number: int, names: list[str]) -> Batch:
    """Staged and signed as an upload is; a lot that was already is found."""
    product = catalog.get_product(medicine(number).gtin)
    found = catalog.find_batch(gtin=product.gtin, lot=lot_name(number))
    if found is not None:
        return found
    staging = custody.stage_serials(
        product=product,
        partner=partners.get_partner(NOVAMED.gln),
        lot=lot_name(number),
        expiry_date=EXPIRY,
        serials=names,
        at=stage.tick(),
    )
    draft = queries.draft_commissioning(
        staging_id=staging.pk,
        site=site(NOVAMED),
        actor=stage.actor(NOVAMED),
        at=stage.tick(),
    )
    stage.submit(draft, stage.keyring.key_of(NOVAMED))
    return Batch.objects.get(product=product, lot=lot_name(number))


def _play(
    stage: Stage,
    those: Actors,
    parties: Mapping[str, Party],
    batch: Batch,
    names: list[str],
    number: int,
    seed: str,
) -> ReplayedRows:
    """The lot's events, and the rows that they leave, the commissioning's kept."""
    tag, gtin = bytes(batch.tag).hex(), batch.product.gtin
    made = {Place(NOVAMED.gln, site(NOVAMED), "active"): whole(batch.size)}
    judged = Judged(
        tag, gtin, batch.lot, batch.expiry_date, NOVAMED.gln, batch.size, made, BitMap()
    )
    state: State[BitMap] = State(
        parties=dict(parties), batches={tag: judged}, watched=frozenset()
    )
    replay = Replay(state=state)
    replay.positions = {(gtin, name): (tag, n) for n, name in enumerate(names)}
    rows = ReplayedRows(batch_ids={tag: batch.pk}, state=state)
    desk = Desk(Sayer(stage), replay, rows)
    lot = Lot(number, tag, gtin, names)
    Journey(lot, desk=desk, actors=those, draw=drawn(seed, "way", number)).play()
    ForwardChunk.objects.filter(batch=batch).delete()
    Holding.objects.filter(batch=batch).delete()
    rows.finish()
    return rows


def _sequence(stage: Stage) -> None:
    while anchoring.sequence(at=stage.tick()):
        continue
