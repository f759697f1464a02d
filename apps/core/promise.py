"""What a receipt promised, and what the log shows of it: step 11 of the verifier.

A promise was *kept* if the leaves stand in the log by their time, and *dropped* if a
head whose last leaf is later than that does not hold them. Between the two it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .checkpoint import open_checkpoint
from .encoding import format_time_ms
from .envelope import Envelope, statement_id
from .errors import ProofError
from .keyring import KeyRing
from .places import policy_within
from .policy import Policy, open_trusted_checkpoint
from .prooffile import StatementProof
from .receipt import MAX_DELAY_SECONDS, Receipt, parse_receipt, verify_receipt
from .statement import parse_statement
from .steps import Finding, at_step
from .window import Window, verify_window

_DELAY_MS: Final = MAX_DELAY_SECONDS * 1_000


def verify_promise(
    *,
    receipt: Envelope,
    ring: KeyRing,
    proofs: Sequence[StatementProof],
    windows: Sequence[Window] = (),
    policy: Policy | None = None,
) -> Finding:
    """Step 11: the receipt is the ledger's, and what it promised is in the log.

    Args:
        windows: stretches of the log that were verified (`verify_stretch`).
        policy: whose witnesses say when a window's head was seen; None: nobody.

    Raises:
        ProofError: it is of no receipt key or for another ledger; `promise_broken`:
            the log holds something else; `promise_late`: it took longer;
            `promise_dropped`: it holds nothing.
    """
    with at_step(11):
        promised = parse_receipt(receipt)
        is_shown = _verify_signer(receipt, ring)
        for proof in proofs:
            if statement_id(proof.envelope) == promised.statement_id:
                _verify_kept(promised, proof)
                text = f"the receipt for {promised.statement_id} was kept"
                return Finding(11, text, is_shown=is_shown)
        found = [_judge(promised, each, policy, is_signed=is_shown) for each in windows]
        if found:
            # What one window leaves open, another may show.
            return min(found, key=lambda each: not each.is_shown)
    text = f"a receipt for {promised.statement_id}, which no file here proves"
    return Finding(11, text, is_shown=False)


def verify_stretch(window: Window, *, policy: Policy, ring: KeyRing) -> list[Finding]:
    """Steps 7 to 9 for a window.

    Raises:
        ProofError: `step` names the failed one.
    """
    with at_step(7):
        verify_window(window)
    with at_step(8):
        policy = policy_within(policy, ring)
        open_checkpoint(window.checkpoint, log_keys=[log.key for log in policy.logs])
    with at_step(9):
        open_trusted_checkpoint(window.checkpoint, policy)
    last, size = window.end - 1, window.head.tree_size
    quorum = "no witness is asked for" if policy.quorum == "none" else "quorum is met"
    return [
        Finding(7, f"all leaves from index {window.first} to {last} are there"),
        Finding(8, f"signed head of {window.head.origin} at size {size}"),
        Finding(9, f"witnesses: {quorum}", is_shown=policy.quorum != "none"),
    ]


def latest_ms(promised: Receipt) -> int:
    """The latest time of a leaf that keeps the promise."""
    return promised.accepted_ms + _DELAY_MS


def _verify_signer(receipt: Envelope, ring: KeyRing) -> bool:
    """Whether a receipt key of genesis signed; False if no genesis says."""
    if ring.genesis is None:
        return False
    keys = {key.keyid: key for key in ring.genesis.receipt_keys}
    signer = receipt.signatures[0].keyid
    if signer not in keys:
        raise ProofError("unknown_key", field=signer, wanted="a receipt key")
    verify_receipt(envelope=receipt, key=keys[signer])
    return True


def _verify_kept(promised: Receipt, proof: StatementProof) -> None:
    ledger = parse_statement(proof.envelope.payload).ledger
    _verify_ledger(promised, ledger)
    kept = tuple(each.leaf.commitment for each in proof.leaves)
    if (kept, proof.accepted_ms) != (promised.commitments, promised.accepted_ms):
        raise ProofError("promise_broken", got=promised.statement_id)
    for number, each in enumerate(proof.leaves):
        _verify_in_time(promised, each.leaf.time_ms, field=f"leaves[{number}]")


def _verify_ledger(promised: Receipt, ledger: str) -> None:
    if promised.ledger != ledger:
        raise ProofError("other_ledger", got=promised.ledger, wanted=ledger)


def _verify_in_time(promised: Receipt, time_ms: int, *, field: str) -> None:
    if time_ms > latest_ms(promised):
        raise ProofError(
            "promise_late",
            field=field,
            got=format_time_ms(time_ms),
            wanted=f"at most {format_time_ms(latest_ms(promised))}",
        )


def _judge(
    promised: Receipt, window: Window, policy: Policy | None, *, is_signed: bool
) -> Finding:
    """What a window shows of a promise; of one that nobody signed it shows nothing."""
    _verify_ledger(promised, window.head.origin)
    times = {leaf.commitment: leaf.time_ms for leaf in window.leaves}
    missing = [each for each in promised.commitments if each not in times]
    for number, each in enumerate(promised.commitments):
        if each in times:
            _verify_in_time(promised, times[each], field=f"commitments[{number}]")
    if not missing:
        text = f"the receipt for {promised.statement_id} was kept"
        return Finding(11, text, is_shown=is_signed)
    if window.first and window.leaves[0].time_ms >= promised.accepted_ms:
        text = (
            f"the window begins too late to show what became of {promised.statement_id}"
        )
        return Finding(11, text, is_shown=False)
    if window.leaves[-1].time_ms > latest_ms(promised):
        if is_signed:
            raise _dropped(promised, window, missing[0])
        text = (
            f"the log does not hold what a receipt for {promised.statement_id} says, "
            "and nothing shows whose receipt it is: --genesis"
        )
        return Finding(11, text, is_shown=False, is_doubtful=True)
    return _judge_open(promised, window, policy)


def _dropped(promised: Receipt, window: Window, missing: bytes) -> ProofError:
    number = promised.commitments.index(missing)
    return ProofError(
        "promise_dropped",
        field=f"commitments[{number}]",
        got=f"no such leaf from {window.first} to {window.end - 1}",
        wanted=f"{missing.hex()} by {format_time_ms(latest_ms(promised))}",
    )


def _judge_open(promised: Receipt, window: Window, policy: Policy | None) -> Finding:
    """The window ends before the promise's time was over."""
    text = f"what became of {promised.statement_id} is open"
    if window.end != window.head.tree_size:
        return Finding(11, f"{text}: the window ends too early", is_shown=False)
    signed = policy and open_trusted_checkpoint(window.checkpoint, policy)
    seen = policy.seen_seconds(signed) if policy and signed else None
    if seen is None or seen * 1_000 <= latest_ms(promised):
        return Finding(11, f"{text}: the log has not come to its time", is_shown=False)
    text += (
        f": the log lacks it, and a quorum saw it so at {format_time_ms(seen * 1_000)},"
        " after the time was over; a later leaf will decide"
    )
    return Finding(11, text, is_shown=False, is_doubtful=True)
