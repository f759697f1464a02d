// Reading a binary form field by field: too short, too long and out of range alike.
// Mirrors core/octets.py.
import { toNumber } from "./bytes.js";
import { MalformedInput } from "./errors.js";

/** Bytes that are read from the left; `code` is the error's, whatever is wrong. */
export class Octets {
  constructor(data, { code }) {
    Object.assign(this, { data, code, at: 0 });
  }

  /** The refusal of one field. */
  refuse(field, { got, wanted }) {
    return new MalformedInput(this.code, { field, got, wanted });
  }

  /** The next `size` bytes. */
  take(size, field) {
    const left = this.data.length - this.at;
    if (size > left) throw this.refuse(field, { got: `${left} bytes`, wanted: `${size} bytes` });
    this.at += size;
    return this.data.subarray(this.at - size, this.at);
  }

  /** The next `size` bytes as a big-endian number, a BigInt, from `least` to `most`. */
  number(size, field, { least = 0n, most = 256n ** BigInt(size) - 1n } = {}) {
    const found = toNumber(this.take(size, field));
    if (found >= least && found <= most) return found;
    throw this.refuse(field, { got: found, wanted: `${least} to ${most}` });
  }

  /** Bytes behind their number, which takes `size` bytes and is not 0. */
  sized(size, field, { most } = {}) {
    return this.take(Number(this.number(size, field, { least: 1n, most })), field);
  }

  /** `least` to `most` items behind their number, each read by `read(field)`. */
  each(field, read, { least = 0n, most }) {
    const count = Number(this.number(1, field, { least, most }));
    return Array.from({ length: count }, (_, number) => read(`${field}[${number}]`));
  }

  /** Refuse bytes that are left over. */
  close() {
    const left = this.data.length - this.at;
    if (left) throw this.refuse("", { got: `${left} bytes more`, wanted: "nothing behind it" });
  }
}
