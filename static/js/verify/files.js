// Files of evidence in any order, and all that they show together. Mirrors
// core/outside/verify.py, the command `pharmatrace-verify`.
import { startsWith, stripped, toHex } from "./bytes.js";
import { verifyAnswer } from "./answer.js";
import { decodeHex } from "./encoding.js";
import { ANSWER_TYPE, RECEIPT_TYPE, readEnvelope } from "./envelope.js";
import { MalformedInput, ProofError, TraceError, refusedAt } from "./errors.js";
import { Fields } from "./fields.js";
import { buildKeyring } from "./keyring.js";
import { LEAF_SIZE, decodeLeaf } from "./leaf.js";
import { PACK_FORMAT, readPackProof } from "./packproof.js";
import { judgePack } from "./packs.js";
import { verifyPlace } from "./places.js";
import { parsePolicy } from "./policy.js";
import { verifyPromise, verifyStretch } from "./promise.js";
import { HEADER, parseTlogProof } from "./proof.js";
import { isCode, readCodeFile } from "./proofcode.js";
import { MAX_PROOF_BYTES, readProofFile } from "./prooffile.js";
import { sha256 } from "./sha256.js";
import { parseStatement } from "./statement.js";
import { finding } from "./steps.js";
import { parseJson } from "./strict_json.js";
import { verifyStatement } from "./verify.js";
import { WINDOW_FORMAT, readWindow } from "./window.js";

// How NDJSON of events begins, and nothing else that is read here.
const EVENTS = '{"event":';
const OPENING = 0x7b;
const isBlank = (byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** What was read, by what it is. */
class Files {
  proofs = [];
  packs = [];
  receipts = [];
  answers = [];
  statements = [];
  places = [];
  windows = [];
  leaves = [];
  events = new Map(); // by SHA-256, hex

  /** Take one more file; MalformedInput if it is none of the forms that are known. */
  async read(data) {
    if (isCode(data)) this.packs.push(await readCodeFile(data));
    else if (startsWith(data, HEADER)) this.places.push(parseTlogProof(data));
    else if (startsWith(data, EVENTS)) this.events.set(toHex(sha256(data)), data);
    else if (data[data.findIndex((byte) => !isBlank(byte))] === OPENING) this.readJson(data);
    else if (data.length === LEAF_SIZE) this.leaves.push(decodeLeaf(data));
    else this.leaves.push(decodeLeaf(decodeHex(asciiOf(data), { sizeBytes: LEAF_SIZE, field: "leaf" })));
  }

  /** Refuse what proves nothing: `unpaired`, `nothing_to_check`. */
  verifyPairs() {
    if (this.places.length !== this.leaves.length) {
      throw new ProofError("unpaired", { step: 1, wanted: "a leaf for each bare tlog-proof" });
    }
    const { proofs, packs, places, receipts, answers } = this;
    if (![proofs, packs, places, receipts, answers].some((each) => each.length)) {
      throw new ProofError("nothing_to_check", { step: 1, wanted: "a proof or a receipt" });
    }
  }

  readJson(data) {
    const value = parseJson(data, { maxBytes: MAX_PROOF_BYTES, field: "evidence" });
    if (value.has("format")) {
      this.readProof(value, value.get("format"));
      return;
    }
    // The receipt or the answer in what the site answered, or the value itself.
    const bare = value.get("answer") ?? value.get("receipt") ?? value;
    const envelope = readEnvelope(new Fields(bare, { where: "" }));
    const kinds = { [RECEIPT_TYPE]: this.receipts, [ANSWER_TYPE]: this.answers };
    (kinds[envelope.payloadType] ?? this.statements).push(envelope);
  }

  readProof(value, form) {
    if (form === PACK_FORMAT) this.packs.push(readPackProof(value));
    else if (form === WINDOW_FORMAT) this.windows.push(readWindow(value));
    else this.proofs.push(readProofFile(value));
  }
}

const asciiOf = (data) => stripped(Array.from(data, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : "\ufffd")).join(""));

/**
 * All steps over `inputs`, each `{name, data}`, under the policy that is such an input too,
 * at `nowMs` by this machine's clock.
 *
 * `failure` is the ProofError that ended it, or null. `parts` tell apart what was judged:
 * `about` a proof, a pack, a place, a window, a receipt, an answer or the files, and `found`
 * there, also before a step of it failed. `findings` are those of all parts that hold, in order.
 */
export async function verifyFiles({ inputs, policy, genesisId = "", nowMs }) {
  const [parts, findings] = [[], []];
  const judge = async (about, check) => {
    const part = { about, found: [], failure: null };
    parts.push(part);
    try {
      const found = await check(part.found);
      part.found = found;
      findings.push(...found);
    } catch (error) {
      part.failure = error;
      throw error;
    }
  };
  try {
    await verifyAll({ inputs, policy, genesisId, nowMs, judge });
    return { parts, findings, failure: null };
  } catch (error) {
    if (error instanceof TraceError) return { parts, findings, failure: error };
    throw error;
  }
}

async function verifyAll({ inputs, policy: policyInput, genesisId, nowMs, judge }) {
  const files = new Files();
  let policy;
  // 1.
  await judge(files, async () => {
    for (const input of inputs) await take(input, (data) => files.read(data));
    policy = await take(policyInput, parsePolicy);
    files.verifyPairs();
    return [finding(1, "files", { count: inputs.length })];
  });
  let ring;
  await judge(files, async () => {
    ring = await keyRing(files, genesisId);
    return [];
  });
  // 2 to 10.
  for (const proof of files.proofs) {
    await judge(proof, (found) => verifyStatement({ proof, policy, ring, files: files.events, found }));
  }
  for (const pack of files.packs) await judge(pack, (found) => judgePack(pack, { policy, ring, nowMs, found }));
  await judge(files, () => refuseUnsigned(files));
  for (const [at, proof] of files.places.entries()) {
    const place = { leaf: files.leaves[at], proof };
    await judge(place, () => verifyPlace(place, policy, ring));
  }
  for (const window of files.windows) await judge(window, () => verifyStretch(window, { policy, ring }));
  // 11.
  for (const receipt of files.receipts) {
    await judge(receipt, async () => [await verifyPromise({ ...files, receipt, ring, policy })]);
  }
  // 15.
  for (const answer of files.answers) await judge(answer, async () => [await verifyAnswer({ answer, ring })]);
}

async function take({ name, data }, read) {
  try {
    return await read(data);
  } catch (error) {
    if (error instanceof TraceError) throw refusedAt(1, error, `${name} ${error.field}`.trim());
    throw error;
  }
}

async function keyRing({ statements, proofs, packs }, genesisId) {
  const proven = [...proofs, ...packs.flatMap(statementsOf)];
  const envelopes = [...statements, ...proven.flatMap((proof) => [proof.envelope, ...proof.keys])];
  try {
    return await buildKeyring(envelopes, { genesisId });
  } catch (error) {
    if (!(error instanceof TraceError) || error instanceof ProofError) throw error;
    // A statement that cannot be read is judged as such where it is proven.
    throw refusedAt(error instanceof MalformedInput ? 3 : 4, error);
  }
}

/** The proofs of statements inside; a code's statement shows no keys. */
function statementsOf({ statement, history }) {
  return statement ? [statement, ...history.flatMap((step) => step.proof ?? [])] : [];
}

/** A file of events that no statement names would look as if it were proven. */
async function refuseUnsigned({ proofs, events }) {
  const said = proofs.map((proof) => parseStatement(proof.envelope.payload));
  const named = new Set(said.filter((each) => each.kind === "events").map((each) => each.body.get("digest")));
  const [digest] = [...events.keys()].filter((each) => !named.has(each)).sort();
  if (digest !== undefined) {
    throw new ProofError("unsigned_events", { step: 3, got: digest, wanted: "a file that was signed" });
  }
  return [];
}
