"""Dates and reasons as a patient could hear them."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

_MONTH = "F Y"


def _day(day: date) -> str:
    return date_format(day, pgettext("a day in a sentence, as Django's date", "j F Y"))


def is_month_end(day: date) -> bool:
    """Whether `day` is the last of its month, as most expiry dates are."""
    return day.day == monthrange(day.year, day.month)[1]


def expiry_short(day: date | None) -> str:
    """2028-02, or 2028-02-15 where the month does not say it all; "" for none."""
    if day is None:
        return ""
    return day.strftime("%Y-%m") if is_month_end(day) else day.isoformat()


def expiry_spoken(day: date | None) -> str:
    """The last day of use in a sentence."""
    if day is None:
        return ""
    if is_month_end(day):
        return _("end of %(month)s") % {"month": date_format(day, _MONTH)}
    return _day(day)


def recall_spoken(*, opened_ms: int | None, recall_class: str, reason: str) -> str:
    """Why and since when a pack is recalled; what is not known is left out."""
    if opened_ms is None or not recall_class:
        return _("This pack is recalled.")
    day = datetime.fromtimestamp(opened_ms / 1000, tz=UTC).date()
    return _("Recalled on %(day)s: class %(class)s, %(reason)s.") % {
        "day": _day(day),
        "class": recall_class,
        "reason": reason.strip().rstrip("."),
    }


def supply_spoken(*, supplied_ms: int | None, at: datetime, site: str) -> str:
    """When a pack was supplied, told only for a supply of one's own.

    Args:
        supplied_ms: None for a supply by somebody else.
        site: name of the site, "" where the asker has only one.
    """
    if supplied_ms is None:
        return _("This serial was already supplied elsewhere.")
    then = datetime.fromtimestamp(supplied_ms / 1000, tz=UTC)
    words = {
        "where": _("at %(site)s") % {"site": site} if site else _("here"),
        "time": then.strftime("%H:%M UTC"),
        "day": _day(then.date()),
    }
    if then.date() == at.astimezone(UTC).date():
        said = _("This serial was already dispensed %(where)s at %(time)s today.")
    else:
        said = _("This serial was already dispensed %(where)s on %(day)s at %(time)s.")
    return said % words
