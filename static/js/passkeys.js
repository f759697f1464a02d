// Passkeys: keys that an authenticator holds and uses only for this site, after a
// gesture. What one signs is the browser's own words around our challenge: SHA-256 of
// the bytes (DSSE pre-authentication encoding) that a plain key would sign.
import { toBase64 } from "./dsse.js";

export const ALG = "webauthn-es256";
const ES256 = -7;
const TIMEOUT_MS = 120_000;
// SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point's 0x04.
const P256 = [
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
  0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const SPKI_BYTES = 91;

/** What went wrong with the authenticator; `textName` names the sentence that says it. */
export class PasskeyError extends Error {
  constructor(textName, cause) {
    super(textName, { cause });
    this.textName = textName;
  }
}

export const hasPasskeys = () => Boolean(globalThis.isSecureContext && globalThis.PublicKeyCredential);

export const toBase64Url = (bytes) =>
  toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

export const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

/** Make a passkey for `person` at the relying party `rpId`: {alg, spki, credentialId, rpId}. */
export async function makePasskey({ rpId, person }) {
  const credential = await ask(() => navigator.credentials.create({
    publicKey: {
      rp: { id: rpId, name: "PharmaTrace" },
      // Fresh for each key: an authenticator keeps one passkey a handle, and the old key
      // must still sign while the new one waits.
      user: { id: crypto.getRandomValues(new Uint8Array(32)), name: person, displayName: person },
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      pubKeyCredParams: [{ type: "public-key", alg: ES256 }],
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
      attestation: "none",
      timeout: TIMEOUT_MS,
    },
  }));
  const { response } = credential;
  const spki = new Uint8Array(response.getPublicKey?.() ?? 0);
  if (response.getPublicKeyAlgorithm?.() !== ES256) throw new PasskeyError("passkeyunfit");
  await checkSpki(spki);
  return { alg: ALG, spki, credentialId: toBase64Url(credential.rawId), rpId };
}

/** The one spelling that the ledger takes, and a point on the curve. */
async function checkSpki(spki) {
  const isSpelled = spki.length === SPKI_BYTES && P256.every((byte, at) => spki[at] === byte);
  if (!isSpelled) throw new PasskeyError("passkeyunfit");
  try {
    await crypto.subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  } catch (error) {
    throw new PasskeyError("passkeyunfit", error);
  }
}

/** {sig, webauthn} of a passkey over `bytes`, after its person agreed on the device. */
export async function signWithPasskey(key, bytes) {
  const credential = await ask(async () => navigator.credentials.get({
    publicKey: {
      challenge: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)),
      rpId: key.rpId,
      allowCredentials: [{ type: "public-key", id: fromBase64Url(key.credentialId) }],
      userVerification: "required",
      timeout: TIMEOUT_MS,
    },
  }));
  const { signature, authenticatorData, clientDataJSON } = credential.response;
  return {
    sig: toBase64(signature),
    webauthn: { authenticatorData: toBase64(authenticatorData), clientDataJSON: toBase64(clientDataJSON) },
  };
}

async function ask(work) {
  if (!hasPasskeys()) throw new PasskeyError("passkeyunsupported");
  try {
    return await work();
  } catch (error) {
    // NotAllowedError: declined, timed out, or no such key here; browsers do not tell which.
    throw new PasskeyError(error.name === "NotAllowedError" ? "passkeydeclined" : "passkeyfailed", error);
  }
}
