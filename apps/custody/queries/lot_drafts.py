"""Drafts of commissionings: staged serials, their number and the root of their tree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from apps.core.canonical import JsonValue
from apps.core.epcis import build, event_json
from apps.core.epcis.parts import Occasion
from apps.core.errors import MalformedInput
from apps.core.ranges import set_digest
from apps.core.subjects import Moved, Serials, Subject
from apps.custody.models import Staging
from apps.custody.queries.drafts import signer_of
from apps.custody.queries.words import meaning_of
from apps.edge.numbers import grouped
from apps.ledger.formats import Draft, as_ms, new_statement
from apps.partners import queries as partners
from apps.partners.queries import Actor


def draft_commissioning(
    *, staging_id: UUID, site: str, actor: Actor, at: datetime
) -> Draft:
    """The commissioning of staged serials: N and the root of their tree.

    Raises:
        MalformedInput: `unknown_staging`.
    """
    staging = (
        Staging.objects.select_related("product")
        .filter(pk=staging_id, partner__gln=actor.gln)
        .first()
    )
    if staging is None:
        raise MalformedInput(
            "unknown_staging",
            field="staging_id",
            got=str(staging_id),
            wanted="a file that was checked",
        )
    payload = new_statement(
        kind="event",
        by=actor.gln,
        signer=signer_of(actor),
        meaning=meaning_of(rule="commissioning", biz_step="commissioning"),
        subjects=[_subject(staging)],
        parents=[],
        body=_commissioning(staging, site=site, at=at),
        at=at,
        ledger=partners.get_genesis().origin,
    )
    return Draft(payload=payload, words=_words(staging, actor))


def seed_of(*, staging_id: UUID) -> bytes:
    """The seed of staged serials: with them it gives the root that is to be signed."""
    seeds = Staging.objects.values_list("seed", flat=True)
    return bytes(seeds.get(pk=staging_id))


def _subject(staging: Staging) -> Subject:
    last = staging.base + staging.size - 1
    return Subject(
        bytes(staging.tag),
        moved=Moved(staging.size, set_digest(((staging.base, last),))),
        serials=Serials(
            base=staging.base,
            size=staging.size,
            root=bytes(staging.root),
            gtin=staging.product.gtin,
            lot=staging.lot,
            expiry_date=staging.expiry_date,
        ),
    )


def _commissioning(
    staging: Staging, *, site: str, at: datetime
) -> Mapping[str, JsonValue]:
    return event_json(
        build.commission_lot(
            Occasion(event_time_ms=as_ms(at), site=site),
            gtin=staging.product.gtin,
            lot=staging.lot,
            expiry_date=staging.expiry_date,
            size=staging.size,
        )
    )


def _words(staging: Staging, actor: Actor) -> str:
    return _(
        "%(who)s commissions %(n)s packs of %(product)s, lot %(lot)s, expiry %(expiry)s."
    ) % {
        "who": actor.partner.name if actor.partner else "",
        "n": grouped(staging.size),
        "product": staging.product,
        "lot": staging.lot,
        "expiry": staging.expiry_date.isoformat(),
    }
