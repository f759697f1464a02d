// Reading the members of a JSON object by type. Mirrors core/fields.py.
import { compareTexts, lengthOf } from "./bytes.js";
import { decodeHex, parseDate, parseTimeMs } from "./encoding.js";
import { MalformedInput, TraceError } from "./errors.js";
import { verifyGln, verifyGtin, verifyLot } from "./gs1.js";
import { Members } from "./members.js";
import { parseBase64 } from "./strict.js";
import { MAX_SAFE_INTEGER } from "./strict_json.js";

// Controls break lines; bidirectional overrides make a text look like another one.
const UNSHOWABLE = /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

/** The members of one JSON object, read as what they must be. */
export class Fields extends Members {
  /** A line of 1 to `longest` characters that shows what it is. */
  text(name, { longest = 200 } = {}) {
    const text = this.string(name);
    const field = this.path(name);
    const size = lengthOf(text);
    if (size < 1 || size > longest) {
      throw new MalformedInput("bad_length", { field, got: `${size} characters`, wanted: `1 to ${longest} characters` });
    }
    if (UNSHOWABLE.test(text)) {
      throw new MalformedInput("forbidden_character", { field, got: text, wanted: "one line without control characters" });
    }
    if (text.normalize("NFC") !== text) throw new MalformedInput("not_nfc", { field, got: text, wanted: "Unicode form NFC" });
    return text;
  }

  /** Lines of 1 to `longest` characters that show what they are. */
  prose(name, { longest = 4000 } = {}) {
    const text = this.string(name);
    new Fields(new Map([[name, text.replaceAll("\n", "")]]), { where: this.where }).text(name, { longest });
    if (lengthOf(text) > longest) {
      const wanted = `1 to ${longest} characters`;
      throw new MalformedInput("bad_length", { field: this.path(name), got: `${lengthOf(text)} characters`, wanted });
    }
    return text;
  }

  /** A text that `pattern`, which is anchored, matches. */
  matching(name, pattern, wanted) {
    const text = this.string(name);
    if (!pattern.test(text)) throw new MalformedInput("bad_text", { field: this.path(name), got: text, wanted });
    return text;
  }

  /** One word of a closed set. */
  word(name, words) {
    const text = this.string(name);
    if (words.has(text)) return text;
    const wanted = `one of ${[...words].sort(compareTexts).join(", ")}`;
    throw new MalformedInput("unknown_word", { field: this.path(name), got: text, wanted });
  }

  /** An integer from `least` to `most`. */
  integer(name, { least = 0, most = MAX_SAFE_INTEGER } = {}) {
    const value = this.take(name, "an integer");
    if (!Number.isSafeInteger(value)) throw this.wrong(name, value, "an integer");
    if (value >= least && value <= most) return value;
    throw new MalformedInput("out_of_range", { field: this.path(name), got: value, wanted: `${least} to ${most}` });
  }

  /** True or false. */
  flag(name) {
    const value = this.take(name, "true or false");
    if (typeof value !== "boolean") throw this.wrong(name, value, "true or false");
    return value;
  }

  /** Bytes in lower-case hex. */
  hexed(name, { sizeBytes = 32 } = {}) {
    return decodeHex(this.string(name), { sizeBytes, field: this.path(name) });
  }

  /** 1 to `mostBytes` bytes in padded standard base64. */
  based(name, { mostBytes }) {
    const field = this.path(name);
    const data = parseBase64(this.string(name), { field });
    if (data.length >= 1 && data.length <= mostBytes) return data;
    throw new MalformedInput("bad_length", { field, got: `${data.length} bytes`, wanted: `1 to ${mostBytes} bytes` });
  }

  /** An instant, in milliseconds since 1970. */
  timeMs(name) {
    return parseTimeMs(this.string(name), { field: this.path(name) });
  }

  /** A day, as text. */
  date(name) {
    return parseDate(this.string(name), { field: this.path(name) });
  }

  /** A GLN of 13 digits with its check digit. */
  gln(name) {
    return this.key(name, verifyGln);
  }

  /** A GTIN of 14 digits with its check digit. */
  gtin(name) {
    return this.key(name, verifyGtin);
  }

  /** A lot number of 1 to 20 characters of GS1 set 82. */
  lot(name) {
    return this.key(name, verifyLot);
  }

  /** A text that `verify` lets pass; its refusal names this field. */
  key(name, verify) {
    const text = this.string(name);
    try {
      verify(text);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      throw new MalformedInput(error.code, { field: this.path(name), got: text, wanted: error.wanted });
    }
    return text;
  }
}
