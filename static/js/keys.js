// Signing keys of this browser. WebCrypto makes them not extractable; IndexedDB keeps
// them; the server never sees a private key. Losing one is normal: make another.
import { sha256Hex } from "./dsse.js";

const DATABASE = "pharmatrace-keys";
const STORE = "keys";
const ALGORITHMS = {
  "ed25519": { make: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  "ecdsa-p256-sha256": {
    make: { name: "ECDSA", namedCurve: "P-256" },
    sign: { name: "ECDSA", hash: "SHA-256" },
  },
};

/** Why this browser cannot keep a key, or "" if it can. */
export function whyNoKeys() {
  if (!globalThis.isSecureContext) return "insecure";
  return globalThis.crypto?.subtle && globalThis.indexedDB ? "" : "unsupported";
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "keyid" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function transact(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

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

/** Keep a key pair for `user`; the record without the private key's bytes, which nobody has. */
export async function keepKey({ alg, privateKey, spki, user, label }) {
  const record = {
    keyid: await sha256Hex(spki), alg, user, label, spki, privateKey,
    createdAt: new Date().toISOString(), isEnrolled: false,
  };
  await transact("readwrite", (store) => store.put(record));
  return record;
}

/** Make a key for `user` (their id on the site) and keep it here. */
export async function makeKey({ user, label }) {
  const { alg, pair } = await generate();
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  navigator.storage?.persist?.(); // asks the browser not to clear it; it may say no
  return keepKey({ alg, privateKey: pair.privateKey, spki, user, label });
}

/** The keys of `user` in this browser, newest first, enrolled ones before others. */
export async function listKeys(user) {
  const all = await transact("readonly", (store) => store.getAll());
  return all
    .filter((key) => key.user === user)
    .sort((a, b) => b.isEnrolled - a.isEnrolled || (a.createdAt < b.createdAt ? 1 : -1));
}

export const findKey = async (user) => (await listKeys(user))[0] ?? null;

export async function markEnrolled(keyid) {
  const record = await transact("readonly", (store) => store.get(keyid));
  if (record && !record.isEnrolled) {
    await transact("readwrite", (store) => store.put({ ...record, isEnrolled: true }));
  }
}

export const forgetKey = (keyid) => transact("readwrite", (store) => store.delete(keyid));

/** Ed25519: 64 bytes; P-256: r and s, 32 bytes each (IEEE P1363). */
export async function signWith(key, bytes) {
  return new Uint8Array(await crypto.subtle.sign(ALGORITHMS[key.alg].sign, key.privateKey, bytes));
}
