// Bytes as decimal digits, which QR stores densest. Mirrors core/digits.py.
import { concat, fromHex } from "./bytes.js";
import { MalformedInput } from "./errors.js";

const WIDTH = 17; // digits of 7 bytes
const SIZES = { 3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6, 17: 7 };

const bad = (field, got, wanted) => new MalformedInput("bad_digits", { field, got, wanted });

/** The bytes that `text` spells; each byte string has one spelling. */
export function decodeDigits(text, { field }) {
  if (!/^[0-9]*$/.test(text)) throw bad(field, text, "digits only");
  const parts = text.match(/.{1,17}/g) ?? [];
  return concat(...parts.map((part) => decodePart(part, field)));
}

function decodePart(part, field) {
  const size = SIZES[part.length];
  if (!size) {
    const sizes = Object.keys(SIZES).join(", ");
    throw bad(field, `${part.length} at the end`, `groups of ${WIDTH}, the last of [${sizes}]`);
  }
  const number = BigInt(part);
  if (number >= 256n ** BigInt(size)) throw bad(field, part, `a number of ${size} bytes`);
  return fromHex(number.toString(16).padStart(2 * size, "0"));
}
