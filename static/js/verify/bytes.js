// Byte strings: Uint8Array in, Uint8Array out.
import { MalformedInput } from "./errors.js";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const STARTING = new RegExp(`^${BLANK}`);
const ENDING = new RegExp(`${BLANK}$`);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The UTF-8 bytes of `text`. */
export const utf8 = (text) => ENCODER.encode(text);

/** Bytes in lower-case hex. */
export function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** The bytes of an even number of hex digits, which the caller has checked. */
export function fromHex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** Bytes in padded standard base64. */
export function toBase64(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    parts.push(ALPHABET[group >> 18], ALPHABET[(group >> 12) & 63], ALPHABET[(group >> 6) & 63], ALPHABET[group & 63]);
  }
  const spare = (3 - (bytes.length % 3)) % 3;
  return parts.slice(0, parts.length - spare).join("") + "=".repeat(spare);
}

/** The bytes of well-formed base64; spare bits of the last character are dropped. */
export function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** All parts, one after the other. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Negative, 0 or positive, as byte strings are ordered. */
export function compareBytes(left, right) {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at += 1) {
    if (left[at] !== right[at]) return left[at] - right[at];
  }
  return left.length - right.length;
}

/** Whether two byte strings are the same. */
export const sameBytes = (left, right) => compareBytes(left, right) === 0;

/** Where `part` first stands in `whole`, -1 if nowhere. */
export function indexOfBytes(whole, part) {
  for (let at = 0; at + part.length <= whole.length; at += 1) {
    if (part.every((byte, place) => whole[at + place] === byte)) return at;
  }
  return -1;
}

/** Whether `whole` begins with the ASCII text `start`. */
export const startsWith = (whole, start) => sameBytes(whole.subarray(0, start.length), utf8(start));

/** A number below 2^64 as eight bytes, big-endian. */
export function u64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

/** The number, a BigInt, that big-endian bytes spell. */
export const toNumber = (bytes) => BigInt(bytes.length ? `0x${toHex(bytes)}` : 0);

/** How many code points `text` has, which is what Python calls its length. */
export function lengthOf(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Negative, 0 or positive: texts by code points (JavaScript orders UTF-16 units). */
export function compareTexts(left, right) {
  const [a, b] = [[...left], [...right]];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    if (a[at] !== b[at]) return a[at].codePointAt(0) - b[at].codePointAt(0);
  }
  return a.length - b.length;
}

/** `text` without what Python calls white space at both ends. */
export const stripped = (text) => text.replace(STARTING, "").replace(ENDING, "");

/** Where the first byte stands that no UTF-8 text has there; -1 if all is UTF-8. */
export function badByte(bytes) {
  for (let at = 0; at < bytes.length;) {
    const size = sequenceAt(bytes, at);
    if (!size) return at;
    at += size;
  }
  return -1;
}

/** Length of the well-formed sequence at `at`, 0 if there is none (Unicode, table 3-7). */
function sequenceAt(bytes, at) {
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first < 0x80) return 1;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) return 0;
  const low = { 0xe0: 0xa0, 0xf0: 0x90 }[first] ?? 0x80;
  const high = { 0xed: 0x9f, 0xf4: 0x8f }[first] ?? 0xbf;
  if (!(second >= low && second <= high)) return 0;
  for (let next = at + 2; next < at + size; next += 1) {
    if (!(bytes[next] >= 0x80 && bytes[next] <= 0xbf)) return 0;
  }
  return size;
}

/** `bytes` as text; raises MalformedInput `not_utf8`, saying what `got` makes of the place. */
export function decodeUtf8(bytes, { field = "", got = (at) => `byte ${at}` } = {}) {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new MalformedInput("not_utf8", { field, got: got(badByte(bytes)), wanted: "UTF-8" });
  }
}

/** `bytes` as text in which no two byte strings look alike: stray bytes are lone surrogates. */
export function decodeOpaque(bytes) {
  const parts = [];
  let rest = bytes;
  for (let at = badByte(rest); at >= 0; at = badByte(rest)) {
    parts.push(DECODER.decode(rest.subarray(0, at)), String.fromCharCode(0xdc00 + rest[at]));
    rest = rest.subarray(at + 1);
  }
  return parts.join("") + DECODER.decode(rest);
}
