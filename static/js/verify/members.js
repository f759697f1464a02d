// The members of a JSON object, each read once: what is left over is refused. Mirrors
// core/members.py.
import { compareTexts } from "./bytes.js";
import { MalformedInput } from "./errors.js";

/** The members of one JSON object (a Map); `where` is its dotted path. */
export class Members {
  constructor(value, { where }) {
    if (!(value instanceof Map)) {
      throw new MalformedInput("wrong_type", { field: where, got: jsonType(value), wanted: "an object" });
    }
    this.left = new Map(value);
    this.where = where;
  }

  /** The dotted path of the member `name`. */
  path(name) {
    return this.where ? `${this.where}.${name}` : name;
  }

  /** True while the member `name` is there and unread. */
  has(name) {
    return this.left.has(name);
  }

  /** The member `name`, whatever it is; `missing_field`. */
  take(name, wanted = "a value") {
    if (!this.left.has(name)) throw new MalformedInput("missing_field", { field: this.path(name), got: "nothing", wanted });
    const value = this.left.get(name);
    this.left.delete(name);
    return value;
  }

  /** Refuse members that nobody read: `unknown_field`. */
  close() {
    const [name] = [...this.left.keys()].sort(compareTexts);
    if (name === undefined) return;
    const got = jsonType(this.left.get(name));
    throw new MalformedInput("unknown_field", { field: this.path(name), got, wanted: "no such field" });
  }

  /** Any text. */
  string(name) {
    const value = this.take(name, "text");
    if (typeof value !== "string") throw this.wrong(name, value, "text");
    return value;
  }

  /** An object, to be read in turn. */
  object(name) {
    return new this.constructor(this.take(name, "an object"), { where: this.path(name) });
  }

  /** The members of an object, a Map to be handed on as it is. */
  members(name) {
    const value = this.take(name, "an object");
    if (!(value instanceof Map)) throw this.wrong(name, value, "an object");
    return value;
  }

  /** A list of `least` to `most` members. */
  array(name, { least = 0, most }) {
    const value = this.take(name, "a list");
    if (!Array.isArray(value)) throw this.wrong(name, value, "a list");
    if (value.length < least || value.length > most) {
      const wanted = `${least} to ${most} members`;
      throw new MalformedInput("bad_length", { field: this.path(name), got: `${value.length} members`, wanted });
    }
    return value;
  }

  /** A list whose members are read by `read(fields, position)`. */
  each(name, read, { least = 0, most }) {
    const items = this.array(name, { least, most });
    const numbered = new Map(items.map((item, index) => [String(index), item]));
    const inner = new this.constructor(numbered, { where: this.path(name) });
    return items.map((_, index) => read(inner, String(index)));
  }

  /** As `each`, of members whose `by` all differ. */
  distinct(name, read, { least = 0, most, by = String }) {
    const values = this.each(name, read, { least, most });
    const different = new Set(values.map(by)).size;
    if (different === values.length) return values;
    const got = `${values.length} members, ${different} different`;
    throw new MalformedInput("repeated_member", { field: this.path(name), got, wanted: "every member once" });
  }

  /** As `each`, of members in ascending order of `by`, which all differ. */
  ascending(name, read, { by = String, least = 0, most }) {
    const values = this.each(name, read, { least, most });
    const texts = values.map(by);
    const second = texts.find((text, at) => at > 0 && compareTexts(texts[at - 1], text) >= 0);
    if (second === undefined) return values;
    const wanted = "ascending order, every member once";
    throw new MalformedInput("not_sorted", { field: this.path(name), got: second, wanted });
  }

  wrong(name, value, wanted) {
    return new MalformedInput("wrong_type", { field: this.path(name), got: jsonType(value), wanted });
  }
}

/** What JSON calls a value of this type, in words. */
export function jsonType(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return { boolean: "true or false", number: "a number", string: "text" }[typeof value] ?? "an object";
}
