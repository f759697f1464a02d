// The later steps of a pack proof: step 13. Mirrors core/packhistory.py.
import { sameBytes, toHex } from "./bytes.js";
import { formatTimeMs } from "./encoding.js";
import { ProofError } from "./errors.js";
import { lineLeaf, readEvent } from "./events.js";
import { verifyInclusion } from "./merkle.js";
import { countOf, setDigest } from "./ranges.js";
import { parseStatement } from "./statement.js";
import { finding } from "./steps.js";
import { verifyStatement } from "./verify.js";

/** What each step shows of the pack whose batch has `tag`; the caller numbers the refusals. */
export async function verifyHistory({ history, statement, place }, { tag, policy, ring }) {
  verifyOrder([statement, ...history.flatMap((step) => step.proof ?? [])].map((proof) => proof.acceptedMs));
  const found = [];
  for (const step of history) {
    if (step.said) {
      found.push(repeat(step.said));
      continue;
    }
    const findings = await verifyStatement({ proof: step.proof, policy, ring });
    const { event, by } = verifyMoved(step, tag, place.ordinal);
    // Without a key that somebody shows it is nobody's step.
    const isShown = findings.every((each) => each.step !== 4 || each.isShown);
    const time = formatTimeMs(step.proof.acceptedMs);
    found.push(finding(13, "step_shown", { what: event.bizStep || event.action, by, time }, { isShown }));
  }
  return found;
}

function verifyOrder(moments) {
  moments.forEach((second, at) => {
    if (at === 0 || moments[at - 1] <= second) return;
    const [got, wanted] = [formatTimeMs(second), `not before ${formatTimeMs(moments[at - 1])}`];
    throw new ProofError("history_out_of_order", { field: "history", got, wanted });
  });
}

const differ = (wanted) => new ProofError("subjects_differ", { field: "history", wanted });

/** Check that the signed event moved the pack; the event, and who said it. */
function verifyMoved({ proof, ranges, line }, tag, ordinal) {
  const statement = parseStatement(proof.envelope.payload);
  const subject = statement.subjects.find((each) => sameBytes(each.tag, tag));
  if (!subject) throw new ProofError("other_subjects", { field: "history", wanted: toHex(tag) });
  const moved = { n: countOf(ranges), setDigest: setDigest(ranges) };
  let event = line?.line.event;
  if (line) {
    verifyLine(line, subject, moved);
  } else {
    const { moved: signed } = subject;
    if (signed?.n !== moved.n || !sameBytes(signed.setDigest, moved.setDigest)) throw differ("the signed set");
    event = readEvent(statement);
  }
  if (!ranges.some(([first, last]) => first <= ordinal && ordinal <= last)) {
    throw new ProofError("pack_not_moved", { field: "history", got: ordinal });
  }
  return { event, by: statement.by };
}

function verifyLine({ line, index, path }, { events }, moved) {
  if (!events) throw differ("a file of events");
  verifyInclusion({ leafHash: lineLeaf(line, moved), index, treeSize: BigInt(events.size), path, rootHash: events.root });
}

function repeat({ day, what, role, country }) {
  const who = [role, country].filter(Boolean).join(", ") || "somebody";
  return finding(13, "step_said", { day, what, who }, { isShown: false });
}
