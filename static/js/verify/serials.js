// One signature for a million packs: the serial tree of a commissioning. Mirrors
// core/serials.py, verifier half.
import { concat, u64, utf8 } from "./bytes.js";
import { ProofError } from "./errors.js";
import { leafHash, verifyInclusion } from "./merkle.js";

export const SALT_SIZE = 16;

/** Check that the pack is one of the `size` commissioned from ordinal `base` on. */
export function verifySerial({ place, gtin, serial, base, size, root }) {
  const { ordinal, salt, path } = place;
  const end = BigInt(base) + BigInt(size);
  if (ordinal < base || ordinal >= end) {
    const wanted = `${base} to ${end - 1n}`;
    throw new ProofError("ordinal_outside_commissioning", { field: "ordinal", got: ordinal, wanted });
  }
  const hash = leafHash(concat(salt, u64(ordinal), utf8(gtin), utf8(serial)));
  const index = BigInt(ordinal - base);
  verifyInclusion({ leafHash: hash, index, treeSize: BigInt(size), path, rootHash: root });
}
