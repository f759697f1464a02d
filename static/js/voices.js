// With which key of this browser something is signed, and the signature it makes.
import { pae, toBase64 } from "./dsse.js";
import { listKeys, listShiftKeys, signWith } from "./keys.js";

const GOODS = ["event", "events"];

/** The shift that the page says runs, with its key; null without one. */
export async function findShiftKey(user = document.body.dataset.user) {
  const { shift } = document.body.dataset;
  if (!shift) return null;
  const keys = await listShiftKeys();
  return keys.find((key) => key.keyid === shift && key.user === user && Date.parse(key.until) > Date.now()) ?? null;
}

/** The places at which a statement's events happen, read from what is signed. */
function sitesOf({ statement, lines }) {
  const events = lines ? lines.trim().split("\n").map((line) => JSON.parse(line).event) : [statement.body];
  return events.map((event) => event.readPoint?.id?.match(/\/414\/(\d{13})/)?.[1] ?? "");
}

/**
 * The key for a checked draft: a shift's key where its voice reaches (goods, at its one
 * site), else a key of the person's own. Null if this browser has none.
 */
export async function keyFor(draft, user = document.body.dataset.user) {
  const shift = GOODS.includes(draft.statement.kind) ? await findShiftKey(user) : null;
  if (shift && sitesOf(draft).every((site) => site === shift.site)) return shift;
  return (await listKeys(user))[0] ?? null;
}

/** The signature of `key` over `bytes`, as it stands in an envelope of `payloadType`. */
export async function signatureOf(key, payloadType, bytes) {
  const covered = pae(payloadType, bytes);
  if (key.credentialId) {
    const { signWithPasskey } = await import("./passkeys.js"); // most browsers hold none
    return { keyid: key.keyid, ...(await signWithPasskey(key, covered)) };
  }
  const own = { keyid: key.keyid, sig: toBase64(await signWith(key, covered)) };
  return key.delegation ? { ...own, delegation: key.delegation } : own;
}
