// How a key of this browser comes to be; pages that only sign do without it.
import { ALGORITHMS, keepKey } from "./keys.js";

async function generate() {
  for (const [alg, { make }] of Object.entries(ALGORITHMS)) {
    try {
      return { alg, pair: await crypto.subtle.generateKey(make, false, ["sign", "verify"]) };
    } catch (error) {
      // Browsers without Ed25519 say NotSupportedError; P-256 is everywhere.
      if (error.name !== "NotSupportedError" && error.name !== "SyntaxError") throw error;
    }
  }
  throw new Error("unsupported");
}

/** A fresh key pair that nothing keeps yet: {alg, privateKey, spki}. */
export async function newKey() {
  const { alg, pair } = await generate();
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  return { alg, privateKey: pair.privateKey, spki };
}

/** Make a key for `user` (their id on the site) and keep it here. */
export async function makeKey({ user, label }) {
  const made = await newKey();
  navigator.storage?.persist?.(); // asks the browser not to clear it; it may say no
  return keepKey({ ...made, user, label });
}
