// What a receipt promised, and what the log shows of it: step 11. Mirrors core/promise.py.
import { toHex } from "./bytes.js";
import { formatTimeMs } from "./encoding.js";
import { statementId } from "./envelope.js";
import { ProofError, atStep } from "./errors.js";
import { MAX_DELAY_SECONDS, parseReceipt, verifyReceipt } from "./receipt.js";
import { parseStatement } from "./statement.js";
import { finding } from "./steps.js";

/** Step 11: the receipt is the ledger's, and what it promised is in the log. */
export function verifyPromise({ receipt, ring, proofs }) {
  return atStep(11, async () => {
    const promised = parseReceipt(receipt);
    const keys = new Map((ring.genesis?.receiptKeys ?? []).map((key) => [key.keyid, key]));
    const signer = receipt.signatures[0].keyid;
    const isShown = keys.has(signer);
    if (ring.genesis && !isShown) throw new ProofError("unknown_key", { field: signer, wanted: "a receipt key" });
    if (isShown) await verifyReceipt({ envelope: receipt, key: keys.get(signer) });
    const proof = proofs.find((each) => statementId(each.envelope) === promised.statementId);
    const id = promised.statementId;
    if (!proof) return finding(11, "unproven", { id }, { isShown: false });
    verifyKept(promised, proof);
    return finding(11, "kept", { id }, { isShown });
  });
}

function verifyKept(promised, proof) {
  const { ledger } = parseStatement(proof.envelope.payload);
  if (promised.ledger !== ledger) throw new ProofError("other_ledger", { got: promised.ledger, wanted: ledger });
  const kept = proof.leaves.map((each) => toHex(each.leaf.commitment));
  if (kept.join() !== promised.commitments.join() || proof.acceptedMs !== promised.acceptedMs) {
    throw new ProofError("promise_broken", { got: promised.statementId });
  }
  const latestMs = promised.acceptedMs + MAX_DELAY_SECONDS * 1000;
  proof.leaves.forEach(({ leaf }, number) => {
    if (leaf.timeMs <= latestMs) return;
    const [got, wanted] = [formatTimeMs(leaf.timeMs), `at most ${formatTimeMs(latestMs)}`];
    throw new ProofError("promise_late", { field: `leaves[${number}]`, got, wanted });
  });
}
