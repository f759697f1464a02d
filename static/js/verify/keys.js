// Public keys that may be enrolled: a closed set of algorithms, one spelling each.
// Mirrors core/keys.py.
import { fromHex, sameBytes, toHex, toNumber } from "./bytes.js";
import { verifyPoint } from "./edwards25519.js";
import { MalformedInput } from "./errors.js";
import { sha256 } from "./sha256.js";

export const ED25519 = "ed25519";
export const ECDSA_P256 = "ecdsa-p256-sha256";
export const WEBAUTHN_ES256 = "webauthn-es256";
export const ALGORITHMS = new Set([ED25519, ECDSA_P256, WEBAUTHN_ES256]);
export const MAX_SPKI_BYTES = 128;

// What stands before the key itself in the one DER spelling (RFC 8410, RFC 5480).
const EDWARDS = fromHex("302a300506032b6570032100");
const P256 = fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200");

const FIELD = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

const LOADED = new Map();

/** SHA-256 of an SPKI DER, 64 hex digits. */
export const keyidOf = (spki) => toHex(sha256(spki));

/** `{alg, spki, raw, keyid}` of a key that was checked as at its enrolment; `bad_key`. */
export function loadPublicKey({ spki, alg }) {
  const name = `${alg} ${toHex(spki)}`;
  if (!LOADED.has(name)) LOADED.set(name, load(spki, alg));
  return LOADED.get(name);
}

function load(spki, alg) {
  if (!ALGORITHMS.has(alg)) {
    throw new MalformedInput("unknown_algorithm", { field: "alg", got: alg, wanted: [...ALGORITHMS].sort().join(", ") });
  }
  if (spki.length > MAX_SPKI_BYTES) throw bad(`${spki.length} bytes`, "an SPKI");
  const [start, size, verify] = alg === ED25519 ? [EDWARDS, 32, verifyPoint] : [P256, 65, verifyCurve];
  const raw = spki.subarray(start.length);
  if (!sameBytes(spki.subarray(0, start.length), start) || raw.length !== size) {
    throw bad("another spelling, or a key of another algorithm", `a key for ${alg}, in its one DER spelling`);
  }
  verify(raw);
  return { alg, spki, raw, keyid: keyidOf(spki) };
}

/** An uncompressed point of P-256, on the curve. */
function verifyCurve(raw) {
  const [x, y] = [toNumber(raw.subarray(1, 33)), toNumber(raw.subarray(33))];
  const isOnCurve = raw[0] === 4 && x < FIELD && y < FIELD && (y * y - x * x * x + 3n * x - B) % FIELD === 0n;
  if (!isOnCurve) throw bad(toHex(raw), "an uncompressed point of P-256");
}

function bad(got, wanted) {
  return new MalformedInput("bad_key", { got, wanted });
}
