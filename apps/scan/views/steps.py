"""What somebody may sign about the pack that was just scanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.custody import ACTIVE
from apps.core.gs1 import build_digital_link
from apps.custody.queries.plans import RELEASES
from apps.custody.queries.units import Unit
from apps.custody.queries.words import meaning_of
from apps.edge.page_parts import SignPanel
from apps.partners.queries import Actor
from apps.scan.queries import Verdict

_Words = tuple[str | Promise, ...]
# Step → button on the verdict, button that signs, meaning of the signature; then what
# the band says once it is signed: a word for two metres, and what follows from it.
_WORDS: Final[Mapping[str, _Words]] = {
    "dispense": (
        gettext_lazy("Dispense"),
        gettext_lazy("Sign and supply this pack"),
        gettext_lazy("I supply this pack"),
        gettext_lazy("Supplied"),
        gettext_lazy("Recorded. This pack may not be supplied again."),
    ),
    "dispense_part": (
        gettext_lazy("Part pack"),
        gettext_lazy("Sign and supply a part of this pack"),
        gettext_lazy("I supply a part of this pack"),
        gettext_lazy("Part supplied"),
        gettext_lazy("Recorded. The rest of the pack stays with you."),
    ),
    "hold": (
        gettext_lazy("Report a suspicion"),
        gettext_lazy("Sign and put this pack on hold"),
        gettext_lazy("I put this pack on hold"),
        gettext_lazy("On hold"),
        gettext_lazy("Recorded. Keep the pack apart until the hold is lifted."),
    ),
    "release": (
        gettext_lazy("Lift the hold"),
        gettext_lazy("Sign and lift the hold"),
        gettext_lazy("I release this pack"),
        gettext_lazy("Hold lifted"),
        gettext_lazy("Recorded. Scan the pack again before you supply it."),
    ),
    "undo": (
        gettext_lazy("Take the supply back"),
        gettext_lazy("Sign and take the supply back"),
        gettext_lazy("I take this supply back"),
        gettext_lazy("Taken back"),
        gettext_lazy("Recorded. Scan the pack again before you supply it."),
    ),
}
# Step → the words that its statement signs, whatever the language of the page.
_SIGNED: Final[Mapping[str, str]] = {
    "dispense": meaning_of(rule="supplying", biz_step="dispensing"),
    "dispense_part": meaning_of(rule="supplying a part", biz_step="dispensing"),
    "hold": meaning_of(rule="holding", biz_step="holding"),
    "release": meaning_of(rule="releasing", biz_step="storing"),
    "undo": meaning_of(rule="undoing a supply", biz_step=""),
}
_BY_CODE: Final[Mapping[str, tuple[str, ...]]] = {
    "genuine_in_date_yours": ("dispense", "dispense_part", "hold"),
    "opened_yours": ("dispense", "hold"),
    "genuine_yours": ("hold",),
    "expiry_differs": ("hold",),
    "lot_differs": ("hold",),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that can be signed: its wish goes to the drafts door as it is.

    Attributes:
        done, after: what the band says once it is signed.
    """

    name: str
    word: str
    note: str
    wish: dict[str, Any]
    sign: SignPanel
    done: str
    after: str


def offered_steps(verdict: Verdict, *, actor: Actor, at: datetime) -> list[Step]:
    """The steps that the law would let `actor` sign now, the likeliest first."""
    unit = verdict.unit
    if unit is None or not actor.can_sign:
        return []
    names = list(_BY_CODE.get(verdict.rule.code, ()))
    if verdict.rule.verdict == "hold" and not _is_at_hand(unit, actor):
        names.clear()
    if verdict.undo is not None:
        names.append("undo")
    steps = [_step(name, verdict, at=at) for name in names]
    # One after the other: each hold is lifted under its own reason.
    own = [hold.reason for hold in unit.holds if hold.owner == actor.gln]
    more = {"reason": RELEASES[own[0]]} if own else {}
    return [*steps, *(_step("release", verdict, at=at, **more) for _ in own[:1])]


def _left(time: timedelta) -> str:
    """Whole days, as the law counts them; hours on the last one."""
    if time.days:
        return ngettext("%(n)d day", "%(n)d days", time.days) % {"n": time.days}
    hours = time.seconds // 3600
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def _is_at_hand(unit: Unit, actor: Actor) -> bool:
    """Whether `actor` may put the pack on hold, and has not done so."""
    is_own = unit.holder == actor.gln and unit.status == ACTIVE
    return is_own and actor.gln not in {hold.owner for hold in unit.holds}


def _step(name: str, verdict: Verdict, *, at: datetime, **more: str) -> Step:
    unit, undo = verdict.unit, verdict.undo
    if unit is None:
        raise RuntimeError("a step needs a pack")
    wish: dict[str, Any] = {
        "kind": "event",
        "step": name,
        "site": unit.site,
        "items": [build_digital_link([("01", unit.gtin), ("21", unit.serial)])],
    }
    wish |= {key: value for key, value in more.items() if value}
    note = ""
    if name == "undo" and undo is not None:
        wish["parents"] = [undo.ref]
        note = _("Possible until %(until)s, for another %(left)s.") % {
            "until": undo.until.strftime("%Y-%m-%d %H:%M UTC"),
            "left": _left(undo.until - at),
        }
    elif name == "hold":
        note = _(
            "A hold keeps the pack off every counter. It does not say why and tells"
            " nobody: report below what looks wrong, and the regulator reads it."
        )
    word, label, meaning, done, after = map(str, _WORDS[name])
    # Enter signs, on the verdict and on each step's own page.
    panel = SignPanel(label=f"{label} ⏎", meaning=meaning, signed=_SIGNED[name])
    return Step(name, word, note, wish, panel, done=done, after=after)
