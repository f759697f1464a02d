// C2SP signed notes: text with signature lines below it. Mirrors core/note.py.
import { concat, toHex, utf8 } from "./bytes.js";
import { MalformedInput, UntrustedSignature } from "./errors.js";
import { parseBase64, parseUtf8 } from "./strict.js";

export const MAX_NOTE_BYTES = 1_000_000;
export const KEY_ID_SIZE = 4;
const MAX_SIGNATURES = 100;
const LINE_START = "— ";
// What Python calls white space, plus signs, and the controls below the blank.
const NO_NAME = /[\0-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/;

/** Check that a key name is not empty and has no space, plus or control in it. */
export function requireKeyName(name, { field }) {
  if (!name || NO_NAME.test(name)) {
    throw new MalformedInput("bad_key_name", { field, got: name, wanted: "no spaces, no plus" });
  }
}

/** One signature line: who signed, and the bytes after the 4-byte key id. */
function parseSignature(line) {
  const rest = line.startsWith(LINE_START) ? line.slice(LINE_START.length) : line;
  const space = rest.indexOf(" ");
  if (rest === line || space < 0) {
    const wanted = "em dash, key name, base64";
    throw new MalformedInput("bad_signature_line", { field: "note", got: line, wanted });
  }
  const name = rest.slice(0, space);
  requireKeyName(name, { field: "note.name" });
  const blob = parseBase64(rest.slice(space + 1), { field: "note.signature" });
  if (blob.length <= KEY_ID_SIZE) {
    throw new MalformedInput("bad_signature_line", { field: "note.signature", got: `${blob.length} bytes` });
  }
  return { name, keyId: blob.subarray(0, KEY_ID_SIZE), signature: blob.subarray(KEY_ID_SIZE) };
}

/** A note from its bytes: `text`, which ends in a newline, and its `signatures`. */
export function parseNote(data) {
  if (data.length > MAX_NOTE_BYTES) {
    throw new MalformedInput("note_too_large", { field: "note", got: data.length, wanted: "at most 1 MB" });
  }
  const source = parseUtf8(data, { field: "note" });
  if (/[\0-\x09\x0b-\x1f]/.test(source)) throw new MalformedInput("control_character", { field: "note" });
  // The text may hold empty lines itself: the last one divides.
  const end = source.lastIndexOf("\n\n");
  const lines = source.slice(end + 2);
  if (end < 0 || !lines.endsWith("\n")) {
    const wanted = "text, an empty line, signature lines, each ending in newline";
    throw new MalformedInput("bad_note", { field: "note", wanted });
  }
  const signatures = lines.slice(0, -1).split("\n");
  if (signatures.length > MAX_SIGNATURES) {
    throw new MalformedInput("too_many_signatures", { field: "note", got: signatures.length });
  }
  return { text: `${source.slice(0, end)}\n`, signatures: signatures.map(parseSignature) };
}

const idOf = (name, keyId) => `${name}\n${toHex(keyId)}`;

/** The lines of `note` that verify under `keys`; lines of others are ignored. */
export async function getTrustedSignatures(note, keys) {
  const known = new Map();
  for (const key of keys) {
    const id = idOf(key.name, key.keyId);
    if ((known.get(id) ?? key).text !== key.text) {
      throw new MalformedInput("ambiguous_key", { field: "keys", got: key.name });
    }
    if (!known.has(id)) known.set(id, key);
  }
  const trusted = [];
  for (const one of note.signatures) {
    const key = known.get(idOf(one.name, one.keyId));
    if (!key) continue;
    await key.verify(note.text, one.signature);
    trusted.push({ ...one, key });
  }
  if (trusted.length) return trusted;
  throw new UntrustedSignature("no_known_signature", {
    field: "note",
    got: note.signatures.map((one) => one.name).join(", "),
    wanted: [...known.values()].map((key) => key.name).join(", "),
  });
}

/** The bytes that a key id is the beginning of the hash of. */
export const identified = (name, kind, publicKey) => concat(utf8(`${name}\n`), Uint8Array.of(kind), publicKey);
