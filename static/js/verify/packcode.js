// What a proof code stands for, put together: the reader computes all that the code does
// not say. Mirrors core/packcode.py, reader's half.
import { concat, sameBytes, toBase64, toHex, u64, utf8 } from "./bytes.js";
import { parseCheckpoint } from "./checkpoint.js";
import { STATEMENT_TYPE, envelopeDigest, pae } from "./envelope.js";
import { ProofError, atStep } from "./errors.js";
import { commitment, encodeLeaf } from "./leaf.js";
import { rootFromPath } from "./merkle.js";
import { COSIGNATURE_ED25519, NOTE_ED25519 } from "./notekey.js";
import { parseStatement } from "./statement.js";

/** The one subject, with serials, of a commissioning statement; `not_a_commissioning`. */
export function commissioned(payload) {
  const { kind, subjects } = parseStatement(payload);
  if (kind === "event" && subjects.length === 1 && subjects[0].serials) return subjects[0];
  throw new ProofError("not_a_commissioning", { got: kind, wanted: "one lot with its serials" });
}

/** The statement's proof that a code stands for; no signature is checked here. */
export async function openCode(code, policy) {
  const log = await atStep(8, () => logOf(code, policy));
  const subject = await atStep(3, () => commissioned(code.payload));
  const { payload, acceptedMs, salt } = code;
  const signatures = code.signatures.map((each) => each.signature);
  const envelope = { payloadType: STATEMENT_TYPE, payload, signatures, pae: pae(STATEMENT_TYPE, payload) };
  const leaf = await atStep(6, () => encodeLeaf({
    type: 1,
    timeMs: code.timeMs,
    subjectTag: subject.tag,
    chainSeq: code.chainSeq,
    prevLeafHash: code.prevLeafHash,
    commitment: commitment({ salt, acceptedMs, envelopeDigest: envelopeDigest(envelope) }),
  }));
  const { index, inclusionPath: path, treeSize } = code;
  const root = await atStep(7, () => rootFromPath({ leafHash: leaf.hash, index, treeSize, path }));
  const text = `${log.name}\n${treeSize}\n${toBase64(root)}\n`;
  const checkpoint = utf8(`${text}\n${lineOf(log, code.logSignature)}${knownLines(code, policy)}`);
  const proof = { index, path, checkpoint, head: parseCheckpoint(text) };
  return { envelope, acceptedMs, leaves: [{ leaf, salt, proof }], mapRoot: null, before: null, after: null, keys: [] };
}

function logOf({ logKeyId }, { logs }) {
  const known = logs.map((log) => log.key).filter((key) => key.kind === NOTE_ED25519 && sameBytes(key.keyId, logKeyId));
  if (known.length === 1) return known[0];
  throw new ProofError("unknown_log", { field: "policy", got: toHex(logKeyId), wanted: "the Ed25519 key of one log" });
}

const lineOf = ({ name, keyId }, body) => `— ${name} ${toBase64(concat(keyId, body))}\n`;

/** Lines of witnesses that the policy knows; of others nothing can be said. */
function knownLines({ cosignatures }, { witnesses }) {
  const keys = witnesses.map((witness) => witness.key).filter((key) => key.kind === COSIGNATURE_ED25519);
  return cosignatures.map(({ keyId, timeSeconds, signature }) => {
    const known = keys.filter((key) => sameBytes(key.keyId, keyId));
    return known.length === 1 ? lineOf(known[0], concat(u64(timeSeconds), signature)) : "";
  }).join("");
}
