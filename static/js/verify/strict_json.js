// The strict JSON reader: I-JSON or a refusal. Mirrors core/strict_json.py, whose grammar
// is that of Python's json module. Objects become Maps, so no name is special.
import { decodeUtf8 } from "./bytes.js";
import { MalformedInput, located } from "./errors.js";

export const MAX_SAFE_INTEGER = Number.MAX_SAFE_INTEGER;
export const MAX_DEPTH = 64;

const MAX_NUMBER_CHARACTERS = 64;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
const PLAIN = /[^"\\\0-\x1f]*/y;
const HEX4 = /[0-9A-Fa-f]{4}/y;
const VALUES = { true: true, false: false, null: null };
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
// RFC 7493 section 2.1 forbids surrogates and noncharacters; NUL we never want.
const PLANE_ENDS = Array.from({ length: 34 }, (_, at) => `\\u{${(at >> 1).toString(16)}fff${at & 1 ? "f" : "e"}}`);
const FORBIDDEN = new RegExp(`[\\0\\ud800-\\udfff\\ufdd0-\\ufdef${PLANE_ENDS.join("")}]`, "u");

/** The value in `data`: Map, Array, string, number, boolean or null; raises MalformedInput. */
export function parseJson(data, { maxBytes, maxDepth = MAX_DEPTH, doubles = false, field = "body" }) {
  return located(field, () => parse(data, maxBytes, maxDepth, doubles));
}

/** Every value inside `value`, names of members included, in the order of core's `walk`. */
export function* walk(value) {
  const waiting = [value];
  while (waiting.length) {
    const item = waiting.pop();
    yield item;
    if (item instanceof Map) for (const part of [...item.keys(), ...item.values()]) waiting.push(part);
    else if (Array.isArray(item)) for (const part of item) waiting.push(part);
  }
}

/** Every string inside `value`, names of members included. */
export function* strings(value) {
  for (const item of walk(value)) if (typeof item === "string") yield item;
}

/** Refuse NUL, lone surrogates and noncharacters as `forbidden_character`. */
export function checkCharacters(text) {
  const found = FORBIDDEN.exec(text);
  if (!found) return;
  throw new MalformedInput("forbidden_character", {
    got: `U+${found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
    wanted: "Unicode text without NUL, surrogates and noncharacters",
  });
}

function parse(data, maxBytes, maxDepth, doubles) {
  if (data.length > maxBytes) {
    throw new MalformedInput("too_large", { got: `${data.length} bytes`, wanted: `at most ${maxBytes} bytes` });
  }
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) {
    throw new MalformedInput("byte_order_mark", { got: "EF BB BF first", wanted: "UTF-8 without BOM" });
  }
  const text = decodeUtf8(data, { got: (at) => `byte ${at} does not decode` });
  checkDepth(text, maxDepth);
  const value = new Reader(text, doubles).read();
  if (text.includes("\\u")) for (const string of strings(value)) checkCharacters(string);
  else checkCharacters(text);
  return value;
}

/** Brackets outside strings, before anything is read: a reader must not run deep. */
function checkDepth(text, maxDepth) {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at];
    if (mark === '"') at = endOfString(text, at);
    else if (mark === "[" || mark === "{") depth += 1;
    else if (mark === "]" || mark === "}") depth -= 1;
    if (depth > maxDepth) {
      throw new MalformedInput("too_deep", { got: `${depth} levels or more`, wanted: `at most ${maxDepth} levels` });
    }
  }
}

function endOfString(text, start) {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function readInteger(literal) {
  const number = Number(literal);
  if (literal.length > 17 || literal === "-0" || !Number.isSafeInteger(number)) {
    throw new MalformedInput("bad_number", { got: literal, wanted: "an integer below 2^53" });
  }
  return number;
}

function readDouble(literal) {
  const number = Number(literal);
  const wanted = [
    [literal.length > MAX_NUMBER_CHARACTERS, "fewer digits"],
    [!Number.isFinite(number), "a finite number"],
    [Object.is(number, -0), "0, which has no sign"],
  ].find(([isWrong]) => isWrong)?.[1];
  if (wanted) throw new MalformedInput("bad_number", { got: literal, wanted });
  return number;
}

/** One text, read from the front; `at` counts UTF-16 units. */
class Reader {
  constructor(text, doubles) {
    Object.assign(this, { text, doubles, at: 0 });
  }

  read() {
    const value = this.value();
    if (this.at < this.text.length) this.fail();
    return value;
  }

  /** What `pattern` (sticky) finds here, passed over; null if it does not match. */
  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  /** Whether the next mark is `mark`, blanks around it passed over. */
  skip(mark) {
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    this.take(SPACE);
    return true;
  }

  fail(at = this.at) {
    const where = at < 0 ? "" : ` at character ${[...this.text.slice(0, at)].length}`;
    throw new MalformedInput("not_json", { got: `no JSON${where}`, wanted: "JSON" });
  }

  value() {
    this.take(SPACE);
    const mark = this.text[this.at];
    const value = mark === "{" ? this.object() : mark === "[" ? this.array() : mark === '"' ? this.string() : this.scalar();
    this.take(SPACE);
    return value;
  }

  scalar() {
    const word = this.take(WORD);
    if (word && word[0] in VALUES) return VALUES[word[0]];
    if (word) throw new MalformedInput("bad_number", { got: word[0], wanted: "a finite number" });
    const number = this.take(NUMBER);
    if (!number) this.fail();
    const [literal, , fraction, exponent] = number;
    if (fraction === undefined && exponent === undefined) return readInteger(literal);
    if (this.doubles) return readDouble(literal);
    throw new MalformedInput("not_an_integer", { got: literal, wanted: "an integer" });
  }

  array() {
    const items = [];
    this.skip("[");
    if (this.skip("]")) return items;
    do items.push(this.value());
    while (this.skip(","));
    if (this.text[this.at] !== "]") this.fail();
    this.at += 1;
    return items;
  }

  object() {
    const pairs = [];
    this.skip("{");
    if (!this.skip("}")) {
      do pairs.push(this.pair());
      while (this.skip(","));
      if (this.text[this.at] !== "}") this.fail();
      this.at += 1;
    }
    const made = new Map(pairs);
    if (made.size === pairs.length) return made;
    throw new MalformedInput("duplicate_name", { got: mostCommon(pairs.map(([name]) => name)), wanted: "every name once" });
  }

  pair() {
    if (this.text[this.at] !== '"') this.fail();
    const name = this.string();
    this.take(SPACE);
    if (!this.skip(":")) this.fail();
    return [name, this.value()];
  }

  string() {
    const start = this.at;
    this.at += 1;
    let text = "";
    for (;;) {
      text += this.take(PLAIN)[0];
      const mark = this.text[this.at];
      if (mark === undefined) this.fail(start);
      if (mark !== '"' && mark !== "\\") this.fail();
      this.at += 1;
      if (mark === '"') return text;
      text += this.escape(start);
    }
  }

  escape(start) {
    const mark = this.text[this.at];
    if (mark === undefined) this.fail(start);
    this.at += 1;
    if (mark in ESCAPES) return ESCAPES[mark];
    if (mark !== "u") this.fail(this.at - 2);
    const found = this.take(HEX4);
    if (!found) this.fail();
    return String.fromCharCode(parseInt(found[0], 16));
  }
}

function mostCommon(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].find(([, count]) => count === most)[0];
}
