// Sets of ordinals in their one canonical form: [[first, last], …]. Mirrors core/ranges.py.
import { concat, utf8 } from "./bytes.js";
import { MalformedInput } from "./errors.js";
import { sha256 } from "./sha256.js";
import { MAX_SAFE_INTEGER } from "./strict_json.js";

const bad = (field, wanted, got = null) => new MalformedInput("bad_ranges", { field, got, wanted });

/** The ranges in a list of JSON: pairs of integers, ascending, not touching. */
export function parseRanges(value, { field }) {
  const ranges = value.map((pair, place) => parsePair(pair, `${field}[${place}]`));
  let previous = -2;
  ranges.forEach(([first, last], place) => {
    if (first <= previous + 1) {
      throw new MalformedInput("ranges_not_canonical", {
        field: `${field}[${place}]`,
        got: `${first} after ${previous}`,
        wanted: "ascending ranges that do not touch",
      });
    }
    previous = last;
  });
  return ranges;
}

function parsePair(pair, field) {
  if (!Array.isArray(pair) || pair.length !== 2) throw bad(field, "[first, last]");
  if (!pair.every(Number.isSafeInteger)) throw bad(field, "two integers");
  const [first, last] = pair;
  if (first >= 0 && first <= last) return pair;
  throw bad(field, "0 <= first <= last < 2^53", `${first} to ${last}`);
}

/** How many ordinals the ranges hold. */
export const countOf = (ranges) => ranges.reduce((sum, [first, last]) => sum + (last - first + 1), 0);

/** The signed digest of ranges, which are canonical. */
export const setDigest = (ranges) => sha256(concat(utf8("pharmatrace/set/v1\0"), utf8(JSON.stringify(ranges))));

/** The range of the `size` ordinals from `base` on; `bad_ranges`. */
export function rangeFrom(base, size) {
  const last = BigInt(base) + BigInt(size) - 1n;
  if (last <= MAX_SAFE_INTEGER) return [[base, Number(last)]];
  throw bad("set[0]", "0 <= first <= last < 2^53", `${base} to ${last}`);
}
