// The outsider's verifier: one statement, its leaves, and the log that holds them.
// Mirrors core/verify.py and its steps; each raises ProofError with its number, or adds
// a finding.
//
//  1. the files are read
//  2. the envelope is well formed
//  3. the statement is canonical, of a known version, and for this ledger; its body is one
//     of its kind, it was accepted in its time, and its file is as signed
//  4. the signatures verify under the keys that other statements show
//  5. the commitments recompute from envelope, salt and time of acceptance
//  6. the leaves are of its type and speak of its subjects, one each
//  7. the leaves are included under the checkpoint
//  8. the checkpoint is signed by a log of the policy, under a key of genesis
//  9. the checkpoint is cosigned by the policy's quorum of witnesses
// 10. the last leaf under the checkpoint is its map root; the map roots around the leaves
//     say whether they were taken in in time, or late
// 11. the receipt's promise was kept, and in time
import { sameBytes, toHex } from "./bytes.js";
import { formatTimeMs } from "./encoding.js";
import { STATEMENT_TYPE, envelopeDigest, statementId } from "./envelope.js";
import { ProofError, atStep, pythonText } from "./errors.js";
import { verifyVoices } from "./keyring.js";
import { commitment } from "./leaf.js";
import { judgeMapRoots, policyWithin, verifyPlaces } from "./places.js";
import { judgeContent } from "./said.js";
import { parseStatement } from "./statement.js";
import { finding } from "./steps.js";

const TYPES = {
  event: "GOODS", events: "GOODS", party: "PARTY", key: "PARTY", product: "PARTY",
  recall: "RECALL", erasure: "ERASURE", genesis: "CONFIG",
};

/** The type of the leaves of a statement of `kind`. */
export const leafTypeOf = (kind) => TYPES[kind.split(".")[0]];

/**
 * Steps 2 to 10 for one proof file; `files` are files of events by SHA-256, hex. Whoever
 * gives `found` sees there what was shown before a step failed.
 */
export async function verifyStatement({ proof, policy, ring, files = new Map(), found = [] }) {
  const { envelope, acceptedMs } = proof;
  await atStep(2, () => {
    if (envelope.payloadType !== STATEMENT_TYPE) throw new ProofError("wrong_payload_type", { got: envelope.payloadType });
    found.push(finding(2, "envelope", { count: envelope.signatures.length }));
  });
  const statement = await atStep(3, () => {
    const read = parseStatement(envelope.payload);
    verifyLedger(read, proof, ring);
    const { kind, by, ledger } = read;
    found.push(finding(3, "statement", { id: statementId(envelope), kind, by, ledger }));
    found.push(...judgeContent(read, { acceptedMs, files }));
    return read;
  });
  found.push(...await atStep(4, () => judgeSignatures(statement, proof, ring)));
  await atStep(5, () => {
    verifyCommitments(proof);
    found.push(finding(5, "commitments", { time: formatTimeMs(acceptedMs) }));
  });
  await atStep(6, () => verifyLeaves(statement, proof));
  found.push(finding(6, "leaves", { count: proof.leaves.length }));
  found.push(...await verifyPlaces(proof.leaves, policy, ring));
  found.push(...await atStep(10, () => judgeMapRoots(proof, policyWithin(policy, ring))));
  return found;
}

function verifyLedger({ ledger }, proof, ring) {
  const origins = new Set(proof.leaves.map((each) => each.proof.head.origin));
  if (ring.genesis) origins.add(ring.genesis.origin);
  if (origins.size === 1 && origins.has(ledger)) return;
  throw new ProofError("other_ledger", { got: ledger, wanted: [...origins].sort().join(" ") });
}

async function judgeSignatures(statement, { envelope, acceptedMs }, ring) {
  const voices = await verifyVoices({ envelope, ring, acceptedMs });
  const stranger = voices.find((voice) => !voice.standing?.hasStanding);
  if (ring.isRooted && stranger) {
    throw new ProofError("no_standing", { field: stranger.keyid, wanted: "a key that genesis leads to" });
  }
  const glns = new Set(voices.flatMap((voice) => (voice.standing ? [voice.standing.gln] : [])));
  if (ring.isRooted && !glns.has(statement.by)) {
    throw new ProofError("not_of_party", { got: pythonText([...glns].sort()), wanted: statement.by });
  }
  return voices.map(describe);
}

function describe({ keyid, standing, lentTo }) {
  if (!standing) return finding(4, "key_unknown", { keyid }, { isShown: false });
  const { gln, role, hasStanding } = standing;
  const name = `${hasStanding ? "key_valid" : "key_unrooted"}${lentTo ? "_lent" : ""}`;
  return finding(4, name, { keyid, device: lentTo, gln, role }, { isShown: hasStanding });
}

function verifyCommitments({ envelope, acceptedMs, leaves }) {
  const digest = envelopeDigest(envelope);
  leaves.forEach(({ leaf, salt }, number) => {
    const made = commitment({ salt, acceptedMs, envelopeDigest: digest });
    if (sameBytes(made, leaf.commitment)) return;
    const [got, wanted] = [toHex(made), toHex(leaf.commitment)];
    throw new ProofError("commitment_differs", { field: `leaves[${number}]`, got, wanted });
  });
}

function verifyLeaves({ kind, subjects }, { acceptedMs, leaves }) {
  const hasTags = leaves.length === subjects.length &&
    leaves.every(({ leaf }, at) => sameBytes(leaf.subjectTag, subjects[at].tag));
  if (!hasTags) throw new ProofError("other_subjects", { wanted: `${subjects.length} leaves, one a subject` });
  const [first] = leaves;
  leaves.forEach(({ leaf, proof }, number) => {
    const field = `leaves[${number}]`;
    if (leaf.kind !== leafTypeOf(kind)) throw new ProofError("wrong_leaf_type", { field, got: leaf.kind });
    if (acceptedMs > leaf.timeMs) {
      const got = formatTimeMs(acceptedMs);
      throw new ProofError("accepted_after_leaf", { field, got, wanted: "not after the leaf's time" });
    }
    // The leaves of one statement stand side by side under one checkpoint.
    if (proof.index !== first.proof.index + BigInt(number)) throw new ProofError("not_contiguous", { field });
    if (leaf.timeMs !== first.leaf.timeMs) throw new ProofError("other_checkpoint", { field });
  });
}
