// The parts of a proof code: signatures with their keys, and the packed statement.
// Mirrors core/codeparts.py, reader's half.
import { concat, fromHex, utf8 } from "./bytes.js";
import { LAST_MS } from "./encoding.js";
import { TraceError, pythonText } from "./errors.js";
import { verifySerial as verifySerialText } from "./gs1.js";
import { ECDSA_P256, ED25519, WEBAUTHN_ES256, keyidOf } from "./keys.js";
import { KEY_ID_SIZE } from "./note.js";

export const SIGNATURE_SIZE = 64;
const MAX_DER_BYTES = 128n;
const SPKI_ED25519 = fromHex("302a300506032b6570032100");
const SPKI_P256 = fromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
// Number in the code → algorithm, what stands ahead of the key in its SPKI, key's size.
const ALGORITHMS = {
  1: [ED25519, SPKI_ED25519, 32],
  2: [ECDSA_P256, SPKI_P256, 64],
  3: [WEBAUTHN_ES256, SPKI_P256, 64],
};
// What deflate may refer back to: a commissioning statement without its values.
const DICTIONARY = utf8(
  '{"at":"2026-01-01T00:00:00.000Z","body":{"action":"ADD","bizLocation":{"id":"https://id.gs1.org/414/"},' +
  '"bizStep":"commissioning","disposition":"active","eventTime":"2026-01-01T00:00:00.000Z",' +
  '"eventTimeZoneOffset":"+00:00","ilmd":{"cbvmda:itemExpirationDate":"2028-01-31","cbvmda:lotNumber":""},' +
  '"quantityList":[{"epcClass":"https://id.gs1.org/01/0/10/","quantity":10}],"readPoint":{"id":' +
  '"https://id.gs1.org/414/"},"type":"ObjectEvent"},"by":"","expires":"2026-01-08T00:00:00.000Z","kind":"event",' +
  '"ledger":"/log","meaning":"commissioned by the manufacturer","nonce":"==","parents":[],"signer":"",' +
  '"subjects":[{"n":,"serials":{"base":0,"expiry":"20","gtin":"0","lot":"","root":"","size":},"set":"","tag":""}],"v":1}',
);

/** A witness's Ed25519 line: key id, POSIX seconds, 64 bytes. */
export function readCosignature(octets, field) {
  return {
    keyId: octets.take(KEY_ID_SIZE, field),
    timeSeconds: octets.number(8, field, { most: BigInt(Math.floor(LAST_MS / 1000)) }),
    signature: octets.take(SIGNATURE_SIZE, field),
  };
}

/** A statement's signature, and the key that it verifies under: `{alg, spki, signature}`. */
export function readSignature(octets, field) {
  const [alg, ahead, size] = ALGORITHMS[octets.number(1, field, { least: 1n, most: 3n })];
  const spki = concat(ahead, octets.take(size, field));
  let [sig, webauthn] = [null, null];
  if (alg === WEBAUTHN_ES256) {
    sig = octets.sized(1, field, { most: MAX_DER_BYTES });
    webauthn = { authenticatorData: octets.sized(2, field), clientDataJson: octets.sized(2, field) };
  } else {
    sig = octets.take(SIGNATURE_SIZE, field);
  }
  return { alg, spki, signature: { keyid: keyidOf(spki), sig, webauthn, delegation: null } };
}

/** The statement's bytes, unpacked; never other than so many as are said to be. */
export async function readPayload(octets) {
  const size = Number(octets.number(2, "payload_size", { least: 1n }));
  const packed = octets.sized(2, "packed_payload");
  const wanted = `${size} bytes`;
  let payload;
  try {
    payload = await inflate(packed, size);
  } catch {
    throw octets.refuse("packed_payload", { got: "what does not unpack", wanted: "raw deflate" });
  }
  if (payload.length === size) return payload;
  throw octets.refuse("packed_payload", { got: `${payload.length} bytes`, wanted });
}

/** At most one byte more than `size`; browsers know no dictionary, so it goes ahead, stored. */
async function inflate(packed, size) {
  const length = DICTIONARY.length;
  const stored = Uint8Array.of(0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255);
  const stream = new Blob([stored, DICTIONARY, packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const parts = [];
  let left = length + size + 1;
  for (const reader = stream.getReader(); left > 0;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value.subarray(0, left));
    left -= parts.at(-1).length;
  }
  return concat(...parts).subarray(length);
}

/** A serial number of GS1. */
export function readSerial(octets) {
  const serial = String.fromCharCode(...octets.sized(1, "serial", { most: 20n }));
  try {
    verifySerialText(serial);
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    throw octets.refuse("serial", { got: error.got, wanted: "GS1 set 82" });
  }
  return serial;
}

/** Refuse ids that do not ascend: where order has no meaning, there is one. */
export function verifyOrder(octets, ids, field) {
  if (ids.every((id, at) => at === 0 || ids[at - 1] < id)) return;
  throw octets.refuse(field, { got: pythonText(ids), wanted: "ascending, each once" });
}
