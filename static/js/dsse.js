// The bytes of a signature: DSSE pre-authentication encoding, ids and base64.

export const STATEMENT_TYPE = "application/vnd.pharmatrace.statement.v1+json";

export const toBase64 = (bytes) => {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text);
};

export const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

export const toHex = (bytes) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const sha256Hex = async (bytes) => toHex(await crypto.subtle.digest("SHA-256", bytes));

/** DSSE v1: "DSSEv1" SP length SP type SP length SP body, lengths in bytes. */
export function pae(payloadType, payload) {
  const encoder = new TextEncoder();
  const type = encoder.encode(payloadType);
  const head = encoder.encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const all = new Uint8Array(head.length + payload.length);
  all.set(head);
  all.set(payload, head.length);
  return all;
}

/** The statement's id: SHA-256 over the very bytes that are signed. */
export const statementId = (payloadType, payload) => sha256Hex(pae(payloadType, payload));

/** RFC 8785 text of a parsed JSON value. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

/**
 * The statement that `bytes` are. Throws if they are not the one canonical form of it:
 * then a second reader might read something else (a name given twice, for one).
 */
export function readStatement(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const statement = JSON.parse(text);
  if (canonical(statement) !== text) throw new Error("not canonical");
  return statement;
}

/** One more signature in the envelope's order: by keyid, each once. */
export function addSignature(envelope, signature) {
  const others = envelope.signatures.filter((one) => one.keyid !== signature.keyid);
  const signatures = [...others, signature].sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
  return { payloadType: envelope.payloadType, payload: envelope.payload, signatures };
}
