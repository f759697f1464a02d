// DSSE v1 envelopes: the bytes that were said, and who signed them. Mirrors
// core/envelope.py.
import { concat, toBase64, toHex, utf8 } from "./bytes.js";
import { canonicalBytes } from "./canonical.js";
import { MalformedInput } from "./errors.js";
import { sha256 } from "./sha256.js";

export const STATEMENT_TYPE = "application/vnd.pharmatrace.statement.v1+json";
export const DELEGATION_TYPE = "application/vnd.pharmatrace.delegation.v1+json";
export const RECEIPT_TYPE = "application/vnd.pharmatrace.receipt.v1+json";
export const ANSWER_TYPE = "application/vnd.pharmatrace.answer.v1+json";

const MAX_SIGNATURES = 16;
const MAX_PAYLOAD_BYTES = 4 << 20;
const MAX_SIGNATURE_BYTES = 128;
const MAX_WEBAUTHN_BYTES = 4096;

/** DSSE's pre-authentication encoding: the bytes that every signature covers. */
export function pae(payloadType, payload) {
  const kind = utf8(payloadType);
  return concat(utf8(`DSSEv1 ${kind.length} `), kind, utf8(` ${payload.length} `), payload);
}

/** A DSSE envelope inside other JSON: exactly payloadType, payload and signatures. */
export const readEnvelope = (fields) => read(fields, readSignature);

/** SHA-256 of the RFC 8785 bytes of `envelope`, the form that leaves commit to. */
export const envelopeDigest = (envelope) => sha256(canonicalBytes(envelopeJson(envelope)));

/** SHA-256 of the PAE, 64 hex digits: the name of what was said. */
export const statementId = (envelope) => toHex(sha256(envelope.pae));

function read(fields, readOne) {
  const payloadType = fields.text("payloadType", { longest: 100 });
  const payload = fields.based("payload", { mostBytes: MAX_PAYLOAD_BYTES });
  const signatures = fields.each("signatures", readOne, { least: 1, most: MAX_SIGNATURES });
  fields.close();
  signatures.slice(1).forEach((second, at) => {
    if (signatures[at].keyid < second.keyid) return;
    const got = `${second.keyid} after ${signatures[at].keyid}`;
    const wanted = "ascending keyids, each once";
    throw new MalformedInput("not_sorted", { field: fields.path("signatures"), got, wanted });
  });
  return { payloadType, payload, signatures, pae: pae(payloadType, payload) };
}

function readSignature(fields, name) {
  const inner = fields.object(name);
  let delegation = null;
  if (inner.has("delegation")) {
    // A lent voice cannot be lent on: the inner envelope knows no delegation.
    delegation = read(inner.object("delegation"), (within, at) => finish(within.object(at), null));
    if (delegation.payloadType !== DELEGATION_TYPE) {
      const field = inner.path("delegation.payloadType");
      throw new MalformedInput("wrong_payload_type", { field, got: delegation.payloadType, wanted: DELEGATION_TYPE });
    }
  }
  return finish(inner, delegation);
}

function finish(fields, delegation) {
  const keyid = toHex(fields.hexed("keyid"));
  const sig = fields.based("sig", { mostBytes: MAX_SIGNATURE_BYTES });
  const webauthn = fields.has("webauthn") ? readWebauthn(fields) : null;
  fields.close();
  return { keyid, sig, webauthn, delegation };
}

function readWebauthn(fields) {
  const inner = fields.object("webauthn");
  const authenticatorData = inner.based("authenticatorData", { mostBytes: MAX_WEBAUTHN_BYTES });
  const clientDataJson = inner.based("clientDataJSON", { mostBytes: MAX_WEBAUTHN_BYTES });
  inner.close();
  return { authenticatorData, clientDataJson };
}

function envelopeJson({ payloadType, payload, signatures }) {
  return new Map([
    ["payloadType", payloadType],
    ["payload", toBase64(payload)],
    ["signatures", signatures.map(signatureJson)],
  ]);
}

function signatureJson({ keyid, sig, webauthn, delegation }) {
  const made = new Map([["keyid", keyid], ["sig", toBase64(sig)]]);
  if (webauthn) {
    const parts = [
      ["authenticatorData", toBase64(webauthn.authenticatorData)],
      ["clientDataJSON", toBase64(webauthn.clientDataJson)],
    ];
    made.set("webauthn", new Map(parts));
  }
  if (delegation) made.set("delegation", envelopeJson(delegation));
  return made;
}
