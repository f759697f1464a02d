// The keys that sign notes: vkey strings, and what each type signs. Mirrors
// core/notekey.py, verifier half.
import { concat, fromHex, sameBytes, toBase64, toHex, toNumber, u64, utf8 } from "./bytes.js";
import { parseCheckpoint } from "./checkpoint.js";
import { MalformedInput, TraceError, UntrustedSignature } from "./errors.js";
import { isMldsa44Signature } from "./mldsa.js";
import { KEY_ID_SIZE, identified, requireKeyName } from "./note.js";
import { sha256 } from "./sha256.js";
import { MAX_INT64, parseBase64 } from "./strict.js";
import { isEd25519Signature } from "./webcrypto.js";

/** Signature types of signed-note that we know. */
export const NOTE_ED25519 = 1;
export const COSIGNATURE_ED25519 = 4;
export const COSIGNATURE_MLDSA44 = 6;

const PUBLIC_SIZES = { [NOTE_ED25519]: 32, [COSIGNATURE_ED25519]: 32, [COSIGNATURE_MLDSA44]: 1312 };
const NAMES = { [NOTE_ED25519]: "ED25519", [COSIGNATURE_ED25519]: "COSIGNATURE_ED25519", [COSIGNATURE_MLDSA44]: "COSIGNATURE_MLDSA44" };
const TIME_SIZE = 8;

/** A type of key as the Python verifier names it. */
export const kindName = (kind) => `<SignatureType.${NAMES[kind]}: ${kind}>`;

/** The POSIX time in seconds, a BigInt, at the start of a time-stamped signature. */
export function cosignatureTime(signature) {
  const time = toNumber(signature.subarray(0, TIME_SIZE));
  if (signature.length > TIME_SIZE && time <= MAX_INT64) return time;
  throw new MalformedInput("bad_cosignature", { field: "note.signature" });
}

/** A TLS presentation language `opaque<1..2^8-1>` of the text's UTF-8. */
function opaque(text, field) {
  const data = utf8(text);
  if (data.length < 1 || data.length > 255) throw new MalformedInput("bad_length", { field, got: data.length });
  return concat(Uint8Array.of(data.length), data);
}

/** The bytes that a key of this type and name signs for the note text. */
export function signedMessage(kind, { name, text, timeSeconds }) {
  if (kind === NOTE_ED25519) return utf8(text);
  if (kind === COSIGNATURE_ED25519) return utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);
  const head = parseCheckpoint(text);
  return concat(
    utf8("subtree/v1\n\0"),
    opaque(name, "key.name"),
    u64(timeSeconds),
    opaque(head.origin, "checkpoint.origin"),
    new Uint8Array(8), // start: a checkpoint is the subtree from leaf 0
    u64(head.treeSize),
    head.rootHash,
  );
}

/** A named public key of one signature type. */
export class VerifierKey {
  constructor(name, kind, publicKey) {
    requireKeyName(name, { field: "key.name" });
    const wanted = PUBLIC_SIZES[kind];
    if (publicKey.length !== wanted) {
      throw new MalformedInput("bad_length", { field: "key", got: publicKey.length, wanted: String(wanted) });
    }
    const keyId = sha256(identified(name, kind, publicKey)).subarray(0, KEY_ID_SIZE);
    Object.assign(this, { name, kind, publicKey, keyId, id: `${name}+${toHex(keyId)}` });
    this.text = `${this.id}+${toBase64(concat(Uint8Array.of(kind), publicKey))}`;
  }

  /** The key that a vkey string spells; `bad_key`, `bad_key_id`. */
  static parse(text) {
    const [name, keyId, kind, publicKey] = parseParts(text);
    const key = new VerifierKey(name, kind, publicKey);
    if (!sameBytes(key.keyId, keyId)) {
      throw new MalformedInput("bad_key_id", { field: "vkey", got: toHex(keyId), wanted: toHex(key.keyId) });
    }
    return key;
  }

  /** Check this key's signature (without key id) over the note text; `bad_note_signature`. */
  async verify(text, signature) {
    if (!(await this.isSignature(text, signature))) {
      throw new UntrustedSignature("bad_note_signature", { field: "note", got: this.name });
    }
  }

  async isSignature(text, signature) {
    const isTimed = this.kind !== NOTE_ED25519;
    let message;
    try {
      const timeSeconds = isTimed ? cosignatureTime(signature) : 0n;
      message = signedMessage(this.kind, { name: this.name, text, timeSeconds });
    } catch (error) {
      if (error instanceof TraceError) return false;
      throw error;
    }
    const bare = isTimed ? signature.subarray(TIME_SIZE) : signature;
    const check = this.kind === COSIGNATURE_MLDSA44 ? isMldsa44Signature : isEd25519Signature;
    return check(this.publicKey, bare, message);
  }
}

function parseParts(text) {
  const [name, keyIdHex, ...rest] = text.split("+");
  if (!rest.length) throw new MalformedInput("bad_key", { field: "vkey", wanted: "name+key id+key" });
  requireKeyName(name, { field: "vkey.name" });
  const material = parseBase64(rest.join("+"), { field: "vkey" });
  const kind = material[0];
  const bare = keyIdHex.replace(/[ \t\n\v\f\r]/g, "");
  if (!(kind in PUBLIC_SIZES) || !/^(?:[0-9A-Fa-f]{2})*$/.test(bare)) {
    throw new MalformedInput("bad_key", { field: "vkey", wanted: "hex key id, type 0x01, 0x04 or 0x06" });
  }
  if (bare.toLowerCase() !== keyIdHex) throw new MalformedInput("bad_key", { field: "vkey", wanted: "lowercase hex key id" });
  return [name, fromHex(bare), kind, material.subarray(1)];
}
