// GS1 keys, their characters and their percent-encoding. Mirrors core/gs1/keys.py,
// charsets.py and percent.py as far as statements need them.
import { utf8 } from "./bytes.js";
import { MalformedInput } from "./errors.js";

/** The characters of GS1 set 82, ascending. */
export const CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

const DIGITS = /^[0-9]+$/;
const UNRESERVED = /^[-._~0-9A-Za-z]*$/;

/** Refuse characters outside GS1 set 82: `bad_character`. */
export function verifyCset82(text, field) {
  if ([...text].every((each) => CSET82.includes(each))) return;
  throw new MalformedInput("bad_character", { field, got: text, wanted: "characters of GS1 set 82" });
}

function verifyKey(digits, length, field) {
  if (!DIGITS.test(digits)) {
    throw new MalformedInput(digits ? "not_digits" : "empty", { field, got: digits, wanted: "digits only" });
  }
  if (digits.length !== length) {
    throw new MalformedInput("bad_length", { field, got: digits, wanted: `${length} digits` });
  }
  // GS1 General Specifications 7.9: weights 3 and 1 from the right.
  const sum = [...digits.slice(0, -1)].reverse().reduce((total, digit, at) => total + Number(digit) * (at % 2 ? 1 : 3), 0);
  const wanted = (10 - (sum % 10)) % 10;
  if (digits.at(-1) !== String(wanted)) {
    throw new MalformedInput("bad_check_digit", { field, got: digits, wanted: `check digit ${wanted}` });
  }
}

function verifyText(text, field) {
  const wanted = "1 to 20 characters of GS1 set 82";
  if (!text) throw new MalformedInput("empty", { field, wanted });
  if ([...text].length > 20) throw new MalformedInput("too_long", { field, got: text, wanted });
  verifyCset82(text, field);
}

/** Refuse what is not the 14 digits of a GTIN. */
export const verifyGtin = (text) => verifyKey(text, 14, "gtin");

/** Refuse what is not the 18 digits of an SSCC. */
export const verifySscc = (text) => verifyKey(text, 18, "sscc");

/** Refuse what is not the 13 digits of a GLN. */
export const verifyGln = (text) => verifyKey(text, 13, "gln");

/** Refuse what is no lot number. */
export const verifyLot = (text) => verifyText(text, "lot");

/** Refuse what is no serial number. */
export const verifySerial = (text) => verifyText(text, "serial");

const percent = (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** `value` for a path segment; characters above U+00FF as UTF-8. */
export function encodePath(value) {
  return [...value].map((each) => {
    if (UNRESERVED.test(each)) return each;
    const point = each.codePointAt(0);
    return point < 0x100 ? percent(point) : [...utf8(each)].map(percent).join("");
  }).join("");
}

/** The value of a path segment: one byte becomes one character. */
export const decodePath = (text) =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
