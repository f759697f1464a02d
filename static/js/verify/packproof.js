// The pack proof: all that shows, offline, that one pack was made, in one JSON file.
// Mirrors core/packproof.py.
import { MalformedInput, TraceError, located } from "./errors.js";
import { MAX_LINES, readLine } from "./events.js";
import { Fields } from "./fields.js";
import { verifySerial } from "./gs1.js";
import { HASH_SIZE } from "./merkle.js";
import { readProof } from "./prooffile.js";
import { MAX_PATH } from "./proof.js";
import { parseRanges } from "./ranges.js";
import { SALT_SIZE } from "./serials.js";

export const PACK_FORMAT = "pharmatrace-pack/v1";
const MAX_STEPS = 1000;
const MAX_RANGES = 1_000_000;
const ROLE = /^[a-z_]{0,40}$/;
const COUNTRY = /^([A-Z]{2})?$/;

/** A pack proof from its JSON: `{pack, place, statement, history}`; nothing is verified here. */
export function readPackProof(value) {
  const fields = located("proof", () => new Fields(value, { where: "" }));
  fields.word("format", new Set([PACK_FORMAT]));
  const hasHistory = fields.has("history");
  const proof = {
    pack: readName(fields.object("pack")),
    place: readPlace(fields.object("place")),
    statement: readProof(fields.object("statement")),
    history: hasHistory ? fields.each("history", readStep, { most: MAX_STEPS }) : [],
  };
  fields.close();
  return proof;
}

function readName(fields) {
  const field = fields.path("serial");
  const pack = {
    gtin: fields.gtin("gtin"),
    lot: fields.lot("lot"),
    expiry: fields.date("expiry"),
    serial: fields.string("serial"),
  };
  fields.close();
  try {
    verifySerial(pack.serial);
  } catch (error) {
    if (error instanceof TraceError) error.field = field;
    throw error;
  }
  return pack;
}

function readPlace(fields) {
  const place = {
    ordinal: fields.integer("ordinal"),
    salt: readExactly(fields, "salt", SALT_SIZE),
    path: readPath(fields),
  };
  fields.close();
  return place;
}

const readPath = (fields) => fields.each("path", (inner, name) => readExactly(inner, name, HASH_SIZE), { most: MAX_PATH });

function readExactly(fields, name, size) {
  const data = fields.based(name, { mostBytes: size });
  if (data.length === size) return data;
  throw new MalformedInput("bad_length", { field: fields.path(name), got: data.length, wanted: `${size} bytes` });
}

function readStep(fields, name) {
  const inner = fields.object(name);
  const step = inner.has("said") ? { said: readSaid(inner.object("said")) } : readShown(inner);
  inner.close();
  return step;
}

function readSaid(fields) {
  const said = {
    what: fields.text("what", { longest: 60 }),
    day: fields.date("day"),
    role: fields.matching("role", ROLE, "a role in lower case, or nothing"),
    country: fields.matching("country", COUNTRY, "two letters, or nothing"),
  };
  fields.close();
  return said;
}

function readShown(fields) {
  const listed = fields.array("ranges", { least: 1, most: MAX_RANGES });
  return {
    proof: readProof(fields.object("proof")),
    ranges: parseRanges(listed, { field: fields.path("ranges") }),
    line: fields.has("line") ? readMoved(fields.object("line")) : null,
  };
}

/** The line of a file of events that moved the pack, and its place in the tree. */
function readMoved(fields) {
  const number = fields.integer("number", { most: MAX_LINES - 1 });
  const index = fields.integer("index", { most: MAX_LINES - 1 });
  const path = readPath(fields);
  // What is left is the line as it stands in its file.
  return { line: readLine(fields, number), index: BigInt(index), path };
}
