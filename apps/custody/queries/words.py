"""The sentence that says what a signature will mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from pyroaring import BitMap

from apps.core.custody import CustodyEvent, State
from apps.edge.numbers import grouped

# Signed in these words, whatever the language of the page.
_MEANINGS: Final[Mapping[str, str]] = {
    "commissioning": gettext_noop("commissioned by the manufacturer"),
    "packing": gettext_noop("packed by the holder"),
    "unpacking": gettext_noop("unpacked by the holder"),
    "shipping": gettext_noop("despatched by the holder"),
    "receiving": gettext_noop("received by the addressee"),
    "void_shipping": gettext_noop("despatch withdrawn by the sender"),
    "dispensing": gettext_noop("supplied by the pharmacy"),
    "decommissioning": gettext_noop("serials ended by the holder"),
    "destroying": gettext_noop("destroyed by the holder"),
    "sampling": gettext_noop("taken as samples by the holder"),
    "holding": gettext_noop("put on hold"),
    "storing": gettext_noop("released from hold"),
    "inspecting": gettext_noop("inspected and released"),
}
# Events of these rows share their bizStep with others and mean something else.
_MEANINGS_OF_RULES: Final[Mapping[str, str]] = {
    "opening a container": gettext_noop("container opened by the holder"),
    "undoing a supply": gettext_noop("supply taken back by the pharmacy"),
    "correcting": gettext_noop("event taken back by who said it"),
}
# How the serials end, by the disposition of the event.
_ENDS: Final[Mapping[str, str]] = {
    "inactive": gettext_noop("inactive"),
    "unavailable": gettext_noop("unavailable"),
    "stolen": gettext_noop("stolen"),
    "destroyed": gettext_noop("destroyed"),
    "in_transit": gettext_noop("in transit"),
}
_SENTENCES: Final[Mapping[str, str]] = {
    "opening a container": gettext_noop("%(who)s opens %(boxes)s."),
    "packing": gettext_noop("%(who)s packs %(what)s into %(parent)s."),
    "unpacking": gettext_noop("%(who)s takes %(what)s out of %(parent)s."),
    "shipping": gettext_noop("%(who)s ships %(what)s to %(to)s."),
    "returning": gettext_noop("%(who)s returns %(what)s to %(to)s."),
    "recall shipping": gettext_noop(
        "%(who)s sends recalled goods back: %(what)s to %(to)s."
    ),
    "receiving": gettext_noop("%(who)s receives %(what)s."),
    "receiving a return": gettext_noop(
        "%(who)s takes back %(what)s; they stay on hold until they are inspected."
    ),
    "voiding": gettext_noop("%(who)s withdraws the despatch of %(what)s."),
    "supplying": gettext_noop("%(who)s supplies %(what)s."),
    "supplying a part": gettext_noop("%(who)s supplies a part of %(what)s."),
    "undoing a supply": gettext_noop("%(who)s takes back the supply of %(what)s."),
    "correcting": gettext_noop("%(who)s takes back an event: %(what)s."),
    "ending": gettext_noop("%(who)s ends the serials of %(what)s: %(how)s."),
    "holding": gettext_noop("%(who)s puts %(what)s on hold."),
    "releasing": gettext_noop("%(who)s releases %(what)s."),
}


def meaning_of(*, rule: str, biz_step: str) -> str:
    """What a signature under an event of this row of the law means; "" if unknown."""
    return _MEANINGS_OF_RULES.get(rule) or _MEANINGS.get(biz_step, "")


def sentence(
    rule: str,
    event: CustodyEvent[BitMap],
    state: State[BitMap],
    names: Mapping[str, str],
) -> str:
    """What happens, to whom, with how many packs of which lots.

    Args:
        names: of partners by GLN; an unknown GLN stands for itself.
    """
    return _(_SENTENCES[rule]) % {
        "who": names.get(event.by, event.by),
        "to": names.get(event.destination, event.destination),
        "what": _what(event, state),
        "boxes": _boxes(event),
        "parent": short(event.parent),
        "how": _(_ENDS.get(event.disposition, event.disposition)),
    }


def _what(event: CustodyEvent[BitMap], state: State[BitMap]) -> str:
    total = sum(len(units) for units in event.units.values())
    packs = ngettext("%(n)s pack", "%(n)s packs", total) % {"n": grouped(total)}
    lots = [
        _("%(n)s of lot %(lot)s")
        % {"n": grouped(len(units)), "lot": state.batches[tag].lot}
        for tag, units in sorted(event.units.items())
        if units
    ]
    shown = ", ".join(lots[:5]) + (" …" if len(lots) > 5 else "")
    if event.containers:
        packs = _("%(packs)s in %(boxes)s") % {"packs": packs, "boxes": _boxes(event)}
    return f"{packs} ({shown})" if shown else packs


def _boxes(event: CustodyEvent[BitMap]) -> str:
    if len(event.containers) == 1:
        return _("container %(code)s") % {"code": short(event.containers[0])}
    total = len(event.containers)
    return ngettext("%(n)s container", "%(n)s containers", total) % {
        "n": grouped(total)
    }


def short(epc: str) -> str:
    """The number in an EPC: an SSCC, or GTIN and serial."""
    return epc.removeprefix("https://id.gs1.org/").removeprefix("00/")
