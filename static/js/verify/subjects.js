// The chains a statement belongs to (`subjects`) and what it builds on (`parents`).
// Mirrors core/subjects.py.
import { compareBytes, sameBytes } from "./bytes.js";
import { MalformedInput } from "./errors.js";
import { rangeFrom, setDigest } from "./ranges.js";

export const MAX_SUBJECTS = 65_536;
const MAX_PARENTS = 1024;
const REFERENCE = /^([0-9a-f]{64})?(?:#(0|[1-9][0-9]{0,8}))?$/;

/** Read `id`, `id#k` or `#k`: `{statementId, line, text}`, "" and null where absent. */
function parseReference(text, field) {
  const found = REFERENCE.exec(text);
  if (!found || !text) throw new MalformedInput("bad_reference", { field, got: text, wanted: "id, id#k or #k" });
  return { statementId: found[1] ?? "", line: found[2] === undefined ? null : Number(found[2]), text };
}

/** The member `parents`: references, none twice. */
export function readParents(fields) {
  const read = (inner, name) => parseReference(inner.string(name), inner.path(name));
  return fields.distinct("parents", read, { most: MAX_PARENTS, by: (each) => each.text });
}

/** The member `serials`, which must speak of exactly the units `moved`. */
function readSerials(fields, moved) {
  const inner = fields.object("serials");
  const serials = {
    base: inner.integer("base"),
    size: inner.integer("size", { least: 1 }),
    root: inner.hexed("root"),
    gtin: inner.gtin("gtin"),
    lot: inner.lot("lot"),
    expiryDate: inner.date("expiry"),
  };
  inner.close();
  const wantedDigest = setDigest(rangeFrom(serials.base, serials.size));
  if (moved.n !== serials.size || !sameBytes(moved.setDigest, wantedDigest)) {
    const wanted = "n and set of the ordinals base to base + size - 1";
    throw new MalformedInput("serials_mismatch", { field: inner.where, wanted });
  }
  return serials;
}

/** The member `subjects`, in the shape that `kind` asks for: `{tag, moved, serials, events}`. */
export function readSubjects(fields, kind) {
  const read = (inner, name) => readSubject(inner.object(name), kind);
  const subjects = fields.each("subjects", read, { least: 1, most: MAX_SUBJECTS });
  if (subjects.some((each, at) => at > 0 && compareBytes(subjects[at - 1].tag, each.tag) >= 0)) {
    throw new MalformedInput("not_sorted", { field: "subjects", wanted: "ascending tags, each once" });
  }
  return subjects;
}

function readSubject(fields, kind) {
  const subject = { tag: fields.hexed("tag"), moved: null, serials: null, events: null };
  if (kind === "events") {
    subject.events = readEventsRoot(fields.object("events"));
  } else if (kind === "recall.answer" || (kind === "event" && fields.has("n"))) {
    subject.moved = { n: fields.integer("n", { least: 1 }), setDigest: fields.hexed("set") };
    if (kind === "event" && fields.has("serials")) subject.serials = readSerials(fields, subject.moved);
  }
  fields.close();
  return subject;
}

function readEventsRoot(fields) {
  const root = { size: fields.integer("size", { least: 1 }), root: fields.hexed("root") };
  fields.close();
  return root;
}
