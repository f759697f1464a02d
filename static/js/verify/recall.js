// Which units a recall means. Mirrors core/recall.py, its reading half.
import { MalformedInput, TraceError, pythonText } from "./errors.js";
import { Fields } from "./fields.js";
import { CSET82, verifySerial } from "./gs1.js";

export const CLASSES = new Set(["I", "II", "III"]); // 21 CFR 7.3(m)
export const DEPTHS = new Set(["patient", "retail", "wholesale"]); // 21 CFR 7.42(b)(1)
const MAX_NAMES = 10_000;

/** The scope in a recall body, checked to have its one spelling. */
export function parseScope(body) {
  const fields = new Fields(body, { where: "scope" });
  const scope = {
    lots: readNames(fields, "lots", (inner, name) => inner.lot(name)),
    serials: readNames(fields, "serials", (inner, name) => checked(inner.string(name), inner.path(name))),
    ranges: readNames(fields, "ranges", readRange, ([first, last]) => `${first}\n${last}`),
    expiryFrom: fields.has("expiry_from") ? fields.date("expiry_from") : "",
    expiryTo: fields.has("expiry_to") ? fields.date("expiry_to") : "",
  };
  fields.close();
  verifyApart(scope);
  if (Object.values(scope).every((each) => !each.length)) {
    const wanted = "lots, serials or an expiry window";
    throw new MalformedInput("empty_scope", { field: "scope", got: "none of them", wanted });
  }
  if (scope.expiryFrom && scope.expiryTo && scope.expiryFrom > scope.expiryTo) {
    const wanted = "on or after expiry_from";
    throw new MalformedInput("bad_window", { field: "scope.expiry_to", got: scope.expiryTo, wanted });
  }
  return scope;
}

const covers = ([first, last], serial) => serial.length === first.length && first <= serial && serial <= last;

/** Ranges keep apart from each other and from single serials. */
function verifyApart({ ranges, serials }) {
  const ends = new Map();
  for (const [first, last] of ranges) {
    const end = ends.get(first.length);
    if (end !== undefined && first <= (nextSerial(end) || end)) {
      throw new MalformedInput("ranges_not_canonical", {
        field: "scope.ranges",
        got: `${first} after ${end}`,
        wanted: "ranges that neither overlap nor touch",
      });
    }
    ends.set(first.length, last);
  }
  const twice = serials.find((serial) => ranges.some((range) => covers(range, serial)));
  if (twice !== undefined) {
    const wanted = "no serial that a range covers";
    throw new MalformedInput("repeated_member", { field: "scope.serials", got: twice, wanted });
  }
}

/** What follows `serial` among those of its length; "" after the last of them. */
function nextSerial(serial) {
  const kept = serial.replace(new RegExp(`${CSET82.at(-1)}+$`), "");
  if (!kept) return "";
  const following = CSET82[CSET82.indexOf(kept.at(-1)) + 1];
  return kept.slice(0, -1) + following + CSET82[0].repeat(serial.length - kept.length);
}

function readNames(fields, name, read, by = String) {
  if (!fields.has(name)) return [];
  const names = fields.distinct(name, read, { most: MAX_NAMES, by });
  const keys = names.map(by);
  if (names.length && keys.every((key, at) => at === 0 || keys[at - 1] < key)) return names;
  const got = `${names.length} in this order`;
  throw new MalformedInput("not_sorted", { field: `scope.${name}`, got, wanted: "at least one, ascending" });
}

function readRange(fields, name) {
  const pair = fields.array(name, { least: 2, most: 2 });
  const field = fields.path(name);
  if (!pair.every((each) => typeof each === "string")) {
    throw new MalformedInput("bad_range", { field, got: pythonText(pair), wanted: "two serials" });
  }
  const [first, last] = pair.map((each) => checked(each, field));
  if (first.length !== last.length || first >= last) {
    const wanted = "two serials of one length, the first below the last";
    throw new MalformedInput("bad_range", { field, got: `${first} to ${last}`, wanted });
  }
  return [first, last];
}

function checked(serial, field) {
  try {
    verifySerial(serial);
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    throw new MalformedInput(error.code, { field, got: serial, wanted: error.wanted });
  }
  return serial;
}
