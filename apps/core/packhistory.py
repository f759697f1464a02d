"""The later steps of a pack proof: step 13 of the verifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .encoding import format_time_ms
from .epcis import EpcisEvent
from .errors import ProofError
from .events import line_leaf, read_event
from .keyring import KeyRing
from .merkle import verify_inclusion
from .packproof import MovedLine, PackProof, SaidStep, ShownStep, Step
from .policy import Policy
from .ranges import count_of, set_digest
from .statement import parse_statement
from .steps import Finding
from .subjects import Moved, Subject
from .verify import verify_statement


def verify_history(
    proof: PackProof, *, tag: bytes, policy: Policy, ring: KeyRing
) -> Iterator[Finding]:
    """What each step shows of the pack; the caller numbers the refusals.

    Args:
        tag: of the pack's batch, as its commissioning signs it.

    Raises:
        ProofError: `other_subjects`, `subjects_differ`, `pack_not_moved`,
            `history_out_of_order`; a proof that does not hold.
    """
    _verify_order([proof.statement.accepted_ms, *_moments(proof.history)])
    for step in proof.history:
        if isinstance(step, SaidStep):
            yield Finding(13, _repeat(step), is_shown=False)
        else:
            findings = verify_statement(proof=step.proof, policy=policy, ring=ring)
            event = _verify_moved(step, tag=tag, ordinal=proof.place.ordinal)
            # Without a key that somebody shows it is nobody's step.
            is_signed = all(each.is_shown for each in findings if each.step == 4)
            yield Finding(13, _describe(step, event), is_shown=is_signed)


def _moments(history: Sequence[Step]) -> Iterator[int]:
    return (each.proof.accepted_ms for each in history if isinstance(each, ShownStep))


def _verify_order(moments: Sequence[int]) -> None:
    for first, second in pairwise(moments):
        if first > second:
            raise ProofError(
                "history_out_of_order",
                field="history",
                got=format_time_ms(second),
                wanted=f"not before {format_time_ms(first)}",
            )


def _verify_moved(step: ShownStep, *, tag: bytes, ordinal: int) -> EpcisEvent:
    """Check that the signed event moved the pack; the event."""
    statement = parse_statement(step.proof.envelope.payload)
    subject = next((each for each in statement.subjects if each.tag == tag), None)
    if subject is None:
        raise ProofError("other_subjects", field="history", wanted=tag.hex())
    moved = Moved(count_of(step.ranges), set_digest(step.ranges))
    if step.line is not None:
        event = step.line.line.event
        _verify_line(step.line, subject, moved)
    else:
        if subject.moved != moved:
            raise ProofError(
                "subjects_differ", field="history", wanted="the signed set"
            )
        event = read_event(statement)
    if not any(first <= ordinal <= last for first, last in step.ranges):
        raise ProofError("pack_not_moved", field="history", got=ordinal)
    return event


def _verify_line(found: MovedLine, subject: Subject, moved: Moved) -> None:
    if subject.events is None:
        raise ProofError("subjects_differ", field="history", wanted="a file of events")
    leaf = line_leaf(
        number=found.line.number,
        event=found.line.event_json,
        parents=found.line.parents,
        moved=moved,
    )
    verify_inclusion(
        leaf_hash=leaf,
        index=found.index,
        tree_size=subject.events.size,
        path=found.path,
        root_hash=subject.events.root,
    )


def _describe(step: ShownStep, event: EpcisEvent) -> str:
    by = parse_statement(step.proof.envelope.payload).by
    when = format_time_ms(step.proof.accepted_ms)
    return f"{event.biz_step or event.action} by {by}, accepted {when}"


def _repeat(step: SaidStep) -> str:
    who = ", ".join(part for part in (step.role, step.country) if part) or "somebody"
    return f"{step.day}, {step.what} by {who}: said by the site, not proven to you"
