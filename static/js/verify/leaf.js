// The public record of one step: 114 bytes that order without telling. Mirrors
// core/leaf.py; the two u64 are BigInts.
import { concat, sameBytes, toHex, toNumber, u64, utf8 } from "./bytes.js";
import { MalformedInput } from "./errors.js";
import { leafHash } from "./merkle.js";
import { sha256 } from "./sha256.js";

export const LEAF_SIZE = 114;
export const ZEROS = new Uint8Array(32);

/** What a leaf is about, by its type; 8 is reserved and refused in version 1. */
export const LEAF_TYPES = ["", "GOODS", "PARTY", "MAP_ROOT", "ANCHOR", "ERASURE", "RECALL", "CONFIG"];

const tagOf = (what) => sha256(utf8(`pharmatrace/tag/v1\0${what}`));

export const CONFIG_TAG = tagOf("config");
const FIXED_TAGS = new Map([["MAP_ROOT", ZEROS], ["ANCHOR", tagOf("anchor")], ["CONFIG", CONFIG_TAG]]);

/** A leaf from its 114 bytes; `bad_length`, `bad_leaf`. */
export function decodeLeaf(data) {
  if (data.length !== LEAF_SIZE) {
    throw new MalformedInput("bad_length", { field: "leaf", got: data.length, wanted: "114 bytes" });
  }
  const [version, type] = data;
  if (version !== 1) throw new MalformedInput("bad_leaf", { field: "leaf.version", got: version, wanted: "1" });
  const kind = LEAF_TYPES[type];
  if (!kind) throw new MalformedInput("bad_leaf", { field: "leaf.type", got: type, wanted: "1 to 7" });
  const leaf = {
    bytes: data,
    kind,
    timeMs: toNumber(data.subarray(2, 10)),
    subjectTag: data.subarray(10, 42),
    chainSeq: toNumber(data.subarray(42, 50)),
    prevLeafHash: data.subarray(50, 82),
    commitment: data.subarray(82),
    hash: leafHash(data),
  };
  if ((leaf.chainSeq === 0n) !== sameBytes(leaf.prevLeafHash, ZEROS)) {
    throw new MalformedInput("bad_leaf", {
      field: "leaf.prev_leaf_hash",
      got: `chain_seq ${leaf.chainSeq}`,
      wanted: "zeros for the first leaf of a tag and only for it",
    });
  }
  checkTag(leaf);
  return leaf;
}

/** The leaf of these fields, checked as `decodeLeaf` checks it. */
export const encodeLeaf = ({ type, timeMs, subjectTag, chainSeq, prevLeafHash, commitment: committed }) =>
  decodeLeaf(concat(Uint8Array.of(1, type), u64(timeMs), subjectTag, u64(chainSeq), prevLeafHash, committed));

/** A type with a tag of its own bears it, and no other type does. */
function checkTag({ kind, subjectTag }) {
  const [owner] = [...FIXED_TAGS].find(([, tag]) => sameBytes(tag, subjectTag)) ?? [];
  const isFixed = FIXED_TAGS.has(kind);
  if (owner === kind || (owner === undefined && !isFixed)) return;
  const wanted = isFixed ? `the tag of type ${kind}` : "a tag of no type";
  throw new MalformedInput("bad_leaf", { field: "leaf.subject_tag", got: toHex(subjectTag), wanted });
}

/** What a leaf says about a signed envelope: nothing, without the salt. */
export function commitment({ salt, acceptedMs, envelopeDigest }) {
  return sha256(concat(utf8("pharmatrace/commit/v1\0"), salt, u64(acceptedMs), envelopeDigest, ZEROS));
}
