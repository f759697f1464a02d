// What can go wrong, by who must act. Mirrors apps/core/errors.py: same codes, same
// fields, same words.

const SHOWN_CHARACTERS = 120;
const SHORT = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

/** `value` as Python writes it: what an error got is shown alike by both verifiers. */
export function pythonText(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([name, each]) => `${quoted(name)}: ${pythonText(each)}`).join(", ")}}`;
  }
  return String(value);
}

function quoted(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = [...text].map((each) => (each === mark || each === "\\" ? `\\${each}` : escaped(each)));
  return mark + inner.join("") + mark;
}

const escaped = (character) => (/[\p{C}\p{Z}]/u.test(character) && character !== " " ? escape(character) : character);

function escape(character) {
  const point = character.codePointAt(0);
  if (point in SHORT) return SHORT[point];
  const hex = point.toString(16);
  if (point < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return point < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** `value` as text that fits one line: cut at 120 characters, what hides is escaped. */
export function shown(value) {
  let points = [...(typeof value === "string" ? value : pythonText(value))];
  if (points.length > SHOWN_CHARACTERS) {
    const tail = `… (${points.length} characters)`;
    points = [...points.slice(0, SHOWN_CHARACTERS), ...tail];
  }
  return points.map((each) => (each === "\\" ? "\\\\" : escaped(each))).join("");
}

/** The base of everything that is raised on purpose; `step` is 0 without a number. */
export class TraceError extends Error {
  constructor(code, { field = "", got = null, wanted = "", step = 0 } = {}) {
    super(code);
    Object.assign(this, { code, field, wanted, step, got: got === null || got === undefined ? null : shown(got) });
  }

  /** One line: where, what was got, what was wanted. */
  get sentence() {
    const parts = [this.code.replaceAll("_", " ")];
    if (this.got !== null) parts.push(`got ${this.got || "nothing"}`);
    if (this.wanted) parts.push(`wanted ${this.wanted}`);
    return (this.field ? `${this.field}: ` : "") + parts.join("; ");
  }
}

/** The bytes or words do not have the form they must have. */
export class MalformedInput extends TraceError {}

/** A signature does not verify, or its key may not speak here. */
export class UntrustedSignature extends TraceError {}

/** The evidence does not hold. */
export class ProofError extends TraceError {}

/** What `read` answers; its errors that name no field are about `field`. */
export function located(field, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof TraceError && !error.field) error.field = field;
    throw error;
  }
}

/** What `check` answers; its refusal becomes a `ProofError` of this step. */
export async function atStep(step, check) {
  try {
    return await check();
  } catch (error) {
    throw error instanceof TraceError ? refusedAt(step, error) : error;
  }
}

/** `error` as the refusal of step `step`, of `field` if one is given. */
export function refusedAt(step, { code, field, got, wanted }, named = field) {
  return new ProofError(code, { step, field: named, got, wanted });
}
