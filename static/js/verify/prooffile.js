// The proof file of one statement: all that an outsider needs to check it offline.
// Mirrors core/prooffile.py.
import { utf8 } from "./bytes.js";
import { readEnvelope } from "./envelope.js";
import { MalformedInput, located } from "./errors.js";
import { Fields } from "./fields.js";
import { LEAF_SIZE, decodeLeaf } from "./leaf.js";
import { parseTlogProof } from "./proof.js";
import { MAX_SUBJECTS } from "./subjects.js";

export const PROOF_FORMAT = "pharmatrace-proof/v1";
export const MAX_PROOF_BYTES = 64 << 20;
const SALT_BYTES = 32;

/** A proof file from its JSON; nothing is verified here. A place is `{leaf, proof}`. */
export const readProofFile = (value) => readProof(located("proof", () => new Fields(value, { where: "" })));

/** As `readProofFile`, of a proof inside other JSON. */
export function readProof(fields) {
  fields.word("format", new Set([PROOF_FORMAT]));
  const hasKeys = fields.has("keys");
  const after = readOptional(fields, "after");
  const envelope = readEnvelope(fields.object("envelope"));
  const acceptedMs = fields.integer("accepted_ms");
  const leaves = fields.each("leaves", readLeaf, { least: 1, most: MAX_SUBJECTS });
  const mapRoot = readPlaced(fields.object("map_root"));
  // Without the run's own map root the one before it says nothing.
  const before = after && readOptional(fields, "before");
  const keys = hasKeys ? fields.each("keys", (inner, name) => readEnvelope(inner.object(name)), { most: 1000 }) : [];
  fields.close();
  return { envelope, acceptedMs, leaves, mapRoot, before, after, keys };
}

function readLeaf(fields, name) {
  const inner = fields.object(name);
  // The position says nothing that the order does not say; it must agree.
  inner.integer("position", { least: Number(name), most: Number(name) });
  const salt = inner.based("salt", { mostBytes: SALT_BYTES });
  if (salt.length !== SALT_BYTES) throw new MalformedInput("bad_length", { field: inner.path("salt"), wanted: "32 bytes" });
  return { salt, ...readPlaced(inner) };
}

const readOptional = (fields, name) => (fields.has(name) ? readPlaced(fields.object(name)) : null);

function readPlaced(fields) {
  const leaf = decodeLeaf(fields.hexed("leaf", { sizeBytes: LEAF_SIZE }));
  const proof = parseTlogProof(utf8(fields.string("proof")));
  fields.close();
  return { leaf, proof };
}
