// The two forms of an ECDSA P-256 signature, each with one spelling.
import { concat, toNumber } from "./bytes.js";

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * r ‖ s, 64 bytes, of a strict DER signature (X.690 section 10, RFC 3279); "form" or
 * "range" if it is none.
 */
export function fromDer(sig) {
  const sequence = readValue(sig, 0x30);
  const first = sequence && !sequence.rest.length && readValue(sequence.value, 0x02);
  const second = first && readValue(first.rest, 0x02);
  if (!second || second.rest.length || ![first, second].every((each) => isPositive(each.value))) return "form";
  const [r, s] = [first.value, second.value];
  const isInRange = [r, s].map(toNumber).every((number) => number > 0n && number < ORDER);
  return isInRange ? concat(fill(r), fill(s)) : "range";
}

function readValue(bytes, tag) {
  let [size, start] = [bytes[1], 2];
  if (size === 0x81 && bytes[2] >= 0x80) [size, start] = [bytes[2], 3];
  else if (size >= 0x80) return null;
  if (bytes[0] !== tag || bytes.length < start + size) return null;
  return { value: bytes.subarray(start, start + size), rest: bytes.subarray(start + size) };
}

const isPositive = (value) => value.length > 0 && value[0] < 0x80 && !(value[0] === 0 && value.length > 1 && value[1] < 0x80);

function fill(value) {
  const number = value[0] === 0 ? value.subarray(1) : value;
  return concat(new Uint8Array(32 - number.length), number);
}
