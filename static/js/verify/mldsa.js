// ML-DSA-44 (FIPS 204), verifying only: no browser offers it yet, and logs may sign
// with it beside Ed25519. Polynomials are arrays of 256 numbers below q; a product of
// two stays below 2^53. Tested with Wycheproof's vectors.
import { concat, sameBytes } from "./bytes.js";
import { shake128, shake256 } from "./keccak.js";

const N = 256;
const Q = 8380417;
const K = 4; // rows of A
const L = 4; // columns of A
const TAU = 39;
const GAMMA1 = 2 ** 17;
const GAMMA2 = (Q - 1) / 88;
const BETA = 78;
const OMEGA = 80;
const [PUBLIC_BYTES, SIGNATURE_BYTES] = [1312, 2420];
const NO_CONTEXT = Uint8Array.of(0, 0);

const mod = (number) => ((number % Q) + Q) % Q;
const range = (size, make) => Array.from({ length: size }, (_, at) => make(at));

const ZETAS = range(N, (at) => {
  const exponent = parseInt(at.toString(2).padStart(8, "0").split("").reverse().join(""), 2);
  let zeta = 1;
  for (let times = 0; times < exponent; times += 1) zeta = (zeta * 1753) % Q;
  return zeta;
});

/** Whether `signature` is that of the 1312-byte key over `message`, with empty context. */
export function isMldsa44Signature(publicKey, signature, message) {
  if (publicKey.length !== PUBLIC_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const challenge = signature.subarray(0, 32);
  const z = range(L, (at) => unpack(signature.subarray(32 + 576 * at, 608 + 576 * at), 18).map((each) => GAMMA1 - each));
  const hints = unpackHints(signature.subarray(32 + 576 * L));
  const isShort = z.every((poly) => poly.every((each) => Math.abs(each) < GAMMA1 - BETA));
  if (!hints || !isShort) return false;
  const mu = shake256(concat(shake256(publicKey, 64), NO_CONTEXT, message), 64);
  const rows = commitmentRows(publicKey, challenge, z);
  const packed = rows.map((row, at) => pack6(row.map((each, place) => useHint(hints[at].has(place), each))));
  return sameBytes(shake256(concat(mu, ...packed), 32), challenge);
}

/** A·z − c·t1·2^13, row by row: what the signer rounded (algorithm 8, line 9). */
function commitmentRows(publicKey, challenge, z) {
  const rho = publicKey.subarray(0, 32);
  const zHat = z.map((poly) => ntt(poly.map(mod)));
  const cHat = ntt(sampleInBall(challenge));
  return range(K, (row) => {
    const t1 = unpack(publicKey.subarray(32 + 320 * row, 352 + 320 * row), 10);
    const tHat = ntt(t1.map((each) => (each * 8192) % Q));
    const columns = range(L, (column) => sampleUniform(concat(rho, Uint8Array.of(column, row))));
    return inverseNtt(range(N, (at) => {
      const sum = columns.reduce((total, poly, column) => total + ((poly[at] * zHat[column][at]) % Q), 0);
      return mod(sum - ((cHat[at] * tHat[at]) % Q));
    }));
  });
}

/** Numbers of `bits` bits, the lowest first (algorithms 18 and 19). */
function unpack(bytes, bits) {
  const numbers = [];
  let [held, size] = [0, 0];
  for (const byte of bytes) {
    held += byte * 2 ** size;
    size += 8;
    if (size < bits) continue;
    numbers.push(held % 2 ** bits);
    held = Math.floor(held / 2 ** bits);
    size -= bits;
  }
  return numbers;
}

function pack6(numbers) {
  const bytes = new Uint8Array((numbers.length * 6) / 8);
  for (let at = 0; at < numbers.length; at += 4) {
    const group = numbers[at] | (numbers[at + 1] << 6) | (numbers[at + 2] << 12) | (numbers[at + 3] << 18);
    bytes.set([group & 255, (group >> 8) & 255, group >> 16], (at * 6) / 8);
  }
  return bytes;
}

/** The places of the ones, row by row; null for a second spelling (algorithm 21). */
function unpackHints(bytes) {
  let index = 0;
  const rows = [];
  for (let row = 0; row < K; row += 1) {
    const end = bytes[OMEGA + row];
    if (end < index || end > OMEGA) return null;
    const places = bytes.subarray(index, end);
    if (places.some((place, at) => at > 0 && places[at - 1] >= place)) return null;
    rows.push(new Set(places));
    index = end;
  }
  return bytes.subarray(index, OMEGA).some(Boolean) ? null : rows;
}

/** A polynomial with 39 coefficients of 1 or −1 (algorithm 29). */
function sampleInBall(seed) {
  const stream = shake256(seed, 1088);
  const poly = new Array(N).fill(0);
  let at = 8;
  for (let place = N - TAU, sign = 0; place < N; place += 1, sign += 1) {
    while (stream[at] > place) at += 1;
    poly[place] = poly[stream[at]];
    poly[stream[at]] = (stream[sign >> 3] >> (sign & 7)) & 1 ? Q - 1 : 1;
    at += 1;
  }
  return poly;
}

/** An element of the matrix A, in the transformed domain (algorithm 30). */
function sampleUniform(seed) {
  for (let size = 840; ; size *= 2) {
    const stream = shake128(seed, size);
    const poly = [];
    for (let at = 0; at < size && poly.length < N; at += 3) {
      const number = stream[at] | (stream[at + 1] << 8) | ((stream[at + 2] & 127) << 16);
      if (number < Q) poly.push(number);
    }
    if (poly.length === N) return poly;
  }
}

/** Algorithm 41. */
function ntt(input) {
  const poly = input.slice();
  let zeta = 0;
  for (let length = 128; length >= 1; length >>= 1) {
    for (let start = 0; start < N; start += 2 * length) {
      zeta += 1;
      for (let at = start; at < start + length; at += 1) {
        const turned = (ZETAS[zeta] * poly[at + length]) % Q;
        poly[at + length] = mod(poly[at] - turned);
        poly[at] = (poly[at] + turned) % Q;
      }
    }
  }
  return poly;
}

/** Algorithm 42. */
function inverseNtt(input) {
  const poly = input.slice();
  let zeta = N;
  for (let length = 1; length < N; length <<= 1) {
    for (let start = 0; start < N; start += 2 * length) {
      zeta -= 1;
      for (let at = start; at < start + length; at += 1) {
        const difference = mod(poly[at + length] - poly[at]);
        poly[at] = (poly[at] + poly[at + length]) % Q;
        poly[at + length] = (ZETAS[zeta] * difference) % Q;
      }
    }
  }
  return poly.map((each) => (each * 8347681) % Q);
}

/** Algorithms 36 and 40. */
function useHint(isSet, number) {
  let low = number % (2 * GAMMA2);
  if (low > GAMMA2) low -= 2 * GAMMA2;
  let high = (number - low) / (2 * GAMMA2);
  if (number - low === Q - 1) [high, low] = [0, low - 1];
  if (!isSet) return high;
  return (high + (low > 0 ? 1 : 43)) % 44;
}
