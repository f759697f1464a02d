// JSON with one spelling: strict I-JSON in, RFC 8785 bytes out. Mirrors core/canonical.py.
// The shortest form of a double and the escapes of a string are those of ECMAScript.
import { verifyAssigned } from "./assigned.js";
import { sameBytes, utf8 } from "./bytes.js";
import { MalformedInput, located } from "./errors.js";
import { MAX_DEPTH, MAX_SAFE_INTEGER, checkCharacters, parseJson, strings, walk } from "./strict_json.js";

/** The one RFC 8785 spelling of `value`. */
export function canonicalBytes(value) {
  const text = written(value, MAX_DEPTH);
  checkCharacters(text);
  return utf8(text);
}

/** Read bytes that must already be RFC 8785 and NFC; nothing is repaired. */
export function parseCanonical(data, { maxBytes, doubles = false, field = "body" }) {
  const value = parseJson(data, { maxBytes, doubles, field });
  return located(field, () => {
    if (!sameBytes(canonicalBytes(value), data)) {
      throw new MalformedInput("not_canonical", {
        got: `${data.length} bytes of JSON`,
        wanted: "their RFC 8785 form, byte for byte",
      });
    }
    verifyNfc(value);
    return value;
  });
}

/** Check that every string and name is NFC, and of code points that never change it. */
export function verifyNfc(value) {
  for (const string of strings(value)) {
    verifyAssigned(string);
    if (string.normalize("NFC") !== string) {
      throw new MalformedInput("not_nfc", { got: string, wanted: "Unicode form NFC" });
    }
  }
}

/** Check that no double hides in `value`, which was read as canonical. */
export function verifyIntegersOnly(value, { field = "" } = {}) {
  for (const item of walk(value)) {
    // In canonical form a double that is a safe integer would have been written as one.
    if (typeof item === "number" && !Number.isSafeInteger(item)) {
      throw new MalformedInput("not_an_integer", { field, got: item, wanted: "an integer" });
    }
  }
}

function written(value, depth) {
  if (typeof value === "string") {
    if (value.includes("\0")) checkCharacters(value);
    return JSON.stringify(value);
  }
  if (typeof value === "number") return number(value);
  const isList = Array.isArray(value);
  if (!isList && !(value instanceof Map)) return String(value);
  if (depth === 0) {
    const wanted = `at most ${MAX_DEPTH} levels`;
    throw new MalformedInput("too_deep", { got: `more than ${MAX_DEPTH} levels`, wanted });
  }
  if (isList) return `[${value.map((item) => written(item, depth - 1)).join(",")}]`;
  // RFC 8785 section 3.2.3: names sort by UTF-16 code units, as JavaScript does.
  const names = [...value.keys()].sort();
  const members = names.map((name) => `${written(name, depth - 1)}:${written(value.get(name), depth - 1)}`);
  return `{${members.join(",")}}`;
}

function number(value) {
  const text = String(value);
  // What reads back as an integer must be an integer that reads back.
  if (Number.isInteger(value) && Math.abs(value) > MAX_SAFE_INTEGER && !text.includes("e")) {
    throw new MalformedInput("bad_number", { got: text, wanted: "an integer below 2^53" });
  }
  return text;
}
