"""What a receipt promised, and what the log shows of it: step 11 of the verifier."""

from __future__ import annotations

from collections.abc import Sequence

from .encoding import format_time_ms
from .envelope import Envelope, statement_id
from .errors import ProofError
from .keyring import KeyRing
from .prooffile import StatementProof
from .receipt import MAX_DELAY_SECONDS, Receipt, parse_receipt, verify_receipt
from .statement import parse_statement
from .steps import Finding, at_step


def verify_promise(
    *, receipt: Envelope, ring: KeyRing, proofs: Sequence[StatementProof]
) -> Finding:
    """Step 11: the receipt is the ledger's, and what it promised is in the log.

    Raises:
        ProofError: it is of no receipt key or for another ledger; `promise_broken`:
            the log holds something else; `promise_late`: it took longer.
    """
    with at_step(11):
        promised = parse_receipt(receipt)
        named = [] if ring.genesis is None else list(ring.genesis.receipt_keys)
        keys = {key.keyid: key for key in named}
        signer = receipt.signatures[0].keyid
        if ring.genesis is not None and signer not in keys:
            raise ProofError("unknown_key", field=signer, wanted="a receipt key")
        if signer in keys:
            verify_receipt(envelope=receipt, key=keys[signer])
        for proof in proofs:
            if statement_id(proof.envelope) != promised.statement_id:
                continue
            _verify_kept(promised, proof)
            return Finding(
                11,
                f"the receipt for {promised.statement_id} was kept",
                is_shown=signer in keys,
            )
    text = f"a receipt for {promised.statement_id}, which no file here proves"
    return Finding(11, text, is_shown=False)


def _verify_kept(promised: Receipt, proof: StatementProof) -> None:
    ledger = parse_statement(proof.envelope.payload).ledger
    if promised.ledger != ledger:
        raise ProofError("other_ledger", got=promised.ledger, wanted=ledger)
    kept = tuple(each.leaf.commitment for each in proof.leaves)
    if (kept, proof.accepted_ms) != (promised.commitments, promised.accepted_ms):
        raise ProofError("promise_broken", got=promised.statement_id)
    latest_ms = promised.accepted_ms + MAX_DELAY_SECONDS * 1_000
    for number, each in enumerate(proof.leaves):
        if each.leaf.time_ms > latest_ms:
            raise ProofError(
                "promise_late",
                field=f"leaves[{number}]",
                got=format_time_ms(each.leaf.time_ms),
                wanted=f"at most {format_time_ms(latest_ms)}",
            )
