// Signing keys of this browser. WebCrypto makes them not extractable; IndexedDB keeps
// them; the server never sees a private key. Losing one is normal: make another.
//
// Three kinds of records: a key of this browser (privateKey), a passkey, which an
// authenticator holds (credentialId), and a shift's key, which speaks with a voice that
// one of the others lent it (privateKey, delegation, site, until).
import { sha256Hex } from "./dsse.js";

const DATABASE = "pharmatrace-keys";
const STORE = "keys";
export const ALGORITHMS = {
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

/** Keep a key for `user`; the record without the private key's bytes, which nobody has. */
export async function keepKey({ spki, ...more }) {
  const record = {
    keyid: await sha256Hex(spki), spki, createdAt: new Date().toISOString(), isEnrolled: false, ...more,
  };
  await transact("readwrite", (store) => store.put(record));
  return record;
}

const all = () => transact("readonly", (store) => store.getAll());

// Enrolled before others; of those a key of this browser, which asks nobody, before a
// passkey; of those the newest.
const byUse = (a, b) =>
  b.isEnrolled - a.isEnrolled ||
  Boolean(a.credentialId) - Boolean(b.credentialId) ||
  (a.createdAt < b.createdAt ? 1 : -1);

/** The keys of `user` that this browser can sign with, a shift's key left out. */
export const listKeys = async (user) =>
  (await all()).filter((key) => key.user === user && !key.delegation).sort(byUse);

/** The keys that speak with a lent voice, whoever's; strangers' browsers keep no store. */
export async function listShiftKeys() {
  const stores = await indexedDB.databases?.();
  if (stores && !stores.some((store) => store.name === DATABASE)) return [];
  return (await all()).filter((key) => key.delegation);
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
