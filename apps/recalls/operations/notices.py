"""Who was told what: notices to holders, written by a job and repeated harmlessly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from pyroaring import BitMap

from apps.core.custody import SUPPLIED
from apps.core.errors import Unavailable
from apps.custody.queries.holders import shares
from apps.custody.queries.moves import count_lines, held_by_each
from apps.custody.queries.scopes import covered_units
from apps.partners.models import TradingPartner
from apps.partners.queries.names import partners_by_gln
from apps.recalls.formats import LIVE
from apps.recalls.models import Notice, Recall
from apps.recalls.queries.recalls import Meant, units_of


@dataclass(slots=True)
class _Told:
    """Units of one batch that a notice speaks of."""

    held: int = 0
    supplied: int = 0


def flag_affected(*, recall_id: str, at: datetime) -> int:
    """Write what every holder of a recalled unit must know; return how many notices.

    One transaction under the recall's row: a crash leaves nothing, a repetition the
    same rows. A holder that no longer has any unit keeps its notice, with zeros.
    """
    with transaction.atomic():
        recall = Recall.objects.select_for_update().filter(pk=recall_id).first()
        if recall is None or recall.closed_ms is not None:
            return 0
        meant = units_of(recall)
        # Counted before the holdings are read: what moves in between is seen next time.
        seen = count_lines(batch_ids=[each.batch.pk for each in meant])
        told = [_tell(recall, each, at) for each in meant]
        kept = {each.batch.pk for each in meant}
        gone = Notice.objects.filter(recall=recall).exclude(batch_id__in=kept)
        gone.update(held_count=0, supplied_count=0)
        Recall.objects.filter(pk=recall_id).update(
            flagged_at=recall.flagged_at or at, seen_lines=seen
        )
    return sum(told)


def sweep_notices(*, at: datetime) -> dict[str, int]:
    """Tell holders that a lost job or moving goods left untold.

    A recall is flagged anew if it never was, or if its batches have more event lines
    than it saw: goods in transit arrived, or a lot was born recalled.
    """
    flagged = 0
    rows = Recall.objects.filter(closed_ms=None).order_by("opened_ms")
    for recall_id, flagged_at, seen in rows.values_list(
        "pk", "flagged_at", "seen_lines"
    ):
        batch_ids = covered_units(recall_id=recall_id)
        if flagged_at is None or count_lines(batch_ids=batch_ids) != seen:
            flag_affected(recall_id=recall_id, at=at)
            flagged += 1
    return {"flagged": flagged}


def mark_read(*, recall: Recall, partner: TradingPartner, at: datetime) -> None:
    """Note that the partner has opened its notices of a recall."""
    Notice.objects.filter(recall=recall, partner=partner, read_at=None).update(
        read_at=at
    )


def _tell(recall: Recall, meant: Meant, at: datetime) -> int:
    ever = _find_ever(meant)
    told = _count(meant, ever or {})
    known = {
        row.partner.gln: row
        for row in Notice.objects.filter(
            recall=recall, batch=meant.batch
        ).select_related("partner")
    }
    if ever is None:
        # What was told of packs held before stands until it can be read again.
        for gln, notice in known.items():
            told.setdefault(gln, _Told()).supplied = notice.supplied_count
    partners = partners_by_gln(told)
    for gln, partner in sorted(partners.items()):
        _write(known.get(gln), recall, meant, partner, told[gln], at)
    _clear(known[gln] for gln in known.keys() - told.keys())
    return len(partners)


def _find_ever(meant: Meant) -> dict[str, BitMap] | None:
    """Who ever held what of the lot; None while the part that says so is detached.

    Who holds it now is told all the same. Once the part is back there are more lines
    than were seen, so that the next sweep tells the others.
    """
    try:
        return held_by_each(batch_id=meant.batch.pk)
    except Unavailable:
        return None


def _count(meant: Meant, ever: Mapping[str, BitMap]) -> dict[str, _Told]:
    """Held now, and supplied or passed on before, by holder; who ended all is left out."""
    told: dict[str, _Told] = {}
    kept: dict[str, int] = {}
    for share in shares(batch_id=meant.batch.pk, units=meant.units):
        if share.status in LIVE:
            told.setdefault(share.holder, _Told()).held += len(share.units)
        if share.status != SUPPLIED:
            kept[share.holder] = kept.get(share.holder, 0) + len(share.units)
    for gln, units in ever.items():
        had = len(units & meant.units)
        if had > kept.get(gln, 0):
            told.setdefault(gln, _Told()).supplied = had - kept.get(gln, 0)
    return told


def _write(
    known: Notice | None,
    recall: Recall,
    meant: Meant,
    partner: TradingPartner,
    told: _Told,
    at: datetime,
) -> None:
    if known is None:
        Notice.objects.create(
            recall=recall,
            partner=partner,
            batch=meant.batch,
            held_count=told.held,
            supplied_count=told.supplied,
            created_at=at,
        )
        return
    if (known.held_count, known.supplied_count) == (told.held, told.supplied):
        return
    # More units than it was told of is news.
    is_news = told.held > known.held_count
    Notice.objects.filter(pk=known.pk).update(
        held_count=told.held,
        supplied_count=told.supplied,
        read_at=None if is_news else known.read_at,
    )


def _clear(notices: Iterable[Notice]) -> None:
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(
        held_count=0, supplied_count=0
    )
