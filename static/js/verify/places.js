// Where leaves stand in the log, and under whose head: steps 7 to 10. Mirrors
// core/places.py. A place is `{leaf, proof}`.
import { sameBytes, toBase64 } from "./bytes.js";
import { headText, openCheckpoint, sameHead } from "./checkpoint.js";
import { formatTimeMs } from "./encoding.js";
import { ProofError, atStep, pythonText } from "./errors.js";
import { ZEROS } from "./leaf.js";
import { verifyInclusion } from "./merkle.js";
import { NO_QUORUM, openTrustedCheckpoint } from "./policy.js";
import { finding } from "./steps.js";

/** So much before the last checkpoint's time may a statement have been accepted. */
const LATE_AFTER_MS = 60_000n;

/** The part of `policy` whose log keys are those of the genesis that was wanted. */
export function policyWithin(policy, ring) {
  if (!ring.genesis || !ring.isRooted) return policy;
  const named = ring.genesis.logVkeys;
  const logs = policy.logs.filter((log) => named.includes(log.key.text));
  if (!logs.length) {
    const got = policy.logs.map((log) => log.key.text).join(", ") || "no log";
    throw new ProofError("log_not_of_genesis", { field: "policy", got, wanted: named.join(", ") });
  }
  return { ...policy, logs };
}

/** Steps 7 to 9; the opened heads are the finding's `heads`. */
export async function verifyPlaces(places, policy, ring) {
  await atStep(7, () => places.forEach(verifyIncluded));
  const within = await atStep(8, () => policyWithin(policy, ring));
  const notes = new Map(places.map(({ proof }) => [toBase64(proof.checkpoint), proof.checkpoint]));
  const heads = new Map();
  await atStep(8, async () => {
    const logKeys = within.logs.map((log) => log.key);
    for (const note of notes.values()) {
      const { checkpoint } = await openCheckpoint(note, { logKeys });
      heads.set(headText(checkpoint), checkpoint);
    }
  });
  const opened = await atStep(9, async () => {
    const signed = [];
    for (const note of notes.values()) {
      signed.push({ signed: await openTrustedCheckpoint(note, within), policy: within });
    }
    return signed;
  });
  const believed = [...heads.values()];
  const said = {
    heads: believed.map((head) => `${head.origin} at size ${head.treeSize}`).join(" and "),
    origin: believed[0].origin,
    size: believed.map((head) => head.treeSize).join(", "),
  };
  const isAsked = within.quorum !== NO_QUORUM;
  return [
    finding(7, "included", { places: places.map(({ proof }) => proof.index).join(", ") }),
    finding(8, "head", said),
    { ...finding(9, isAsked ? "quorum" : "no_witness", {}, { isShown: isAsked }), heads: opened },
  ];
}

/** Steps 7 to 9 for a bare tlog-proof, which has no map root for step 10. */
export async function verifyPlace(place, policy, ring) {
  const found = await verifyPlaces([place], policy, ring);
  return [...found, finding(10, "bare", {}, { isShown: false })];
}

/** Step 10: the last leaf is the map root; those around the leaves tell the time. */
export async function judgeMapRoots(proof, policy) {
  const { mapRoot, before, after } = proof;
  if (!mapRoot) return [finding(10, "unrooted", {}, { isShown: false })];
  const last = mapRoot.proof;
  await verifyMapRoot(proof, mapRoot, policy, "map_root");
  if (last.index !== last.head.treeSize - 1n) throw new ProofError("map_root_not_last", { got: last.index });
  const found = finding(10, "map_root", { index: last.index });
  if (!after) return [found, finding(10, "no_map_roots", {}, { isShown: false })];
  await verifyMapRoot(proof, after, policy, "after");
  if (before) await verifyMapRoot(proof, before, policy, "before");
  verifyAround(proof);
  return [found, judgeTime(proof)];
}

async function verifyMapRoot({ leaves }, place, policy, field) {
  if (place.leaf.kind !== "MAP_ROOT") throw new ProofError("wrong_leaf_type", { field, got: place.leaf.kind });
  verifyIncluded(place);
  await openTrustedCheckpoint(place.proof.checkpoint, policy);
  if (leaves.some((each) => !sameHead(each.proof.head, place.proof.head))) {
    throw new ProofError("other_checkpoint", { field });
  }
}

/** The leaves lie between `before` and `after`, and no map root lies there too. */
function verifyAround({ leaves, before, after }) {
  const low = before ? before.proof.index : -1n;
  const [seq, previous] = before ? [before.leaf.chainSeq + 1n, before.leaf.hash] : [0n, ZEROS];
  const [first, last, high] = [leaves[0].proof.index, leaves.at(-1).proof.index, after.proof.index];
  if (!(low < first && first <= last && last < high)) {
    throw new ProofError("not_around", { field: "after", got: pythonText([low, high]) });
  }
  if (after.leaf.chainSeq !== seq || !sameBytes(after.leaf.prevLeafHash, previous)) {
    throw new ProofError("not_neighbours", { field: "after", wanted: "the next map root" });
  }
  if (leaves.some((each) => each.leaf.timeMs !== after.leaf.timeMs)) {
    throw new ProofError("other_checkpoint", { field: "after", wanted: "the leaves' time" });
  }
  if (before && before.leaf.timeMs > after.leaf.timeMs) throw new ProofError("time_runs_back", { field: "before" });
}

function judgeTime({ acceptedMs, before, after }) {
  const time = formatTimeMs(after.leaf.timeMs);
  if (!before) return finding(10, "first_run", { time });
  if (BigInt(acceptedMs) >= before.leaf.timeMs - LATE_AFTER_MS) return finding(10, "in_time", { time });
  const values = { accepted: formatTimeMs(acceptedMs), before: formatTimeMs(before.leaf.timeMs), time };
  return finding(10, "late", values, { isDoubtful: true });
}

function verifyIncluded({ leaf, proof }) {
  const { index, path, head } = proof;
  verifyInclusion({ leafHash: leaf.hash, index, path, treeSize: head.treeSize, rootHash: head.rootHash });
}
