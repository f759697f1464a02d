// C2SP tlog-proof files: an entry's place in a log, checkable offline. Mirrors
// core/proof.py.
import { indexOfBytes, utf8 } from "./bytes.js";
import { parseCheckpoint } from "./checkpoint.js";
import { MalformedInput } from "./errors.js";
import { HASH_SIZE } from "./merkle.js";
import { MAX_NOTE_BYTES, parseNote } from "./note.js";
import { parseBase64, parseDecimal, parseUtf8 } from "./strict.js";

export const HEADER = "c2sp.org/tlog-proof@v1";
// A tree of fewer than 2^63 leaves is at most 63 levels high.
export const MAX_PATH = 63;
const DIVIDER = utf8("\n\n");

/**
 * A proof from its file: `index`, `path`, the `checkpoint` note verbatim, and the `head`
 * that it names, whose signatures are not checked here.
 */
export function parseTlogProof(data) {
  if (data.length > 2 * MAX_NOTE_BYTES) {
    throw new MalformedInput("proof_too_large", { field: "proof", got: data.length });
  }
  const end = indexOfBytes(data, DIVIDER);
  const top = parseUtf8(end < 0 ? data : data.subarray(0, end), { field: "proof" });
  const [header, ...lines] = top.split("\n");
  if (header !== HEADER || end < 0) {
    throw new MalformedInput("bad_proof_header", { field: "proof", got: header, wanted: HEADER });
  }
  if (lines[0]?.startsWith("extra ")) checkExtra(lines.shift().slice(6));
  if (!lines[0]?.startsWith("index ")) {
    throw new MalformedInput("no_index_line", { field: "proof", wanted: "index <N>" });
  }
  const index = parseDecimal(lines[0].slice(6), { field: "proof.index" });
  const path = lines
    .slice(1, MAX_PATH + 2)
    .map((line) => parseBase64(line, { field: "proof.path", sizeBytes: HASH_SIZE }));
  if (path.length > MAX_PATH) throw new MalformedInput("proof_too_long", { field: "proof.path", got: lines.length });
  const checkpoint = data.subarray(end + DIVIDER.length);
  return { index, path, checkpoint, head: parseCheckpoint(parseNote(checkpoint).text) };
}

/** What nobody vouches for must at least be there, if its line is. */
function checkExtra(text) {
  if (parseBase64(text, { field: "proof.extra" }).length) return;
  throw new MalformedInput("empty_extra", { field: "proof.extra", wanted: "no line where there is no data" });
}
