"""What follows from a bundle that holds, and what no bundle can show; step 13."""

from __future__ import annotations

from typing import Final

from ..errors import ProofError
from ..ordinals import Ordinals
from ..steps import Finding, at_step
from .goods import LAW_STEP, SERIALS_STEP, SETS_STEP
from .head import Head
from .manifest import WHOLE, Lot, Manifest
from .replay import VOICES_STEP, Replay
from .report import Link, LotReport, Place, Report, Signer
from .units import whole

SUM_STEP: Final = 13

NOT_HERE: Final = (
    "that no serial is in another lot of the product, that container numbers were new",
    "nesting of containers, which events of other lots change: units count as signed",
    "that the map of the last leaf is that of all leaves: pharmatrace-monitor does that",
)


def conclude(
    manifest: Manifest,
    head: Head,
    replay: Replay,
    findings: list[Finding],
    links: list[Link],
) -> Report:
    """The report of a bundle all of whose entries hold.

    Raises:
        ProofError: `units_lost`: a unit is at two places, or at none.
    """
    found = [*findings, *_voices(replay)]
    lots: tuple[LotReport, ...] = ()
    if manifest.form == WHOLE:
        found += _goods(replay)
        with at_step(SUM_STEP):
            lots = tuple(
                _lot(replay, lot) for lot in sorted(manifest.lots, key=_by_name)
            )
        total = sum(lot.size for lot in lots)
        text = f"every one of {total} unit(s) is at one place"
        found.append(Finding(SUM_STEP, text))
        found += [
            Finding(LAW_STEP, f"not checked here: {text}", is_shown=False)
            for text in NOT_HERE
        ]
    else:
        found += [
            Finding(step, text, is_shown=False)
            for step, text in (
                (SERIALS_STEP, "redacted: serials are not shown"),
                (SETS_STEP, "redacted: units are not shown"),
                (LAW_STEP, "redacted: links of others are not shown, so not judged"),
                (SUM_STEP, "redacted: places are not shown"),
            )
        ]
    return Report(
        form=manifest.form,
        head=head,
        findings=tuple(found),
        lots=lots,
        links=tuple(links),
        signers=_signers(replay),
    )


def _by_name(lot: Lot) -> tuple[str, str]:
    return lot.gtin, lot.lot


def _voices(replay: Replay) -> list[Finding]:
    voices = replay.voices
    text = (
        f"every signature verifies: {len(voices.spoken)} parties under"
        f" {len(voices.used)} keys, none revoked by then"
    )
    return [Finding(VOICES_STEP, text)]


def _goods(replay: Replay) -> list[Finding]:
    units, calls = replay.goods.units, replay.calls
    serials = sum(map(len, units.serials.values()))
    stands = list(calls.stands.values())
    found = [
        Finding(SERIALS_STEP, f"{serials} serial(s) under the roots that were signed"),
        Finding(
            SETS_STEP,
            f"{units.derived} set(s) follow from what is named, {units.stated} stand as"
            " they were signed",
        ),
        Finding(
            LAW_STEP,
            f"the law accepts {replay.goods.events} event(s), {len(stands)} recall(s),"
            f" {stands.count('open')} of them open, {calls.answers} answer(s)",
        ),
    ]
    if replay.unknown_parents:
        text = f"{replay.unknown_parents} reference(s) to statements about other lots"
        found.append(Finding(LAW_STEP, f"not checked here: {text}", is_shown=False))
    return found


def _lot(replay: Replay, lot: Lot) -> LotReport:
    state, tag = replay.goods.state, lot.tag.hex()
    batch = state.batches.get(tag)
    if batch is None:
        raise ProofError("batch_unknown", field=f"lot {lot.lot}", wanted="a lot")
    everywhere, count = Ordinals(), 0
    places = []
    for place, units in batch.holdings.items():
        everywhere |= units
        count += len(units)
        name = replay.register.names.get(place.holder, "")
        where = place.holder, name, place.site, place.status
        places.append(Place(*where, len(units)))
    if count != batch.size or everywhere != whole(batch.size):
        raise ProofError(
            "units_lost",
            field=f"lot {lot.lot}",
            got=f"{len(everywhere)} units at places for {count}",
            wanted=f"{batch.size} units, each at one place",
        )
    held = Ordinals()
    for units in batch.held.values():
        held |= units
    return LotReport(
        gtin=lot.gtin,
        lot=lot.lot,
        expiry_date=batch.expiry_date,
        size=batch.size,
        recalled=len(batch.recalled),
        held=len(held),
        places=tuple(sorted(places, key=lambda each: (-each.count, each.gln))),
        batch=batch,
        serials=replay.goods.units.serials[tag],
    )


def _signers(replay: Replay) -> tuple[Signer, ...]:
    spoken = replay.voices.spoken.most_common()
    names = replay.register.names
    return tuple(Signer(gln, names.get(gln, ""), count) for gln, count in spoken)
