// The Merkle tree of RFC 6962 and RFC 9162, verifier half. Mirrors core/merkle.py;
// indices and sizes are BigInts, because logs may be longer than 2^53.
import { concat, sameBytes, toHex } from "./bytes.js";
import { ProofError } from "./errors.js";
import { sha256 } from "./sha256.js";

export const HASH_SIZE = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The hash of one entry: SHA-256(0x00 ‖ data), RFC 6962 section 2.1. */
export const leafHash = (data) => sha256(concat(LEAF, data));

/** The hash over two subtrees: SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left, right) => sha256(concat(NODE, left, right));

/** The root over leaf hashes, in order; of none it is SHA-256 of nothing. */
export function rootOf(leaves) {
  const frontier = [];
  leaves.forEach((leaf, size) => {
    let hash = leaf;
    for (let rest = size; rest & 1; rest >>= 1) hash = nodeHash(frontier.pop(), hash);
    frontier.push(hash);
  });
  if (!frontier.length) return sha256(new Uint8Array());
  return frontier.reduceRight((root, left) => nodeHash(left, root));
}

function requireHashes(path) {
  path.forEach((part, position) => {
    if (part.length === HASH_SIZE) return;
    throw new ProofError("bad_proof_hash", { field: `path[${position}]`, got: `${part.length} bytes`, wanted: "32 bytes" });
  });
}

/** The root that an inclusion path leads to, RFC 9162 section 2.1.3.2. */
export function rootFromPath({ leafHash: leaf, index, treeSize, path }) {
  if (index < 0n || index >= treeSize) {
    throw new ProofError("index_outside_tree", { field: "index", got: index, wanted: `below ${treeSize}` });
  }
  if (leaf.length !== HASH_SIZE) throw new ProofError("bad_leaf_hash", { got: `${leaf.length} bytes` });
  requireHashes(path);
  let [place, last, root] = [index, treeSize - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) throw new ProofError("proof_too_long", { field: "path", got: path.length });
    if (place & 1n || place === last) {
      root = nodeHash(sibling, root);
      // The last node of an odd level has no sibling: it rises unhashed.
      while (!(place & 1n) && place) [place, last] = [place >> 1n, last >> 1n];
    } else {
      root = nodeHash(root, sibling);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  if (last) throw new ProofError("proof_too_short", { field: "path", got: path.length });
  return root;
}

/** Check that the leaf stands at `index` of the tree with this root. */
export function verifyInclusion({ leafHash: leaf, index, treeSize, path, rootHash }) {
  const root = rootFromPath({ leafHash: leaf, index, treeSize, path });
  if (!sameBytes(root, rootHash)) throw new ProofError("root_mismatch", { got: toHex(root), wanted: toHex(rootHash) });
}
