// Sets of ordinals as inclusive ranges. Mirrors core/ranges.py as far as statements show
// them: one range, or none.
import { concat, utf8 } from "./bytes.js";
import { MalformedInput } from "./errors.js";
import { sha256 } from "./sha256.js";
import { MAX_SAFE_INTEGER } from "./strict_json.js";

const digestOf = (ranges) => sha256(concat(utf8("pharmatrace/set/v1\0"), utf8(JSON.stringify(ranges))));

/** The signed digest of no ordinals. */
export const NOTHING_DIGEST = digestOf([]);

/** The signed digest of the `size` ordinals from `base` on; `bad_ranges`. */
export function setDigest(base, size) {
  const last = BigInt(base) + BigInt(size) - 1n;
  if (last > BigInt(MAX_SAFE_INTEGER)) {
    throw new MalformedInput("bad_ranges", {
      field: "set[0]",
      got: `${base} to ${last}`,
      wanted: "0 <= first <= last < 2^53",
    });
  }
  return digestOf([[base, Number(last)]]);
}
