// Points of edwards25519: is this public key of the right group? And Ed25519 itself, for
// browsers whose WebCrypto lacks it. Mirrors core/edwards25519.py. Public data only, so
// nothing here needs to take constant time.
import { concat, sameBytes, toHex, toNumber } from "./bytes.js";
import { MalformedInput } from "./errors.js";

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const NEUTRAL = { x: 0n, y: 1n, z: 1n, t: 0n };

const mod = (number) => ((number % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const inverse = (number) => power(mod(number), P - 2n);
const D = mod(-121665n * inverse(121666n));
const SQRT_MINUS_ONE = power(2n, (P - 1n) / 4n);
const BASE = decompress(Uint8Array.from({ length: 32 }, (_, at) => (at ? 0x66 : 0x58)));

/** Check that `data` is the one spelling of a point of prime order; `bad_key`. */
export function verifyPoint(data) {
  const point = decompress(data);
  if (!point) throw new MalformedInput("bad_key", { got: toHex(data), wanted: "a point of edwards25519" });
  if (isNeutral(point) || !isNeutral(multiply(ORDER, point))) {
    throw new MalformedInput("bad_key", { got: toHex(data), wanted: "a point of prime order" });
  }
}

/** Whether `signature` is that of the 32-byte key over `message` (RFC 8032 section 5.1.7, without cofactor). */
export async function isSignature(publicKey, signature, message) {
  const point = decompress(publicKey);
  if (!point || signature.length !== 64) return false;
  const r = signature.subarray(0, 32);
  const s = little(signature.subarray(32));
  if (s >= ORDER) return false;
  const digest = await crypto.subtle.digest("SHA-512", concat(r, publicKey, message));
  const { x, y, z, t } = multiply(little(new Uint8Array(digest)) % ORDER, point);
  return sameBytes(compress(add(multiply(s, BASE), { x: P - x, y, z, t: P - t })), r);
}

function little(bytes) {
  return toNumber(Uint8Array.from(bytes).reverse());
}

function decompress(data) {
  if (data.length !== 32) return null;
  const number = little(data);
  const sign = number >> 255n;
  const y = number & (2n ** 255n - 1n);
  if (y >= P) return null;
  const root = squareRoot(mod((y * y - 1n) * inverse(D * y * y + 1n)));
  if (root === null || (root === 0n && sign)) return null;
  const x = (root & 1n) === sign ? root : P - root;
  return { x, y, z: 1n, t: (x * y) % P };
}

function compress({ x, y, z }) {
  const scale = inverse(z);
  let number = mod(y * scale) | ((mod(x * scale) & 1n) << 255n);
  const bytes = new Uint8Array(32);
  for (let at = 0; at < 32; at += 1, number >>= 8n) bytes[at] = Number(number & 255n);
  return bytes;
}

function squareRoot(square) {
  let root = power(square, (P + 3n) / 8n);
  if ((root * root) % P !== square) root = (root * SQRT_MINUS_ONE) % P;
  return (root * root) % P === square ? root : null;
}

const isNeutral = ({ x, y, z }) => mod(x) === 0n && mod(y - z) === 0n;

function multiply(factor, point) {
  let result = NEUTRAL;
  for (const bit of factor.toString(2)) {
    result = double(result);
    if (bit === "1") result = add(result, point);
  }
  return result;
}

/** RFC 8032 section 5.1.4. */
function add(left, right) {
  const a = ((left.y - left.x) * (right.y - right.x)) % P;
  const b = ((left.y + left.x) * (right.y + right.x)) % P;
  const c = (((2n * left.t * right.t) % P) * D) % P;
  const d = (2n * left.z * right.z) % P;
  return product(b - a, d - c, d + c, b + a);
}

/** As `add`, of a point and itself. */
function double({ x, y, z }) {
  const a = (x * x) % P;
  const b = (y * y) % P;
  const h = a + b;
  const e = h - (x + y) * (x + y);
  const g = a - b;
  return product(e % P, ((2n * z * z) % P) + g, g, h);
}

const product = (e, f, g, h) => ({ x: (e * f) % P, y: (g * h) % P, z: (f * g) % P, t: (e * h) % P });
