// The signed answer: what the site said about a scanned code, to whom, and when. Mirrors
// core/answer.py, verifier half.
import { toHex } from "./bytes.js";
import { parseCanonical } from "./canonical.js";
import { formatTimeMs } from "./encoding.js";
import { ANSWER_TYPE } from "./envelope.js";
import { MalformedInput, ProofError, atStep } from "./errors.js";
import { Fields } from "./fields.js";
import { verifySignature } from "./signing.js";
import { LEDGER_PATTERN } from "./statement.js";
import { finding } from "./steps.js";

const VERDICTS = new Set(["dispense", "hold", "ask"]);
const MAX_RECALLS = 1000;
const MAX_BYTES = 1 << 20;
const CODE = /^[a-z_]{1,40}$/;
const GTIN = /^(?:[0-9]{14})?$/;
const TEXT = /^[!-~]{0,20}$/;
const DATE = /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?$/;

/** What was answered; the signature is not checked here. */
export function parseAnswer({ payloadType, payload }) {
  if (payloadType !== ANSWER_TYPE) {
    throw new MalformedInput("wrong_payload_type", { field: "payloadType", got: payloadType, wanted: ANSWER_TYPE });
  }
  const where = "answer";
  const fields = new Fields(parseCanonical(payload, { maxBytes: MAX_BYTES, field: where }), { where });
  const answer = {
    ledger: fields.matching("ledger", LEDGER_PATTERN, "the log's origin"),
    askedBy: fields.gln("asked_by"),
    atMs: fields.timeMs("at"),
    scanned: fields.hexed("scanned"),
    verdict: fields.word("verdict", VERDICTS),
    code: fields.matching("code", CODE, "a reason code"),
    gtin: fields.matching("gtin", GTIN, "14 digits, or nothing"),
    lot: fields.matching("lot", TEXT, "at most 20 characters"),
    expiry: fields.matching("expiry", DATE, "a date, or nothing"),
    serial: fields.matching("serial", TEXT, "at most 20 characters"),
    recalls: fields.each("recalls", (inner, name) => toHex(inner.hexed(name)), { most: MAX_RECALLS }),
  };
  fields.close();
  return answer;
}

/** Step 15: a receipt key of genesis signed what the site answered. */
export function verifyAnswer({ answer: envelope, ring }) {
  return atStep(15, async () => {
    const answer = parseAnswer(envelope);
    if (envelope.signatures.length !== 1) {
      throw new MalformedInput("bad_length", { field: "signatures", wanted: "the receipt key's signature" });
    }
    if (!ring.genesis) return finding(15, "answer_unshown", spoken(answer), { isShown: false });
    const [signature] = envelope.signatures;
    const key = ring.genesis.receiptKeys.find((each) => each.keyid === signature.keyid);
    if (!key) throw new ProofError("unknown_key", { field: signature.keyid, wanted: "a receipt key" });
    await verifySignature({ key, pae: envelope.pae, signature });
    const { origin } = ring.genesis;
    if (answer.ledger !== origin) throw new ProofError("other_ledger", { got: answer.ledger, wanted: origin });
    return finding(15, "answer", spoken(answer));
  });
}

function spoken({ ledger, askedBy, atMs, verdict, code, gtin, lot, serial }) {
  const [time, pack] = [formatTimeMs(atMs), { gtin: gtin || "?", lot: lot || "?", serial: serial || "?" }];
  return { time, asker: askedBy, verdict, code, ...pack, ledger };
}
