// Signatures by the browser's own cryptography. Where it lacks Ed25519 (Chrome before
// 137, Firefox before 129, Safari before 17), ours in edwards25519.js stands in. Ours also
// has the last word on a no: browsers refuse an R of small order, OpenSSL does not, and a
// signature must not hold in one place and fail in another.
import { isSignature } from "./edwards25519.js";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const SHA256 = { name: "ECDSA", hash: "SHA-256" };
let hasEd25519 = true;

/** Whether `signature` is that of the 32-byte Ed25519 key over `message`. */
export async function isEd25519Signature(publicKey, signature, message) {
  const isValid = hasEd25519 && await ask(publicKey, signature, message);
  return isValid || isSignature(publicKey, signature, message);
}

async function ask(publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch (error) {
    hasEd25519 = error.name !== "NotSupportedError";
    return false;
  }
}

/** Whether r ‖ s, 64 bytes, is a signature of the uncompressed P-256 point over `message`. */
export async function isP256Signature(point, signature, message) {
  const key = await crypto.subtle.importKey("raw", point, P256, false, ["verify"]);
  return crypto.subtle.verify(SHA256, key, signature, message);
}
