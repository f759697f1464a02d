"""The decision: rows in order, the first that holds is the verdict.

`dispense` is said of every pack that its asker holds and that nothing speaks against;
only a pharmacy or hospital licensed for the product reads the word DISPENSE, anybody
else reads GENUINE (code `genuine_yours`). `hold` keeps the pack off the counter. `ask`
is for doubt that is more likely the scanner's than the pack's.

Alert codes are those of the European verification system, level 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.custody import ACTIVE, IN_TRANSIT, PARTLY_SUPPLIED, SUPPLIED
from apps.scan.formats.facts import Facts

Word = Literal["dispense", "hold", "ask"]
_AT_HAND: Final = (ACTIVE, PARTLY_SUPPLIED)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: when it holds, what is said, and the one next step.

    Attributes:
        sentence: what a patient could hear; `%(name)s` are filled in by the verdict.
        alert: alert code of the European verification system, "" where it has none.
    """

    code: str
    verdict: Word
    holds: Callable[[Facts], bool]
    sentence: str | Promise
    next_step: str | Promise
    alert: str = ""


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "unreadable",
        "ask",
        lambda facts: facts.reading == "unreadable",
        _("This code cannot be read."),
        _("Clean the code and scan it again, or use the camera."),
    ),
    Rule(
        "group_separator_lost",
        "ask",
        lambda facts: facts.reading == "ambiguous",
        _("The scanner ran two fields of the code together."),
        _("Use the camera, or set the scanner to send GS (ASCII 29) for FNC1."),
    ),
    Rule(
        "case_swapped",
        "ask",
        lambda facts: facts.is_case_swapped,
        _("This code exists with upper and lower case exchanged. Caps Lock?"),
        _("Turn Caps Lock off and scan the pack again."),
    ),
    Rule(
        "no_serial",
        "ask",
        lambda facts: facts.reading == "container",
        _("This code names a container, not one pack."),
        _("Open the container, or scan a pack inside it."),
    ),
    Rule(
        "unknown",
        "hold",
        lambda facts: not facts.is_product_known and not facts.is_known,
        _("This product is not known here: its GTIN is not registered."),
        _("Keep the pack apart and compare the number with the pack, then report it."),
    ),
    Rule(
        "no_serial",
        "ask",
        lambda facts: facts.reading == "partial" and not facts.is_recalled,
        _("This code names no single pack."),
        _("Scan the square code on the pack; it carries the serial number."),
    ),
    Rule(
        "unknown",
        "hold",
        lambda facts: not (facts.is_known or facts.is_lot_known),
        _("Neither this serial number nor this lot is known here."),
        _("Keep the pack apart, scan it once more, then report it."),
        "A2",
    ),
    Rule(
        "unknown",
        "hold",
        lambda facts: not facts.is_known and facts.reading == "pack",
        _("This serial number is not known here."),
        _("Keep the pack apart, scan it once more, then report it."),
        "A3",
    ),
    Rule(
        "expiry_differs",
        "hold",
        lambda facts: facts.expiry_differs,
        _("The expiry date in the code is not the one on record for this pack."),
        _("Compare the code with the printed date, keep the pack apart and report it."),
        "A52",
    ),
    Rule(
        "lot_differs",
        "hold",
        lambda facts: facts.lot_differs,
        _("The lot in the code is not the one on record for this pack."),
        _("Compare the code with the printed lot, keep the pack apart and report it."),
        "A68",
    ),
    Rule(
        "stolen",
        "hold",
        lambda facts: facts.status == "stolen",
        _("This pack was reported stolen."),
        _("Keep the pack and the person's details, and call the authority."),
        "A24",
    ),
    Rule(
        "recalled",
        "hold",
        lambda facts: facts.is_recalled,
        "%(recall)s",
        _("Put the pack into quarantine and open the recall."),
    ),
    Rule(
        "already_dispensed",
        "hold",
        lambda facts: facts.status == SUPPLIED,
        "%(supply)s",
        _(
            "Do not supply it again. If it was scanned twice by mistake, nothing is due."
        ),
        "A7",
    ),
    Rule(
        "serial_ended",
        "hold",
        lambda facts: facts.status not in {*_AT_HAND, IN_TRANSIT, ""},
        _("This pack was taken out of use."),
        _("Keep the pack apart and report it."),
        "A24",
    ),
    Rule(
        "on_hold",
        "hold",
        lambda facts: facts.is_held and facts.is_yours,
        _("This pack is on hold until it has been examined."),
        _("Leave it in quarantine until the hold is lifted."),
    ),
    Rule(
        "expired",
        "hold",
        lambda facts: facts.is_expired,
        _("This pack is past its date: %(expiry)s."),
        _("Take it off the shelf and destroy or return it."),
    ),
    Rule(
        "in_transit_to_you",
        "hold",
        lambda facts: facts.is_sent_to_you,
        _("This pack is genuine and on its way to you; it has not been received."),
        _("Receive the shipment first, then scan the pack again."),
    ),
    Rule(
        "in_transit_from_you",
        "hold",
        lambda facts: facts.is_yours and facts.status == IN_TRANSIT,
        _("You sent this pack; its receipt has not been recorded."),
        _("Ask the addressee to receive it, or take the despatch back."),
    ),
    Rule(
        "not_in_your_custody",
        "hold",
        lambda facts: facts.is_inspector and not facts.is_yours and facts.is_known,
        _("Genuine and in date, in the custody of %(holder)s."),
        _("Compare that with the place where you found it."),
    ),
    Rule(
        "not_in_your_custody",
        "hold",
        lambda facts: not facts.is_yours and facts.is_known,
        _("This pack is on record, but not with you."),
        _("Find its despatch under Receive, or ask who sent it to you."),
    ),
    Rule(
        "opened_yours",
        "dispense",
        lambda facts: facts.status == PARTLY_SUPPLIED and facts.may_supply,
        _("Genuine, in date, yours. It has been opened; the rest may be supplied."),
        _("Supply the rest."),
    ),
    Rule(
        "genuine_in_date_yours",
        "dispense",
        lambda facts: facts.may_supply and facts.is_known,
        _("Genuine, in date, yours."),
        _("Sign to supply it."),
    ),
    Rule(
        "genuine_yours",
        "dispense",
        lambda facts: facts.is_known,
        _("Genuine, in date, yours."),
        _("It may be packed and shipped; you hold no licence to supply it."),
    ),
)


def decide(facts: Facts) -> Rule:
    """The first rule that holds. A partial code in a recall falls to `recalled`.

    Raises:
        RuntimeError: no rule holds; the rows no longer cover every case.
    """
    for rule in RULES:
        if rule.holds(facts):
            return rule
    raise RuntimeError(f"no rule holds for {facts}")
