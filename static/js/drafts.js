// A draft: the exact bytes somebody is asked to sign, checked before they are shown.
import { Problem, call } from "./api.js";
import { STATEMENT_TYPE, fromBase64, readStatement, sha256Hex, statementId, toBase64 } from "./dsse.js";
import { signatureOf } from "./voices.js";

/** The draft does not hold: its description and its bytes differ. */
export class DraftMismatch extends Error {}

/**
 * Read the server's draft and check, from the bytes alone: the type, the canonical
 * form, the id, that it speaks for the organisation `gln` (if known), and that a file
 * of events beside it is the one that it names.
 */
export async function checkDraft(draft, gln = "") {
  const bytes = fromBase64(draft.payload);
  const statement = readOrRefuse(bytes);
  const id = await statementId(draft.payload_type, bytes);
  if (draft.payload_type !== STATEMENT_TYPE) throw new DraftMismatch("payload_type");
  if (draft.statement_id !== id) throw new DraftMismatch("statement_id");
  if (gln && statement.by !== gln) throw new DraftMismatch("by");
  if (!(await isItsFile(statement, draft.lines ?? null))) throw new DraftMismatch("lines");
  return { bytes, statement, id, payloadType: draft.payload_type, words: draft.words, lines: draft.lines };
}

/** Kind events signs number and digest of its lines; no other kind has any. */
async function isItsFile({ kind, body }, lines) {
  if (kind !== "events" || lines === null) return kind !== "events" && lines === null;
  const count = lines.split("\n").length - 1;
  return body.count === count && body.digest === (await sha256Hex(new TextEncoder().encode(lines)));
}

function readOrRefuse(bytes) {
  try {
    return readStatement(bytes);
  } catch {
    throw new DraftMismatch("payload");
  }
}

export const askDraft = (wish) => call("/api/v1/drafts", { method: "POST", json: wish });
export const fetchDraft = (url) => call(url);

/** The DSSE envelope of a checked draft, signed with `key`. */
export async function signDraft(draft, key) {
  const signature = await signatureOf(key, draft.payloadType, draft.bytes);
  return { payloadType: draft.payloadType, payload: toBase64(draft.bytes), signatures: [signature] };
}

/** Hand several envelopes to the door, in this order: all are accepted, or none. */
export async function sendInOrder(envelopes) {
  const lines = envelopes.map((one) => `${JSON.stringify(one)}\n`).join("");
  const answer = await call("/api/v1/statements:batch", { method: "POST", text: lines, type: "application/x-ndjson" });
  return answer.statements;
}

/** Hand an envelope to the door; `lines` is the NDJSON of a statement of kind events. */
export function sendStatement(envelope, lines) {
  if (lines === undefined || lines === null) {
    return call("/api/v1/statements", { method: "POST", json: envelope });
  }
  const form = new FormData();
  form.append("envelope", new Blob([JSON.stringify(envelope)], { type: "application/json" }), "envelope.json");
  form.append("events", new Blob([lines], { type: "application/x-ndjson" }), "events.ndjson");
  return call("/api/v1/statements", { method: "POST", form });
}

/** Refused because the goods moved since the draft; the refusal may carry a fresh one. */
export const goodsMoved = (error) => error instanceof Problem && error.document.code === "subjects_differ";
