// Events inside statements: the one of kind `event`, the lines of kind `events`. Mirrors
// core/events.py.
import { toHex } from "./bytes.js";
import { readBody } from "./bodies.js";
import { canonicalBytes, parseCanonical, verifyIntegersOnly } from "./canonical.js";
import { parseEvent } from "./epcis_parse.js";
import { MalformedInput } from "./errors.js";
import { Fields } from "./fields.js";
import { leafHash, rootOf } from "./merkle.js";
import { setDigest } from "./ranges.js";
import { sha256 } from "./sha256.js";
import { readParents } from "./subjects.js";

export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;
export const MAX_LINES = 20_000;
const MAX_LINE_BYTES = 1 << 20;
const LINE_FEED = 0x0a;
const NOTHING = { n: 0, setDigest: setDigest([]) };

const mismatch = (field, wanted) => new MalformedInput("event_mismatch", { field, wanted });

/** Check the event of a statement of kind `event`, which must agree with its subjects. */
export function readEvent(statement) {
  const event = parseEvent(statement.body);
  if (event.eventTimeMs > statement.atMs + CLOCK_TOLERANCE_MS) throw mismatch("body.eventTime", "not after the statement");
  const serials = statement.subjects.flatMap((each) => (each.serials ? [each.serials] : []));
  if (beginsLot(event) !== serials.length > 0) throw mismatch("subjects", "serials where a lot begins and only there");
  if (serials.length) verifySerials(event, statement, serials);
  return event;
}

/** Whether the event commissions units of a lot by quantity. */
function beginsLot({ bizStep, action, quantities, error }) {
  return bizStep === "commissioning" && action === "ADD" && quantities.length > 0 && error === null;
}

function verifySerials({ ilmd, quantities }, { subjects }, serials) {
  if (subjects.length !== 1 || !ilmd) throw mismatch("subjects", "the batch alone");
  const [[signed], [quantity]] = [serials, quantities];
  const said = [quantity.lotClass.gtin, ilmd.lot, ilmd.expiryDate, quantity.quantity];
  const wanted = [signed.gtin, signed.lot, signed.expiryDate, signed.size];
  if (said.some((each, at) => each !== wanted[at])) {
    throw mismatch("subjects[0].serials", "GTIN, lot, expiry and number as said");
  }
}

/** The lines of the file that a statement of kind `events` names. */
export function readFile(statement, data) {
  verifyFile(readBody(statement), data);
  const lines = parseLines(data);
  const late = lines.find((line) => line.event.eventTimeMs > statement.atMs + CLOCK_TOLERANCE_MS);
  if (late) throw mismatch(`events[${late.number}].event.eventTime`, "not after the statement");
  return lines;
}

/** Before any line is read: another file costs its hash, not its parsing. */
function verifyFile(body, data) {
  const count = data.reduce((sum, byte) => sum + (byte === LINE_FEED), 0);
  if (count !== body.count) {
    throw new MalformedInput("body_mismatch", { field: "body.count", got: body.count, wanted: String(count) });
  }
  const [signed, found] = [toHex(body.digest), toHex(sha256(data))];
  if (signed !== found) throw new MalformedInput("body_mismatch", { field: "body.digest", got: signed, wanted: found });
}

function parseLines(data) {
  if (data.at(-1) !== LINE_FEED) {
    const got = `${data.length} bytes, no line feed at the end`;
    throw new MalformedInput("bad_lines", { field: "events", got, wanted: "lines, each ended by a line feed" });
  }
  const ends = [...data.keys()].filter((at) => data[at] === LINE_FEED);
  if (ends.length > MAX_LINES) {
    throw new MalformedInput("too_large", { field: "events", got: `${ends.length} lines`, wanted: `at most ${MAX_LINES}` });
  }
  return ends.map((end, number) => parseLine(number, data.subarray(number ? ends[number - 1] + 1 : 0, end)));
}

function parseLine(number, line) {
  const where = `events[${number}]`;
  const value = parseCanonical(line, { maxBytes: MAX_LINE_BYTES, doubles: true, field: where });
  return readLine(new Fields(value, { where }), number);
}

/** The line `number`, of exactly `event` and `parents`. */
export function readLine(fields, number) {
  const { where } = fields;
  const parents = readParents(fields);
  const json = fields.members("event");
  fields.close();
  for (const [name, member] of json) {
    if (name !== "sensorElementList") verifyIntegersOnly(member, { field: `${where}.event.${name}` });
  }
  const later = parents.find((parent) => !parent.statementId && (parent.line ?? 0) >= number);
  if (later) {
    throw new MalformedInput("bad_reference", { field: `${where}.parents`, got: later.text, wanted: "an earlier line" });
  }
  return { number, event: parseEvent(json, { where: `${where}.event` }), json, parents };
}

/** Whether it is sure from the event alone that it moves no unit: a new container is empty. */
export function movesNothing({ event }) {
  return event.bizStep === "commissioning" && event.action === "ADD" && !event.quantities.length && event.error === null;
}

/** The leaf hash of one line that moves `moved`, `{n, setDigest}`, in the tree of one subject. */
export const lineLeaf = ({ number, json, parents }, { n, setDigest: digest }) =>
  leafHash(canonicalBytes(new Map([
    ["line", number],
    ["event", json],
    ["parents", parents.map((parent) => parent.text)],
    ["n", n],
    ["set", toHex(digest)],
  ])));

/** What a subject signs of lines that move nothing: their number and Merkle root. */
export function eventsRoot(lines) {
  const leaves = lines.map((line) => lineLeaf(line, NOTHING));
  return { size: leaves.length, root: rootOf(leaves) };
}
