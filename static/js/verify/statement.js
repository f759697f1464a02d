// The statement: what a partner says and signs, version 1. Mirrors core/statement.py.
import { formatTimeMs } from "./encoding.js";
import { MalformedInput, located } from "./errors.js";
import { Fields } from "./fields.js";
import { parseCanonical, verifyIntegersOnly } from "./canonical.js";
import { readParents, readSubjects } from "./subjects.js";

const MAX_STATEMENT_BYTES = 4 << 20;
const LONGEST_VALIDITY_MS = 7 * 24 * 60 * 60 * 1000;

export const GOODS_KINDS = new Set(["event", "events"]);
export const PARTY_KINDS = new Set([
  "party.admit",
  "party.licence",
  "key.enrol",
  "key.revoke",
  "key.reattest",
  "product.register",
]);
const RECALL_KINDS = ["recall.open", "recall.amend", "recall.close", "recall.answer"];
const KINDS = new Set([...GOODS_KINDS, ...PARTY_KINDS, ...RECALL_KINDS, "erasure", "genesis"]);

// The origin is a C2SP key name: printable, without blank and plus.
export const LEDGER_PATTERN = /^[!-*,-~]{1,255}$/;
export const SIGNER_PATTERN = /^[0-9A-Za-z_-]{8,64}$/;

/** Read the exact bytes that were signed; `body` is still JSON. */
export function parseStatement(payload) {
  const fields = located("payload", () => {
    const value = parseCanonical(payload, { maxBytes: MAX_STATEMENT_BYTES, doubles: true });
    return new Fields(value, { where: "" });
  });
  const version = fields.integer("v");
  if (version !== 1) throw new MalformedInput("unknown_version", { field: "v", got: version, wanted: "1" });
  const kind = fields.word("kind", KINDS);
  const statement = {
    kind,
    ledger: fields.matching("ledger", LEDGER_PATTERN, "the log's origin"),
    by: fields.gln("by"),
    signer: fields.matching("signer", SIGNER_PATTERN, "a random id"),
    meaning: fields.text("meaning"),
    atMs: fields.timeMs("at"),
    expiresMs: fields.timeMs("expires"),
    nonce: readNonce(fields),
    subjects: readSubjects(fields, kind),
    parents: readParents(fields),
    body: readBodyMembers(fields, kind),
  };
  fields.close();
  verifyValidity(statement);
  verifyParents(statement);
  return statement;
}

function readNonce(fields) {
  const nonce = fields.based("nonce", { mostBytes: 16 });
  if (nonce.length === 16) return nonce;
  throw new MalformedInput("bad_length", { field: "nonce", got: `${nonce.length} bytes`, wanted: "16 bytes" });
}

function readBodyMembers(fields, kind) {
  const body = fields.members("body");
  for (const [name, value] of body) {
    // Only what a sensor measured may be a fraction.
    if (kind !== "event" || name !== "sensorElementList") verifyIntegersOnly(value, { field: `body.${name}` });
  }
  return body;
}

function verifyValidity({ atMs, expiresMs }) {
  if (atMs <= expiresMs && expiresMs <= atMs + LONGEST_VALIDITY_MS) return;
  const got = formatTimeMs(expiresMs);
  throw new MalformedInput("bad_expiry", { field: "expires", got, wanted: "at to at + 7 days" });
}

function verifyParents({ kind, parents }) {
  const bare = parents.find((each) => !each.statementId);
  if (bare) {
    const wanted = "#k only inside a file of events";
    throw new MalformedInput("bad_reference", { field: "parents", got: bare.text, wanted });
  }
  if ((kind === "events" || kind === "genesis") && parents.length) {
    const got = `${parents.length} parents`;
    throw new MalformedInput("bad_reference", { field: "parents", got, wanted: "no parents" });
  }
}
