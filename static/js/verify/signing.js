// Signatures are verified under keys that are enrolled; the algorithm is the enrolled
// key's and never a word in the envelope. Mirrors core/signing.py, verifier half.
import { UntrustedSignature } from "./errors.js";
import { fromDer } from "./ecdsa.js";
import { ED25519, WEBAUTHN_ES256 } from "./keys.js";
import { verifyAssertion } from "./webauthn.js";
import { isEd25519Signature, isP256Signature } from "./webcrypto.js";

const SIGNATURE_BYTES = 64;

function bad(key, wanted) {
  return new UntrustedSignature("bad_signature", { field: key.keyid, got: "one that does not verify", wanted });
}

/** Check one signature over `pae` under `key`, which the caller trusts. */
export async function verifySignature({ key, pae, signature, webauthn = null }) {
  if (signature.keyid !== key.keyid) {
    throw new UntrustedSignature("wrong_key", { got: signature.keyid, wanted: key.keyid });
  }
  if (key.alg === WEBAUTHN_ES256) {
    if (!signature.webauthn || !webauthn) throw bad(key, "an authenticator's assertion for this ledger");
    const covered = verifyAssertion({ evidence: signature.webauthn, pae, scope: webauthn });
    await verifyRaw(key, strictDer(key, signature.sig), covered);
    return;
  }
  if (signature.webauthn) throw bad(key, "no authenticator data under this key");
  if (signature.sig.length !== SIGNATURE_BYTES) throw bad(key, `${SIGNATURE_BYTES} bytes`);
  await verifyRaw(key, signature.sig, pae);
}

function strictDer(key, sig) {
  const made = fromDer(sig);
  if (typeof made === "string") throw bad(key, made === "form" ? "a DER signature" : "a strict DER signature");
  return made;
}

async function verifyRaw(key, sig, covered) {
  const verify = key.alg === ED25519 ? isEd25519Signature : isP256Signature;
  if (!(await verify(key.raw, sig, covered))) throw bad(key, "a signature over these bytes");
}
