// The receipt: a promise, signed at the door, that a statement will be in the log.
// Mirrors core/receipt.py, verifier half.
import { toHex } from "./bytes.js";
import { parseCanonical } from "./canonical.js";
import { LAST_MS } from "./encoding.js";
import { RECEIPT_TYPE } from "./envelope.js";
import { MalformedInput } from "./errors.js";
import { Fields } from "./fields.js";
import { verifySignature } from "./signing.js";
import { LEDGER_PATTERN } from "./statement.js";
import { MAX_SUBJECTS } from "./subjects.js";

export const MAX_DELAY_SECONDS = 60;
const MAX_RECEIPT_BYTES = 6 << 20;

/** What the door promised; the signature is not checked here. */
export function parseReceipt({ payloadType, payload }) {
  if (payloadType !== RECEIPT_TYPE) {
    throw new MalformedInput("wrong_payload_type", { field: "payloadType", got: payloadType, wanted: RECEIPT_TYPE });
  }
  const where = "receipt";
  const fields = new Fields(parseCanonical(payload, { maxBytes: MAX_RECEIPT_BYTES, field: where }), { where });
  const receipt = {
    ledger: fields.matching("ledger", LEDGER_PATTERN, "the log's origin"),
    statementId: toHex(fields.hexed("statement_id")),
    acceptedMs: fields.integer("accepted_ms", { most: LAST_MS }),
    commitments: fields.each("commitments", (inner, name) => toHex(inner.hexed(name)), { least: 1, most: MAX_SUBJECTS }),
  };
  fields.integer("max_delay_s", { least: MAX_DELAY_SECONDS, most: MAX_DELAY_SECONDS });
  fields.close();
  return receipt;
}

/** Check that `key`, a receipt key of genesis, signed the receipt alone. */
export async function verifyReceipt({ envelope, key }) {
  parseReceipt(envelope);
  if (envelope.signatures.length !== 1) {
    throw new MalformedInput("bad_length", { field: "signatures", wanted: "the receipt key's signature" });
  }
  await verifySignature({ key, pae: envelope.pae, signature: envelope.signatures[0] });
}
