// Strict readers of small text fields: one value has one spelling. Mirrors core/strict.py.
import { decodeUtf8, fromBase64, toBase64 } from "./bytes.js";
import { MalformedInput } from "./errors.js";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/;

/** Sizes and times fit a signed 64-bit integer in every log implementation. */
export const MAX_INT64 = 2n ** 63n - 1n;

/** The bytes that `text` spells in padded standard base64; `bad_base64`, `bad_length`. */
export function parseBase64(text, { field, sizeBytes = null }) {
  if (!BASE64.test(text)) {
    throw new MalformedInput("bad_base64", { field, got: text, wanted: "padded standard base64" });
  }
  const value = fromBase64(text);
  if (toBase64(value) !== text) throw new MalformedInput("bad_base64", { field, got: text, wanted: toBase64(value) });
  if (sizeBytes !== null && value.length !== sizeBytes) {
    throw new MalformedInput("bad_length", { field, got: value.length, wanted: `${sizeBytes} bytes` });
  }
  return value;
}

/** The number, a BigInt, that `text` spells in decimal without leading zeros. */
export function parseDecimal(text, { field, maximum = MAX_INT64 }) {
  if (!DECIMAL.test(text)) {
    throw new MalformedInput("bad_number", { field, got: text, wanted: "decimal, no leading zeros" });
  }
  const value = BigInt(text);
  if (value > maximum) throw new MalformedInput("number_too_large", { field, got: text, wanted: `at most ${maximum}` });
  return value;
}

/** `bytes` as text; raises `not_utf8`. */
export const parseUtf8 = (bytes, { field }) => decodeUtf8(bytes, { field });
