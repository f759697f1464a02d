// What a receipt promised, and what the log shows of it: step 11. Mirrors core/promise.py.
import { toHex } from "./bytes.js";
import { openCheckpoint } from "./checkpoint.js";
import { formatTimeMs } from "./encoding.js";
import { statementId } from "./envelope.js";
import { ProofError, atStep } from "./errors.js";
import { policyWithin } from "./places.js";
import { NO_QUORUM, openTrustedCheckpoint, seenSeconds } from "./policy.js";
import { MAX_DELAY_SECONDS, parseReceipt, verifyReceipt } from "./receipt.js";
import { parseStatement } from "./statement.js";
import { finding } from "./steps.js";
import { verifyWindow } from "./window.js";

/**
 * Step 11: the receipt is the ledger's, and what it promised is in the log: as one of
 * `proofs` shows, or one of `windows`, which were verified.
 */
export function verifyPromise({ receipt, ring, proofs, windows, policy }) {
  return atStep(11, async () => {
    const promised = parseReceipt(receipt);
    const isSigned = await verifySigner(receipt, ring);
    const id = promised.statementId;
    const proof = proofs.find((each) => statementId(each.envelope) === id);
    if (proof) {
      verifyKept(promised, proof);
      return finding(11, "kept", { id }, { isShown: isSigned });
    }
    const found = [];
    for (const window of windows) found.push(await judge(promised, window, policy, isSigned));
    // What one window leaves open, another may show.
    if (found.length) return found.find((each) => each.isShown) ?? found[0];
    return finding(11, "unproven", { id }, { isShown: false });
  });
}

/** Steps 7 to 9 for a window. */
export async function verifyStretch(window, { policy, ring }) {
  await atStep(7, () => verifyWindow(window));
  const within = await atStep(8, async () => {
    const found = policyWithin(policy, ring);
    await openCheckpoint(window.checkpoint, { logKeys: found.logs.map((log) => log.key) });
    return found;
  });
  const signed = await atStep(9, () => openTrustedCheckpoint(window.checkpoint, within));
  const { origin, treeSize: size } = window.head;
  const isAsked = within.quorum !== NO_QUORUM;
  const witnessed = finding(9, isAsked ? "quorum" : "no_witness", {}, { isShown: isAsked });
  return [
    finding(7, "stretch", { first: window.first, last: window.end - 1n }),
    finding(8, "head", { heads: `${origin} at size ${size}`, origin, size }),
    { ...witnessed, heads: [{ signed, policy: within }] },
  ];
}

/** The latest time of a leaf that keeps the promise. */
const latestOf = ({ acceptedMs }) => acceptedMs + MAX_DELAY_SECONDS * 1000;

/** Whether a receipt key of genesis signed; false if no genesis says. */
async function verifySigner(receipt, { genesis }) {
  if (!genesis) return false;
  const [{ keyid: signer }] = receipt.signatures;
  const key = genesis.receiptKeys.find((each) => each.keyid === signer);
  if (!key) throw new ProofError("unknown_key", { field: signer, wanted: "a receipt key" });
  await verifyReceipt({ envelope: receipt, key });
  return true;
}

function verifyKept(promised, proof) {
  verifyLedger(promised, parseStatement(proof.envelope.payload).ledger);
  const kept = proof.leaves.map((each) => toHex(each.leaf.commitment));
  if (kept.join() !== promised.commitments.join() || proof.acceptedMs !== promised.acceptedMs) {
    throw new ProofError("promise_broken", { got: promised.statementId });
  }
  proof.leaves.forEach(({ leaf }, number) => verifyInTime(promised, leaf.timeMs, `leaves[${number}]`));
}

function verifyLedger(promised, ledger) {
  if (promised.ledger !== ledger) throw new ProofError("other_ledger", { got: promised.ledger, wanted: ledger });
}

function verifyInTime(promised, timeMs, field) {
  const latestMs = latestOf(promised);
  if (timeMs <= latestMs) return;
  const [got, wanted] = [formatTimeMs(timeMs), `at most ${formatTimeMs(latestMs)}`];
  throw new ProofError("promise_late", { field, got, wanted });
}

/** What a window shows of a promise; of one that nobody signed it shows nothing. */
async function judge(promised, window, policy, isSigned) {
  verifyLedger(promised, window.head.origin);
  const { commitments, statementId: id } = promised;
  const times = new Map(window.leaves.map((leaf) => [toHex(leaf.commitment), leaf.timeMs]));
  commitments.forEach((each, number) => {
    if (times.has(each)) verifyInTime(promised, times.get(each), `commitments[${number}]`);
  });
  const missing = commitments.findIndex((each) => !times.has(each));
  if (missing < 0) return finding(11, "kept", { id }, { isShown: isSigned });
  if (window.first && window.leaves[0].timeMs >= promised.acceptedMs) {
    return finding(11, "begins_late", { id }, { isShown: false });
  }
  if (window.leaves.at(-1).timeMs <= latestOf(promised)) return judgeOpen(promised, window, policy);
  if (isSigned) throw dropped(promised, window, missing);
  return finding(11, "lacking", { id }, { isShown: false, isDoubtful: true });
}

function dropped(promised, { first, end }, missing) {
  const [got, time] = [`no such leaf from ${first} to ${end - 1n}`, formatTimeMs(latestOf(promised))];
  const wanted = `${promised.commitments[missing]} by ${time}`;
  return new ProofError("promise_dropped", { field: `commitments[${missing}]`, got, wanted });
}

/** The window ends before the promise's time was over. */
async function judgeOpen(promised, { end, head, checkpoint }, policy) {
  const id = promised.statementId;
  if (end !== head.treeSize) return finding(11, "ends_early", { id }, { isShown: false });
  const seen = seenSeconds(policy, await openTrustedCheckpoint(checkpoint, policy));
  const seenMs = (seen ?? 0n) * 1000n;
  if (seenMs <= latestOf(promised)) return finding(11, "open", { id }, { isShown: false });
  const values = { id, time: formatTimeMs(seenMs) };
  return finding(11, "overdue", values, { isShown: false, isDoubtful: true });
}
