// What a statement says, read as the door must have read it: step 3. Mirrors core/said.py.
import { sameBytes, toHex } from "./bytes.js";
import { readBody } from "./bodies.js";
import { formatTimeMs } from "./encoding.js";
import { ProofError } from "./errors.js";
import { CLOCK_TOLERANCE_MS, eventsRoot, movesNothing, readEvent, readFile } from "./events.js";
import { finding } from "./steps.js";

/** Check body and times, and the file of events if `files` (by SHA-256, hex) has it. */
export function judgeContent(statement, { acceptedMs, files }) {
  verifyAccepted(statement, acceptedMs);
  if (statement.kind === "event") {
    readEvent(statement);
    return [];
  }
  const body = readBody(statement);
  if (statement.kind !== "events") return [];
  const lines = files.get(toHex(body.digest));
  if (!lines) return [finding(3, "file_unseen", { count: body.count }, { isShown: false })];
  return judgeFile(statement, readFile(statement, lines));
}

/** The door refuses what is too old or too new; so does whoever checks the door. */
function verifyAccepted({ atMs, expiresMs }, acceptedMs) {
  const field = "accepted_ms";
  const got = formatTimeMs(acceptedMs);
  if (acceptedMs > expiresMs) {
    throw new ProofError("statement_expired", { field, got, wanted: `at most ${formatTimeMs(expiresMs)}` });
  }
  if (atMs > acceptedMs + CLOCK_TOLERANCE_MS) {
    const wanted = `at most 5 minutes before ${formatTimeMs(atMs)}`;
    throw new ProofError("from_the_future", { field, got, wanted });
  }
}

function judgeFile({ subjects }, lines) {
  const signed = subjects.flatMap((each) => (each.events ? [each.events] : []));
  if (signed.reduce((sum, each) => sum + each.size, 0) < lines.length) {
    throw new ProofError("subjects_differ", { field: "subjects", wanted: "all lines" });
  }
  const found = finding(3, "file_signed", { count: lines.length });
  if (!lines.every(movesNothing)) {
    return [found, finding(3, "roots_unchecked", { count: signed.length }, { isShown: false })];
  }
  const { size, root } = eventsRoot(lines);
  if (signed.length !== 1 || signed[0].size !== size || !sameBytes(signed[0].root, root)) {
    throw new ProofError("subjects_differ", { field: "subjects", wanted: "the lines' root" });
  }
  return [found, finding(3, "root_recomputes")];
}
