"""Serials that were checked wait here for their maker's signature."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from apps.catalog import operations as products
from apps.catalog import queries as catalog
from apps.catalog.models import Product
from apps.core.errors import MalformedInput
from apps.core.leaf import batch_tag
from apps.custody.formats import chunked, in_order
from apps.custody.models import StagedChunk, Staging
from apps.custody.operations.rooting import rooting
from apps.custody.queries.containers import case_serials
from apps.custody.queries.registry import ASKED_AT_ONCE, asking
from apps.edge.secrets import tag_key
from apps.partners.models import TradingPartner
from apps.pools import operations as pools
from apps.pools.queries import Met, meet_pools

_SEED_BYTES = 32
_ROWS = 200  # of 1,024 serials each, in one statement


def stage_serials(
    *,
    product: Product,
    partner: TradingPartner,
    lot: str,
    expiry_date: date,
    serials: Iterable[str],
    at: datetime,
    seed: bytes = b"",
) -> Staging:
    """Keep checked serials, in file order, until the maker signs N and the root.

    Nothing of them is visible before. The base is the number of units that the lot
    has now; if it grows meanwhile, signing is refused and the file is staged anew.

    Args:
        seed: the maker's own 32 bytes for the salts of the serial tree; b"" draws some.

    Raises:
        MalformedInput: `serial_taken` names the first serial that the product has
            already; `serial_of_pool` the first that its pool does not give away now;
            `nothing_named` when there is none.
    """
    seed = seed or secrets.token_bytes(_SEED_BYTES)
    batch = catalog.find_batch(gtin=product.gtin, lot=lot)
    base = 0 if batch is None else batch.size
    listed = list(serials)
    if not listed:
        raise MalformedInput(
            "nothing_named",
            field="serials",
            got="nothing",
            wanted="at least one serial",
        )
    staging = Staging(
        id=uuid.uuid4(),
        product=product,
        partner=partner,
        lot=lot,
        expiry_date=expiry_date,
        tag=batch_tag(tag_key(), gtin=product.gtin, lot=lot),
        base=base,
        size=len(listed),
        seed=seed,
        created_at=at,
    )
    # A third of all work: done beside while serials are asked for and kept.
    with rooting(seed=seed, gtin=product.gtin, base=base, serials=listed) as root:
        _verify_new(product, listed)
        with transaction.atomic():
            # A pool that is made meanwhile waits here, and then finds these serials.
            products.lock_product(gtin=product.gtin)
            pools.claim(staging_id=staging.id, met=_meet(product, lot, listed))
            staging.save(force_insert=True)
            _keep(staging, listed)
            staging.root = root()
            staging.save(update_fields=["root"])
    return staging


def _verify_new(product: Product, serials: list[str]) -> None:
    with asking(product_id=product.pk, count=len(serials)) as asked:
        for group in in_order(serials):
            for start in range(0, len(group), ASKED_AT_ONCE):
                asked.put(group[start : start + ASKED_AT_ONCE])
        taken = asked.taken()
    taken = taken or case_serials(gtin=product.gtin)
    for number, serial in enumerate(serials if taken else (), start=1):
        if serial in taken:
            raise MalformedInput(
                "serial_taken",
                field=f"serials[{number}]",
                got=serial,
                wanted=f"a serial that {product.gtin} does not have yet",
            )


def _keep(staging: Staging, serials: list[str]) -> None:
    StagedChunk.objects.bulk_create(
        (
            StagedChunk(staging_id=staging.pk, chunk_no=number, serials="\n".join(part))
            for number, part in enumerate(chunked(serials, base=staging.base))
        ),
        batch_size=_ROWS,
    )


def _meet(product: Product, lot: str, serials: list[str]) -> list[Met]:
    """The pools that the serials come from; most come from none."""
    met = meet_pools(product=product, lot=lot, serials=serials)
    for each in met:
        for serial, state in each.refused.items():
            raise MalformedInput(
                "serial_of_pool",
                field=f"serials[{serials.index(serial) + 1}]",
                got=f"{serial}, {state}",
                wanted="a serial that is printed, and for this lot",
            )
    return met


def discard_staging(*, staging_id: uuid.UUID) -> None:
    """Forget staged serials; a staging that is gone already is no error."""
    with transaction.atomic():
        pools.release_claims(staging_id=staging_id)
        Staging.objects.filter(pk=staging_id).delete()
