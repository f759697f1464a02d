// C2SP checkpoints: the signed statement of a log's size and root. Mirrors
// core/checkpoint.py, verifier half.
import { toBase64 } from "./bytes.js";
import { MalformedInput, UntrustedSignature, pythonText } from "./errors.js";
import { HASH_SIZE } from "./merkle.js";
import { getTrustedSignatures, parseNote } from "./note.js";
import { parseBase64, parseDecimal } from "./strict.js";

/** A checkpoint from the text of its note; `bad_checkpoint`. */
export function parseCheckpoint(text) {
  const lines = text.replace(/\n$/, "").split("\n");
  if (!text.endsWith("\n") || lines.length < 3 || lines.some((line) => !line)) {
    const wanted = "origin, size, root, each on a line";
    throw new MalformedInput("bad_checkpoint", { field: "checkpoint", got: text, wanted });
  }
  const [origin, size, root, ...extensions] = lines;
  const treeSize = parseDecimal(size, { field: "checkpoint.size" });
  const rootHash = parseBase64(root, { field: "checkpoint.root", sizeBytes: HASH_SIZE });
  return { origin, treeSize, rootHash, extensions };
}

/** Whether two heads say the same in every line. */
export const sameHead = (left, right) => headText(left) === headText(right);

/** A head as one text, another one for every other head. */
export const headText = ({ origin, treeSize, rootHash, extensions }) =>
  [origin, treeSize, toBase64(rootHash), ...extensions].join("\n");

function refuseExtensions({ extensions }) {
  if (!extensions.length) return;
  const listed = pythonText(extensions).slice(1, -1) + (extensions.length === 1 ? "," : "");
  throw new MalformedInput("extension_lines", { field: "checkpoint", got: `(${listed})` });
}

/** The checkpoint in `data`, after checking every line of a known key. */
export async function openCheckpoint(data, { logKeys, witnessKeys = [] }) {
  const note = parseNote(data);
  const checkpoint = parseCheckpoint(note.text);
  refuseExtensions(checkpoint);
  const ofOrigin = logKeys.filter((key) => key.name === checkpoint.origin);
  if (!ofOrigin.length) {
    throw new UntrustedSignature("unknown_origin", { field: "checkpoint.origin", got: checkpoint.origin });
  }
  const trusted = await getTrustedSignatures(note, [...ofOrigin, ...witnessKeys]);
  const logSignatures = trusted.filter((one) => isOneOf(one, ofOrigin));
  if (!logSignatures.length) {
    throw new UntrustedSignature("no_log_signature", { field: "checkpoint", wanted: checkpoint.origin });
  }
  return { checkpoint, note, logSignatures, cosignatures: trusted.filter((one) => isOneOf(one, witnessKeys)) };
}

const isOneOf = (one, keys) => keys.some((key) => key.id === one.key.id);
