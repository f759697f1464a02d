// Points of edwards25519: is this public key of the right group? And Ed25519 itself, for
// browsers whose WebCrypto lacks it. Mirrors core/edwards25519.py. Public data only, so
// nothing here needs to take constant time.
import { concat, sameBytes, toHex, toNumber } from "./bytes.js";
import { MalformedInput } from "./errors.js";

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const NEUTRAL = [0n, 1n, 1n, 0n];

const mod = (number) => ((number % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let [square, rest] = [mod(base), exponent]; rest; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const inverse = (number) => power(number, P - 2n);
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
  const [r, s] = [signature.subarray(0, 32), little(signature.subarray(32))];
  if (s >= ORDER) return false;
  const digest = await crypto.subtle.digest("SHA-512", concat(r, publicKey, message));
  const k = little(new Uint8Array(digest)) % ORDER;
  const [x, y, z, t] = multiply(k, point);
  return sameBytes(compress(add(multiply(s, BASE), [P - x, y, z, P - t])), r);
}

function little(bytes) {
  return toNumber(Uint8Array.from(bytes).reverse());
}

function decompress(data) {
  if (data.length !== 32) return null;
  const number = little(data);
  const [sign, y] = [number >> 255n, number & (2n ** 255n - 1n)];
  if (y >= P) return null;
  const x = squareRoot(mod((y * y - 1n) * inverse(D * y * y + 1n)));
  if (x === null || (x === 0n && sign)) return null;
  const turned = (x & 1n) === sign ? x : P - x;
  return [turned, y, 1n, (turned * y) % P];
}

function compress([x, y, z]) {
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

const isNeutral = ([x, y, z]) => mod(x) === 0n && mod(y - z) === 0n;

function multiply(factor, point) {
  let result = NEUTRAL;
  for (let [double, rest] = [point, factor]; rest; rest >>= 1n) {
    if (rest & 1n) result = add(result, double);
    double = add(double, double);
  }
  return result;
}

/** RFC 8032 section 5.1.4; the formula is complete, it also doubles. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = ((y1 - x1) * (y2 - x2)) % P;
  const b = ((y1 + x1) * (y2 + x2)) % P;
  const c = (((2n * t1 * t2) % P) * D) % P;
  const d = (2n * z1 * z2) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
}
