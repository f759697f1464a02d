// A voice lent for a shift: an enrolled key names a device key for up to 12 hours.
// Mirrors core/delegation.py, verifier half.
import { parseCanonical } from "./canonical.js";
import { formatTimeMs } from "./encoding.js";
import { DELEGATION_TYPE } from "./envelope.js";
import { MalformedInput, UntrustedSignature } from "./errors.js";
import { Fields } from "./fields.js";
import { readKey } from "./party_bodies.js";
import { verifySignature } from "./signing.js";
import { LEDGER_PATTERN, SIGNER_PATTERN } from "./statement.js";

const LONGEST_MS = 12 * 60 * 60 * 1000;
const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;
const MAX_DELEGATION_BYTES = 4096;
// A lent voice never administers keys.
const ROLES = new Set(["member", "signer"]);

function parseDelegation(payload) {
  const where = "delegation";
  const fields = new Fields(parseCanonical(payload, { maxBytes: MAX_DELEGATION_BYTES, field: where }), { where });
  fields.integer("v", { least: 1, most: 1 });
  const inner = fields.object("delegate");
  const key = readKey(inner);
  inner.close();
  const delegation = {
    key,
    ledger: fields.matching("ledger", LEDGER_PATTERN, "the log's origin"),
    by: fields.gln("by"),
    signer: fields.matching("signer", SIGNER_PATTERN, "a random id"),
    role: fields.word("role", ROLES),
    site: fields.gln("site"),
    fromMs: fields.timeMs("from"),
    toMs: fields.timeMs("to"),
  };
  fields.close();
  const { fromMs, toMs } = delegation;
  if (fromMs < toMs && toMs <= fromMs + LONGEST_MS) return delegation;
  throw new MalformedInput("bad_expiry", { field: "delegation.to", wanted: "12 hours" });
}

/** The delegation inside `signature`, and the keyid of who must have signed it. */
export function readDelegation({ delegation: envelope }) {
  if (!envelope || envelope.payloadType !== DELEGATION_TYPE) {
    throw new MalformedInput("missing_field", { field: "delegation" });
  }
  if (envelope.signatures.length !== 1) {
    throw new MalformedInput("bad_length", { field: "delegation", wanted: "one signature" });
  }
  return [parseDelegation(envelope.payload), envelope.signatures[0].keyid];
}

/** Check that `delegator` lent its voice at the law's moment. */
export async function verifyDelegation({ envelope, delegator, webauthn, delegation, acceptedMs }) {
  if (acceptedMs < delegation.fromMs - CLOCK_TOLERANCE_MS || acceptedMs > delegation.toMs) {
    const wanted = `until ${formatTimeMs(delegation.toMs)}`;
    throw new UntrustedSignature("delegation_out_of_time", { got: formatTimeMs(acceptedMs), wanted });
  }
  await verifySignature({ key: delegator, pae: envelope.pae, signature: envelope.signatures[0], webauthn });
}
