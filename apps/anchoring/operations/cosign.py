"""Step 5: witnesses put their names under a signed head; with a quorum it is published.

They are asked at the same time and answer within seconds or count as silent. A witness
that contradicts us is shown; only where no quorum can be had without it does the log
stop, for then it is the log that must have forked or lost entries.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from apps.anchoring.clients.policy import build_policy
from apps.anchoring.clients.witnesses import WitnessClient
from apps.anchoring.models import Cosignature, WitnessState
from apps.anchoring.operations.seal import publish_head
from apps.anchoring.operations.stores import Stores
from apps.anchoring.queries import PublishedHead
from apps.core.errors import (
    IntegrityBreach,
    LedgerConflict,
    MalformedInput,
    ProofError,
    Unavailable,
    UntrustedSignature,
)
from apps.core.note import Note, NoteSignature, get_trusted_signatures
from apps.core.policy import Policy, PolicyWitness
from apps.core.tiles import TileHashes
from apps.core.tree import consistency_path
from apps.core.witness import AddCheckpoint

logger = logging.getLogger(__name__)

# An idle log asks again, so that readers see that its witnesses are awake.
RECOSIGN: Final = timedelta(seconds=60)
# A witness that failed is left alone so long, unless there is no quorum without it.
RETRY: Final = timedelta(seconds=10)
_AHEAD: Final = "witness_ahead"
_REFUSES: Final = "witness_refuses"
_MOST_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class _Place:
    """One address, and the keys of the policy that sign there."""

    url: str
    witnesses: tuple[PolicyWitness, ...]
    size: int  # what it cosigned last, as far as we know


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of asking one place; without a fault there are `lines`."""

    place: _Place
    lines: tuple[NoteSignature, ...] = ()
    size: int | None = None
    fault: str = ""
    detail: str = ""


def publish_cosigned(stores: Stores, head: PublishedHead, *, at: datetime) -> bool:
    """Have the locked `head` cosigned and publish it; False while there is no quorum.

    Raises:
        IntegrityBreach: `witnesses_contradict`: without those that saw another log
            than ours there is no quorum.
        Unavailable: the policy cannot be read.
    """
    policy = build_policy(stores.keys)
    kept = _kept(policy, head)
    if wanted := _due(policy, kept, at):
        _ask(stores, policy, head, wanted, at=at)
        kept = _kept(policy, head)
    if not policy.is_quorum(kept):
        logger.warning("No quorum: %s of %s", len(kept), len(policy.witnesses))
        return False
    note = Note.parse(head.note).adding(kept.values())
    publish_head(stores, PublishedHead(head.size, head.root_hash, note.format()))
    return True


def confirm_head(stores: Stores, head: PublishedHead, *, at: datetime) -> bool:
    """Ask every witness whether `head` is the newest that it saw of this log.

    Before a process signs its first head, a quorum must say so: database, files and
    lock store may all have been set back together, and only others would know.

    Returns:
        False while too few answer; nothing may be signed then.

    Raises:
        IntegrityBreach: `witnesses_contradict`.
    """
    policy = build_policy(stores.keys)
    if policy.is_quorum(()):
        return True
    everybody = {one.name for one in policy.witnesses}
    answers = _ask(stores, policy, head, everybody, at=at)
    agreed = {
        one.name for answer in answers if not answer.fault for one in _signed_by(answer)
    }
    return policy.is_quorum(agreed)


def _kept(policy: Policy, head: PublishedHead) -> dict[str, NoteSignature]:
    """By policy name, in its order: the newest line of each witness over `head`.

    Only what a reader with this policy would count: a witness may have another key
    since, and rows may have been changed.
    """
    text = Note.parse(head.note).text
    rows = Cosignature.objects.filter(checkpoint_id=head.size)
    lines = dict(rows.values_list("witness", "line"))
    kept = {}
    for witness in policy.witnesses:
        try:
            line = NoteSignature.parse(lines.get(witness.name, ""))
            get_trusted_signatures(Note(text, (line,)), [witness.key])
        except (MalformedInput, UntrustedSignature):
            continue
        kept[witness.name] = line
    return kept


def _due(policy: Policy, kept: Collection[str], at: datetime) -> set[str]:
    """The witnesses to ask now: those without a fresh line, but none too often."""
    has_quorum = policy.is_quorum(kept)
    states = {row.witness: row for row in WitnessState.objects.all()}
    return {
        one.name
        for one in policy.witnesses
        if _is_due(
            states.get(one.name),
            has_line=one.name in kept,
            has_quorum=has_quorum,
            at=at,
        )
    }


def _is_due(
    state: WitnessState | None, *, has_line: bool, has_quorum: bool, at: datetime
) -> bool:
    if state is None:
        return True
    since = at - state.asked_at
    if state.fault:
        return since >= RETRY or not (has_line or has_quorum)
    return since >= RECOSIGN or not has_line


def _ask(
    stores: Stores,
    policy: Policy,
    head: PublishedHead,
    wanted: set[str],
    *,
    at: datetime,
) -> list[_Answer]:
    places = _places(policy, wanted)
    with ThreadPoolExecutor(min(len(places), _MOST_AT_ONCE)) as pool:
        answers = list(pool.map(lambda place: _ask_one(stores, head, place), places))
    for answer in answers:
        _record(answer, head, at=at)
    _require_possible_quorum(policy, answers, head)
    return answers


def _places(policy: Policy, wanted: set[str]) -> list[_Place]:
    sizes = dict(WitnessState.objects.values_list("witness", "size"))
    by_url: dict[str, list[PolicyWitness]] = {}
    for witness in policy.witnesses:
        if witness.name in wanted:
            by_url.setdefault(witness.url, []).append(witness)
    return [
        _Place(url, tuple(ones), sizes.get(ones[0].name, 0))
        for url, ones in by_url.items()
    ]


def _ask_one(stores: Stores, head: PublishedHead, place: _Place) -> _Answer:
    """Ask from where we believe the witness to stand, and once from where it says."""
    client = WitnessClient(place.url)
    old_size = min(place.size, head.size)
    try:
        for _ in range(2):
            request = AddCheckpoint(old_size, _path(stores, old_size, head), head.note)
            try:
                keys = [one.key for one in place.witnesses]
                lines = client.add_checkpoint(request, keys=keys)
            except LedgerConflict as other:
                old_size = int(other.got or 0)
                if old_size > head.size:
                    return _Answer(
                        place, size=old_size, fault=_AHEAD, detail=str(other)
                    )
                continue
            return _Answer(place, lines=lines, size=head.size)
    except (MalformedInput, UntrustedSignature, ProofError, Unavailable) as error:
        return _Answer(place, fault=error.code, detail=str(error))
    return _Answer(place, size=old_size, fault="witness_other_size")


def _path(stores: Stores, old_size: int, head: PublishedHead) -> tuple[bytes, ...]:
    if old_size in {0, head.size}:
        return ()
    source = TileHashes(stores.files.read_tile, tree_size=head.size)
    return tuple(consistency_path(source, old_size=old_size, new_size=head.size))


def _signed_by(answer: _Answer) -> Iterable[PolicyWitness]:
    ids = {(line.name, line.key_id) for line in answer.lines}
    return [
        one for one in answer.place.witnesses if (one.key.name, one.key.key_id) in ids
    ]


def _record(answer: _Answer, head: PublishedHead, *, at: datetime) -> None:
    by_id = {(line.name, line.key_id): line for line in answer.lines}
    for witness in answer.place.witnesses:
        line = by_id.get((witness.key.name, witness.key.key_id))
        fault = answer.fault or ("" if line else "no_known_signature")
        known: dict[str, object] = {
            "asked_at": at,
            "fault": fault,
            "detail": answer.detail,
        }
        if answer.size is not None:
            known["size"] = answer.size
        if line is not None:
            known["cosigned_at"] = at
            Cosignature.objects.update_or_create(
                checkpoint_id=head.size,
                witness=witness.name,
                defaults={"line": line.line.rstrip("\n"), "cosigned_at": at},
            )
        WitnessState.objects.update_or_create(witness=witness.name, defaults=known)
        if fault:
            logger.warning("Witness %s: %s %s", witness.name, fault, answer.detail)


def _require_possible_quorum(
    policy: Policy, answers: Iterable[_Answer], head: PublishedHead
) -> None:
    contradicting = {
        one.name: answer
        for answer in answers
        if answer.fault in {_AHEAD, _REFUSES}
        for one in answer.place.witnesses
    }
    others = {one.name for one in policy.witnesses} - set(contradicting)
    if policy.is_quorum(others):
        return
    raise IntegrityBreach(
        "witnesses_contradict",
        field=f"checkpoint {head.size}",
        got="; ".join(
            f"{name}: {one.fault}, {one.detail}" for name, one in contradicting.items()
        ),
        wanted="a quorum that saw this log grow",
    )
