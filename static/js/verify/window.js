// A stretch of the log under a head: what shows that something is not there. Mirrors
// core/window.py; indices are BigInts, because logs may be longer than 2^53.
import { sameBytes, toHex, utf8 } from "./bytes.js";
import { parseCheckpoint } from "./checkpoint.js";
import { formatTimeMs } from "./encoding.js";
import { MalformedInput, ProofError } from "./errors.js";
import { Fields } from "./fields.js";
import { LEAF_SIZE, decodeLeaf } from "./leaf.js";
import { HASH_SIZE, nodeHash } from "./merkle.js";
import { parseNote } from "./note.js";
import { MAX_PATH } from "./proof.js";

export const WINDOW_FORMAT = "pharmatrace-window/v1";
const MAX_LEAVES = 100_000;

/**
 * A window from its parsed file, `{first, end, leaves, left, right, checkpoint, head}`;
 * nothing is verified here.
 */
export function readWindow(value) {
  const fields = new Fields(value, { where: "" });
  fields.word("format", new Set([WINDOW_FORMAT]));
  const first = BigInt(fields.integer("first"));
  const leaves = fields.each("leaves", readLeaf, { least: 1, most: MAX_LEAVES });
  const left = fields.each("left", readHash, { most: MAX_PATH });
  const right = fields.each("right", readHash, { most: MAX_PATH });
  const checkpoint = utf8(fields.string("checkpoint"));
  fields.close();
  const head = parseCheckpoint(parseNote(checkpoint).text);
  return { first, end: first + BigInt(leaves.length), leaves, left, right, checkpoint, head };
}

/** Check that the window is what stands there under its head, and times never fall. */
export function verifyWindow(window) {
  const { leaves, head } = window;
  const root = rootOf(window);
  if (!sameBytes(root, head.rootHash)) {
    throw new ProofError("root_mismatch", { got: toHex(root), wanted: toHex(head.rootHash) });
  }
  const back = leaves.findIndex(({ timeMs }, at) => at > 0 && leaves[at - 1].timeMs > timeMs);
  if (back < 0) return;
  const [got, wanted] = [formatTimeMs(leaves[back].timeMs), `not before ${formatTimeMs(leaves[back - 1].timeMs)}`];
  throw new ProofError("time_runs_back", { field: `leaves[${back}]`, got, wanted });
}

function rootOf({ first, end, leaves, left, right, head }) {
  const levels = leftLevels(first);
  const parts = rightLevels(end, head.treeSize);
  if (end > head.treeSize || left.length !== levels.length || right.length !== parts.length) {
    const got = `${left.length} and ${right.length} hashes around`;
    throw new ProofError("bad_window", { got, wanted: `${levels.length} and ${parts.length}` });
  }
  const nodes = [];
  left.forEach((part, at) => push(nodes, levels[at], part));
  for (const leaf of leaves) push(nodes, 0, leaf.hash);
  right.forEach((part, at) => push(nodes, parts[at], part));
  return nodes.map(({ hash }) => hash).reduceRight((root, hash) => nodeHash(hash, root));
}

/** The levels of the perfect subtrees that cover [0, first), from left to right. */
function leftLevels(first) {
  const digits = first.toString(2);
  return [...digits].flatMap((digit, at) => (digit === "1" ? [digits.length - 1 - at] : []));
}

/** Those of the perfect subtrees that cover [end, treeSize); `end` is at least 1. */
function rightLevels(end, treeSize) {
  const levels = [];
  for (let at = end; at < treeSize; at += 1n << BigInt(levels.at(-1))) {
    levels.push(Math.min(bitsOf(at & -at), bitsOf(treeSize - at)) - 1);
  }
  return levels;
}

const bitsOf = (number) => number.toString(2).length;

/** Put a subtree's root at the right; two of one level become one above. */
function push(nodes, level, part) {
  let [height, hash] = [level, part];
  for (; nodes.at(-1)?.level === height; height += 1) hash = nodeHash(nodes.pop().hash, hash);
  nodes.push({ level: height, hash });
}

const readLeaf = (fields, name) => decodeLeaf(fields.hexed(name, { sizeBytes: LEAF_SIZE }));

function readHash(fields, name) {
  const data = fields.based(name, { mostBytes: HASH_SIZE });
  if (data.length === HASH_SIZE) return data;
  throw new MalformedInput("bad_length", { field: fields.path(name), wanted: "32 bytes" });
}
