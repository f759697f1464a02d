// Texts for bytes and times: hex, instants and dates, one spelling each. Mirrors
// core/encoding.py; a date stays the text YYYY-MM-DD, whose order is that of the days.
import { fromHex } from "./bytes.js";
import { MalformedInput } from "./errors.js";

const TIME = /^([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const HEX = /^[0-9a-f]*$/;

/** 9999-12-31T23:59:59.999Z, the last instant that has a text form. */
export const LAST_MS = 253_402_300_799_999;

/** The bytes of lower-case hex of exactly `sizeBytes`; `bad_hex`. */
export function decodeHex(text, { sizeBytes, field }) {
  if (text.length !== 2 * sizeBytes || !HEX.test(text)) {
    throw new MalformedInput("bad_hex", { field, got: text, wanted: `${2 * sizeBytes} lower-case hex digits` });
  }
  return fromHex(text);
}

/** Milliseconds since 1970 of `YYYY-MM-DDThh:mm:ss.sssZ`; `bad_time`. */
export function parseTimeMs(text, { field }) {
  const found = TIME.exec(text);
  const ms = found && isDay(found[1]) ? Date.parse(text) : NaN;
  if (ms >= 0) return ms;
  throw new MalformedInput("bad_time", { field, got: text, wanted: "YYYY-MM-DDThh:mm:ss.sssZ from 1970" });
}

/** `ms` since 1970, number or BigInt, as `YYYY-MM-DDThh:mm:ss.sssZ`; `bad_time`. */
export function formatTimeMs(ms) {
  if (ms >= 0 && ms <= LAST_MS) return new Date(Number(ms)).toISOString();
  throw new MalformedInput("bad_time", { got: ms, wanted: "an instant from 1970 to 9999" });
}

/** `text`, if it is a day; `bad_date`. */
export function parseDate(text, { field }) {
  if (isDay(text)) return text;
  throw new MalformedInput("bad_date", { field, got: text, wanted: "YYYY-MM-DD" });
}

function isDay(text) {
  const found = DATE.exec(text);
  if (!found) return false;
  const [year, month, day] = found.slice(1).map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return year > 0 && day > 0 && day <= days[month - 1];
}
