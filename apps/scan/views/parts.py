"""The verdict as a page or a part of one shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import quote, urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.anchoring.queries import Status
from apps.core.errors import MalformedInput, shown
from apps.partners.queries import Actor, Mark
from apps.scan import queries
from apps.scan.formats.rules import Rule
from apps.scan.formats.words import expiry_short
from apps.scan.queries import CustodyLink, ProofLine, Scanned, Verdict
from apps.scan.views.steps import Step, offered_steps

STATES: Final[Mapping[str, str]] = {"dispense": "go", "hold": "stop", "ask": "think"}
_WORDS: Final[Mapping[str, str | Promise]] = {
    "dispense": gettext_lazy("Dispense"),
    "hold": gettext_lazy("Hold"),
    "ask": pgettext_lazy("verdict", "Ask"),
}
# Verdicts that say "report it": the button beside them does.
_REPORTED: Final = frozenset(
    {"unknown", "expiry_differs", "lot_differs", "stolen", "serial_ended"}
)


@dataclass(frozen=True, slots=True)
class Band:
    """The band that is read from two metres."""

    state: str
    word: str
    reason: str
    product: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One link of the timeline."""

    icon: str
    party: str
    what: str
    at: datetime | date
    by: str
    meaning: str
    is_inferred: bool
    is_you: bool
    url: str
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Chip:
    """One verdict of the strip."""

    state: str
    word: str
    serial: str
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a code cannot be read: the part at fault, "" if all of it, and the wish."""

    got: str
    wanted: str


@dataclass(frozen=True, slots=True)
class VerdictPart:
    """Everything below and in the band.

    Attributes:
        read: what was read, escaped; said only of doubtful codes.
        pack_proof_url: the pack's own proof, "" where the asker may not have it.
        answer_url: the answer itself as a signed file.
        main: the step whose sentence is ready to be signed, None if there is none.
        others: further steps, each with a page of its own.
    """

    band: Band
    next_step: str
    next_url: str
    next_label: str
    alert_code: str
    read: str
    fault: Fault | None
    proposal: str
    proposal_url: str
    main: Step | None
    others: list[Step]
    code: str
    rows: list[Row]
    summary: str
    proof: ProofLine | None
    proof_url: str
    pack_proof_url: str
    answer_url: str
    may_sign: bool


def build_part(
    verdict: Verdict,
    *,
    code: str,
    actor: Actor,
    at: datetime,
    status: Callable[[], Status],
) -> VerdictPart:
    """The verdict on `code` as `actor` sees it.

    Args:
        status: how the log does now, for the line about the last step's proof.
    """
    steps = offered_steps(verdict, actor=actor, at=at)
    main = next((step for step in steps if step.name == "dispense"), None)
    is_doubtful = verdict.rule.verdict == "ask" or verdict.rule.code == "unknown"
    own = {link.statement_id for link in verdict.timeline}
    next_url, next_label = _next(verdict, steps, code=code, actor=actor, at=at)
    return VerdictPart(
        band=build_band(verdict, actor),
        next_step=str(verdict.rule.next_step),
        next_url=next_url,
        next_label=next_label,
        alert_code=verdict.rule.alert,
        read=shown(code) if is_doubtful else "",
        fault=_fault(verdict.read.fault, code),
        proposal=verdict.read.proposal,
        proposal_url=scan_url(verdict.read.proposal) if verdict.read.proposal else "",
        main=main,
        others=[
            step
            for step in steps
            if step is not main and _step_url(step.name, code) != next_url
        ],
        code=code,
        rows=_rows(verdict.timeline),
        summary=_summary(verdict.timeline),
        proof=queries.find_proof(verdict.statement_id, status=status),
        proof_url=(
            f"/ledger/statements/{verdict.statement_id}"
            if verdict.statement_id in own
            else ""
        ),
        pack_proof_url=proof_url(code) if queries.may_prove(verdict) else "",
        answer_url=f"/scan/answer.json?{urlencode({'code': code})}",
        may_sign=actor.can_sign,
    )


def scan_url(code: str) -> str:
    """The page with the verdict on `code`."""
    return f"/scan?{urlencode({'code': code})}"


def proof_url(code: str) -> str:
    """The page with the proof of the pack that `code` names."""
    return f"/scan/proof?{urlencode({'code': code})}"


def _fault(error: MalformedInput | None, code: str) -> Fault | None:
    """What the parser wanted, and which part of the code is not that."""
    if error is None:
        return None
    got = error.got if error.got and error.got != shown(code) else ""
    return Fault(got=got or "", wanted=error.wanted)


def report_url(code: str) -> str:
    """The page that reports what looks wrong with `code`."""
    return f"/scan/report?{urlencode({'code': code})}"


def build_band(verdict: Verdict, actor: Actor) -> Band:
    """The verdict as it is read from two metres."""
    state, word = STATES[verdict.rule.verdict], _word(verdict.rule)
    if verdict.rule.code == "not_in_your_custody" and actor.is_regulator:
        state, word = "past", _("On record")
    return Band(
        state=state,
        word=word,
        reason=verdict.reason,
        product=verdict.product,
        lot=verdict.lot,
        expiry=expiry_short(verdict.expiry_date),
        serial=verdict.read.serial,
    )


def _word(said: Rule | Scanned) -> str:
    if said.code == "genuine_yours":
        return _("Genuine")
    return str(_WORDS[said.verdict])


def _next(
    verdict: Verdict, steps: list[Step], *, code: str, actor: Actor, at: datetime
) -> tuple[str, str]:
    """Address and label of the one next step, both "" where nothing can be opened."""
    if verdict.rule.code in _REPORTED and not actor.is_regulator:
        return _report(steps, code)
    if verdict.rule.code == "not_in_your_custody" and not actor.is_regulator:
        return "/receive", _("Look for its despatch")
    if verdict.rule.code == "recalled":
        return f"/recalls/{verdict.recall_ids[0]}", _("Open the recall")
    if verdict.rule.code == "in_transit_to_you":
        ref = quote(verdict.shipment_ref, safe="")
        return f"/receive/{ref}", _("Receive the shipment")
    if verdict.read.sscc:
        found = queries.search(text=verdict.read.sscc, actor=actor, today=at.date())
        return (found[0].url, _("Open the container")) if found else ("", "")
    return "", ""


def _report(steps: list[Step], code: str) -> tuple[str, str]:
    """A pack at hand is put on hold; of any other only a report can be made."""
    if any(step.name == "hold" for step in steps):
        return _step_url("hold", code), _("Put this pack on hold")
    return report_url(code), _("Report this code")


def _step_url(name: str, code: str) -> str:
    return f"/scan/sign/{name}?{urlencode({'code': code})}"


def _rows(timeline: tuple[CustodyLink, ...]) -> list[Row]:
    said = queries.said_by(link.statement_id for link in timeline)
    return [_row(link, *said.get(link.statement_id, ("", ""))) for link in timeline]


def _row(link: CustodyLink, by: str, meaning: str) -> Row:
    return Row(
        icon=link.icon,
        party=link.party,
        what=link.what,
        at=link.at,
        by=by,
        meaning=meaning,
        is_inferred=link.is_inferred,
        is_you=link.is_you,
        url=f"/ledger/statements/{link.statement_id}" if link.statement_id else "",
        mark=link.mark,
    )


def _summary(timeline: tuple[CustodyLink, ...]) -> str:
    if not timeline:
        return ""
    inferred = sum(link.is_inferred for link in timeline)
    links = ngettext("%(n)d link", "%(n)d links", len(timeline)) % {"n": len(timeline)}
    return _("%(links)s, %(scanned)d scanned, %(inferred)d inferred") % {
        "links": links,
        "scanned": len(timeline) - inferred,
        "inferred": inferred,
    }


def chips(strip: tuple[Scanned, ...]) -> list[Chip]:
    """The last verdicts, newest first."""
    return [
        Chip(
            state=STATES[scan.verdict],
            word=_word(scan),
            serial=scan.serial or shown(scan.raw)[:16],
            at=scan.at,
            url=scan_url(scan.raw),
        )
        for scan in strip
    ]
