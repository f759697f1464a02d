"""What an alert says to people: its kind in words, and what to do about it."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Words = str | Promise

# By code of the refusal; a code that is not listed is shown as its own words.
TITLES: Final[dict[str, _Words]] = {
    "already_dispensed": _("A pack was to be used after it was supplied"),
    "already_opened": _("A pack was to be used after it was opened"),
    "addressee_not_licensed": _("Goods for somebody without a licence"),
    "another_event": _("A correction of something else than was said"),
    "another_source": _("A hand-over in the name of somebody else"),
    "batch_unknown": _("A lot that nobody made"),
    "container_unknown": _("A container that nobody opened"),
    "expired": _("Expired goods were to be moved or supplied"),
    "in_transit": _("Goods under way were to be used"),
    "not_conserved": _("Packs of a lot are lost, or in two places"),
    "never_held": _("An answer about packs that were never held"),
    "not_brand_owner": _("A recall of somebody else's product"),
    "at_another_site": _("Goods that are at another site"),
    "not_in_your_custody": _("Goods that the party does not hold"),
    "serial_ended": _("A pack whose serial has ended"),
    "not_licensed": _("A party without a licence acted"),
    "not_licensed_to_make": _("A lot by somebody who may not make it"),
    "not_licensed_to_supply": _("A supply by somebody without a licence"),
    "not_recall_opener": _("A change of somebody else's recall"),
    "on_hold": _("Goods on hold were to be moved or supplied"),
    "scan_expiry_differs": _("A scanned expiry date is not that of the record"),
    "scan_lot_differs": _("A scanned lot is not that of the record"),
    "scan_already_dispensed": _("A pack was scanned that was supplied before"),
    "scan_reported": _("Somebody reported a code"),
    "scan_serial_ended": _("A pack was scanned whose serial has ended"),
    "scan_stolen": _("A stolen pack was scanned"),
    "scan_unknown": _("A code was scanned that nobody put on record"),
    "recalled": _("Recalled goods were to be moved or supplied"),
    "serial_unknown": _("A serial that nobody commissioned"),
}
_TO_DO: Final[dict[str, _Words]] = {
    "already_dispensed": _(
        "Look at the pack: if it was never supplied, its code may be copied. Set it"
        " aside and tell the maker."
    ),
    "expired": _("Take it out of stock; record its destruction or return."),
    "in_transit": _("Receive the delivery first, then go on."),
    "at_another_site": _("Act from the site that holds it, or send it here first."),
    "not_in_your_custody": _(
        "Check what was delivered: perhaps it was never received, or sent on. A pack"
        " that the ledger shows at somebody else may be a copy."
    ),
    "not_conserved": _(
        "Nothing is mended by itself. Run manage.py fsck and read what it names before"
        " anything is rebuilt: the holdings of the lot are not what its events say."
    ),
    "not_brand_owner": _("Ask who tried and why; their key may be in other hands."),
    "not_recall_opener": _("Ask who tried and why; their key may be in other hands."),
    "serial_ended": _(
        "It was destroyed, lost, exported or taken out before. If you have it in hand,"
        " its code may be copied: set it aside and tell the maker."
    ),
    "on_hold": _("Leave it where it is until whoever set the hold lifts it."),
    "recalled": _("Set it aside and answer the recall."),
    "scan_reported": _(
        "Read what looks wrong, talk to who reported it, and to the maker if the code"
        " may be copied."
    ),
    "scan_unknown": _(
        "Keep the pack apart and scan it again. If it is still unknown, tell the maker."
    ),
    "serial_unknown": _(
        "Scan it again. If it is still unknown, set the pack aside and tell the maker."
    ),
}
_OTHERWISE: Final[_Words] = _("Read what was tried, ask who did it, then close this.")


def title_of(kind: str) -> str:
    """The kind of an alert in words."""
    return str(TITLES.get(kind, kind.replace("_", " ").capitalize()))


def to_do_of(kind: str) -> str:
    """The next step."""
    return str(_TO_DO.get(kind, _OTHERWISE))
