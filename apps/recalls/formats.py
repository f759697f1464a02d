"""Words, tiers and shapes of recalls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.custody import ACTIVE, IN_TRANSIT, PARTLY_SUPPLIED, SUPPLIED
from apps.core.recall import Scope
from apps.edge.numbers import grouped

# Until when a holder is expected to answer, by class (21 CFR 7.3(m)). The law names
# no hours; these are ours: a class I recall is followed up the next day.
ANSWER_WITHIN: Final = {
    "I": timedelta(hours=24),
    "II": timedelta(hours=72),
    "III": timedelta(days=10),
}
# Still somewhere in the trade: whoever holds such a unit must act.
LIVE: Final = frozenset({ACTIVE, IN_TRANSIT, PARTLY_SUPPLIED})
UNACCOUNTED: Final = frozenset({IN_TRANSIT, "lost", "stolen"})
TIERS: Final[dict[str, str | Promise]] = {
    "maker": gettext_lazy("At the maker"),
    "in_transit": gettext_lazy("In transit"),
    "wholesaler": gettext_lazy("At wholesalers"),
    "pharmacy": gettext_lazy("At pharmacies"),
    "supplied": gettext_lazy("Supplied to patients"),
    "ended": gettext_lazy("Ended"),
    "missing": gettext_lazy("Lost or stolen"),
}
STATUS_WORDS: Final[dict[str, str | Promise]] = {
    ACTIVE: gettext_lazy("in stock"),
    IN_TRANSIT: gettext_lazy("in transit"),
    PARTLY_SUPPLIED: gettext_lazy("partly supplied"),
    SUPPLIED: gettext_lazy("supplied"),
    "decommissioned": gettext_lazy("decommissioned"),
    "destroyed": gettext_lazy("destroyed"),
    "exported": gettext_lazy("exported"),
    "lost": gettext_lazy("lost"),
    "sampled": gettext_lazy("sampled"),
    "stolen": gettext_lazy("stolen"),
}
ANSWER_WORDS: Final[dict[str, str | Promise]] = {
    "quarantined": gettext_lazy("quarantined"),
    "returned": gettext_lazy("sent back"),
    "destroyed": gettext_lazy("destroyed"),
    "supplied": gettext_lazy("supplied or passed on"),
    "in_transit": gettext_lazy("under way"),
    "not_found": gettext_lazy("not found"),
}
DEPTH_WORDS: Final[dict[str, str | Promise]] = {
    "patient": gettext_lazy("to the patient"),
    "retail": gettext_lazy("to pharmacies and hospitals"),
    "wholesale": gettext_lazy("to wholesalers"),
}
_TIER_BY_ROLE: Final = {
    "manufacturer": "maker",
    "pharmacy": "pharmacy",
    "hospital": "pharmacy",
}
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_NAMED_LOTS: Final = 4


def tier_of(*, role: str, status: str) -> str:
    """The tier of units in `status` at a holder of `role`: a key of `TIERS`."""
    if status == SUPPLIED:
        return "supplied"
    if status == IN_TRANSIT:
        return "in_transit"
    if status in UNACCOUNTED:
        return "missing"
    if status not in LIVE:
        return "ended"
    return _TIER_BY_ROLE.get(role, "wholesaler")


def harmless(value: object) -> str:
    """A CSV cell that no spreadsheet takes for a formula: it gets an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def joined(texts: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    if len(texts) < 2:
        return "".join(texts)
    return _("%(first)s and %(last)s") % {
        "first": ", ".join(texts[:-1]),
        "last": texts[-1],
    }


def scope_words(scope: Scope) -> str:
    """What a scope names: "lots A123 and A124, expiring by 2028-02-29"."""
    parts = [_lot_words(sorted(scope.lots))]
    if scope.serials:
        parts.append(
            ngettext("%(n)d serial", "%(n)d serials", len(scope.serials))
            % {"n": len(scope.serials)}
        )
    parts += [
        _("serials %(first)s to %(last)s") % {"first": each.first, "last": each.last}
        for each in scope.ranges[:_NAMED_LOTS]
    ]
    if len(scope.ranges) > _NAMED_LOTS:
        parts.append(_("%(n)d more ranges") % {"n": len(scope.ranges) - _NAMED_LOTS})
    if scope.expiry_from:
        parts.append(_("expiring from %(day)s") % {"day": scope.expiry_from})
    if scope.expiry_to:
        parts.append(_("expiring by %(day)s") % {"day": scope.expiry_to})
    return ", ".join(parts)


def _lot_words(lots: list[str]) -> str:
    if not lots:
        return _("every lot")
    named = lots[:_NAMED_LOTS]
    if len(lots) > len(named):
        named.append(_("%(n)d more") % {"n": len(lots) - len(named)})
    return ngettext("lot %(lots)s", "lots %(lots)s", len(lots)) % {
        "lots": joined(named)
    }


def count_words(counts: Mapping[str, int]) -> str:
    """Units by state of an answer in words: "40 quarantined, 2 not found"."""
    said = [
        f"{grouped(counts[state])} {word}"
        for state, word in ANSWER_WORDS.items()
        if counts.get(state)
    ]
    return ", ".join(said)
