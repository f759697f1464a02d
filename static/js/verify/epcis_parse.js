// Reading one bare EPCIS 2.0 event. Mirrors core/epcis/parse.py.
import { verifyIntegersOnly } from "./canonical.js";
import {
  ACTIONS, BIZ_STEPS, BIZ_TRANSACTION_TYPES, DISPOSITIONS, EPCIS_CONTEXT, ERROR_REASONS, EVENT_TYPES, PREFIXES,
  SOURCE_DEST_TYPES,
} from "./cbv.js";
import { parseEpc, parseLocation, parseLotClass, parseParty } from "./epcis_epc.js";
import { AGGREGATION, OBJECT, verifyEvent } from "./epcis_rules.js";
import { MalformedInput } from "./errors.js";
import { Fields } from "./fields.js";
import { walk } from "./strict_json.js";

const MAX_EPCS = 100_000;
const MOST_SMALL = 100;
// UTC is +00:00; RFC 3339 gives -00:00 another meaning.
const OFFSET = /^(?:(?!-00:00)[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$/;
const URI = /^[a-z][a-z0-9+.-]{1,30}:[!-~]{1,200}$/;
const EXTENSION = new RegExp(`^(?:${[...PREFIXES.keys()].join("|")}):[A-Za-z_][A-Za-z0-9_.-]{0,60}$`);

/** Read one event and check what can be told from it alone; `where` is its path. */
export function parseEvent(event, { where = "body" } = {}) {
  const fields = new Fields(event, { where });
  readContext(fields);
  const type = fields.word("type", EVENT_TYPES);
  if (type !== OBJECT && type !== AGGREGATION) {
    const wanted = `${OBJECT} or ${AGGREGATION}`;
    throw new MalformedInput("not_supported_by_law", { field: fields.path("type"), got: type, wanted });
  }
  const read = { type };
  readCommon(fields, read);
  readThings(fields, read);
  readCircumstances(fields, read);
  fields.close();
  verifyEvent(read, where);
  return read;
}

/** `@context` may be there; it may only say what we know already, and once. */
function readContext(fields) {
  if (!fields.has("@context")) return;
  const value = fields.take("@context");
  if (value === EPCIS_CONTEXT) return;
  const [standard, ours] = Array.isArray(value) && value.length === 2 ? value : ["", ""];
  const isOurs = ours instanceof Map && ours.size && [...ours].every(([name, uri]) => PREFIXES.get(name) === uri);
  if (standard === EPCIS_CONTEXT && isOurs) return;
  const wanted = "GS1's alone, or a list of it and an object of prefixes we know";
  throw new MalformedInput("bad_context", { field: fields.path("@context"), wanted });
}

function readCommon(fields, event) {
  const hasDisposition = fields.has("disposition");
  event.action = fields.word("action", ACTIONS);
  event.bizStep = fields.word("bizStep", BIZ_STEPS);
  event.disposition = hasDisposition ? fields.word("disposition", DISPOSITIONS) : "";
  event.eventTimeMs = fields.timeMs("eventTime");
  event.timeZone = fields.matching("eventTimeZoneOffset", OFFSET, "an offset such as +01:00");
  event.readPoint = readPlace(fields, "readPoint");
}

function readThings(fields, event) {
  const isAggregation = event.type === AGGREGATION;
  const hasParent = isAggregation && fields.has("parentID");
  event.parent = hasParent ? parseEpc(fields.string("parentID"), fields.path("parentID")) : null;
  event.children = isAggregation ? readEpcs(fields, "childEPCs") : [];
  event.childQuantities = isAggregation ? readQuantities(fields, "childQuantityList") : [];
  event.epcs = isAggregation ? [] : readEpcs(fields, "epcList");
  event.quantities = isAggregation ? [] : readQuantities(fields, "quantityList");
  event.ilmd = !isAggregation && fields.has("ilmd") ? readIlmd(fields) : null;
}

function readCircumstances(fields, event) {
  const [hasPlace, hasId] = [fields.has("bizLocation"), fields.has("eventID")];
  const hasError = fields.has("errorDeclaration");
  [event.persistentSet, event.persistentUnset] = readPersistent(fields);
  event.bizLocation = hasPlace ? readPlace(fields, "bizLocation") : null;
  readTransactions(fields);
  event.source = readEnds(fields, "sourceList", "source");
  event.destination = readEnds(fields, "destinationList", "destination");
  event.error = hasError ? readError(fields) : null;
  event.eventId = hasId ? readUri(fields, "eventID") : "";
  event.sensors = readSensors(fields);
  readExtensions(fields);
}

function readEpcs(fields, name) {
  if (!fields.has(name)) return [];
  const read = (inner, at) => parseEpc(inner.string(at), inner.path(at));
  return fields.distinct(name, read, { least: 1, most: MAX_EPCS, by: (epc) => epc.uri });
}

function readQuantities(fields, name) {
  if (!fields.has(name)) return [];
  const read = fields.each(name, readQuantity, { least: 1, most: MOST_SMALL });
  if (new Set(read.map((each) => each.lotClass.uri)).size === read.length) return read;
  const wanted = "every class once";
  throw new MalformedInput("repeated_member", { field: fields.path(name), got: "one class twice", wanted });
}

function readQuantity(fields, name) {
  const inner = fields.object(name);
  const lotClass = parseLotClass(inner.string("epcClass"), inner.path("epcClass"));
  const quantity = inner.has("quantity") ? inner.integer("quantity", { least: 1 }) : null;
  inner.close();
  return { lotClass, quantity };
}

function readPlace(fields, name) {
  const inner = fields.object(name);
  const place = parseLocation(inner.string("id"), inner.path("id"));
  inner.close();
  return place;
}

const readUri = (fields, name) => fields.matching(name, URI, "a URI");

function readTransactions(fields) {
  if (!fields.has("bizTransactionList")) return;
  const by = (pair) => JSON.stringify(pair);
  fields.distinct("bizTransactionList", readTransaction, { least: 1, most: MOST_SMALL, by });
}

function readTransaction(fields, name) {
  const inner = fields.object(name);
  const read = [inner.word("type", BIZ_TRANSACTION_TYPES), readUri(inner, "bizTransaction")];
  inner.close();
  return read;
}

/** One side of a hand-over: `gln` of who possesses, `site`, "" where the event does not say. */
function readEnds(fields, name, member) {
  if (!fields.has(name)) return { gln: "", site: "" };
  const pairs = fields.each(name, (inner, at) => readEnd(inner, at, member), { least: 1, most: 3 });
  const sides = new Map(pairs);
  const field = fields.path(name);
  if (sides.size !== pairs.length) {
    throw new MalformedInput("repeated_member", { field, got: "one type twice", wanted: "every type once" });
  }
  const read = (type, parse) => (sides.has(type) ? parse(sides.get(type), field) : null);
  read("owning_party", parseParty);
  const holder = read("possessing_party", parseParty);
  const place = read("location", parseLocation);
  return { gln: holder?.gln ?? "", site: place?.gln ?? "" };
}

function readEnd(fields, name, member) {
  const inner = fields.object(name);
  const pair = [inner.word("type", SOURCE_DEST_TYPES), readUri(inner, member)];
  inner.close();
  return pair;
}

function readIlmd(fields) {
  const inner = fields.object("ilmd");
  const ilmd = { lot: inner.lot("cbvmda:lotNumber"), expiryDate: inner.date("cbvmda:itemExpirationDate") };
  readExtensions(inner);
  inner.close();
  return ilmd;
}

function readPersistent(fields) {
  if (!fields.has("persistentDisposition")) return [[], []];
  const inner = fields.object("persistentDisposition");
  const [put, lifted] = ["set", "unset"].map((name) => readWords(inner, name));
  inner.close();
  if (put.length || lifted.length) return [put, lifted];
  throw new MalformedInput("missing_field", { field: inner.path("set"), got: "nothing", wanted: "set, unset or both" });
}

function readWords(fields, name) {
  if (!fields.has(name)) return [];
  return fields.distinct(name, (inner, at) => inner.word(at, DISPOSITIONS), { least: 1, most: 33 });
}

function readError(fields) {
  const inner = fields.object("errorDeclaration");
  const hasIds = inner.has("correctiveEventIDs");
  const error = {
    declarationTimeMs: inner.timeMs("declarationTime"),
    reason: inner.word("reason", ERROR_REASONS),
    correctiveEventIds: hasIds ? inner.distinct("correctiveEventIDs", readUri, { least: 1, most: MOST_SMALL }) : [],
  };
  inner.close();
  return error;
}

function readSensors(fields) {
  if (!fields.has("sensorElementList")) return [];
  return fields.each("sensorElementList", (inner, at) => inner.members(at), { least: 1, most: 1000 });
}

/** Fields under the prefixes that we know, as they came. */
function readExtensions(fields) {
  const names = [...fields.left.keys()].filter((name) => EXTENSION.test(name));
  const extensions = names.map((name) => [name, fields.take(name)]);
  for (const [name, value] of extensions) {
    verifyIntegersOnly(value, { field: fields.path(name) });
    if ([...walk(value)].includes(null)) {
      const wanted = "a value, or no such field";
      throw new MalformedInput("wrong_type", { field: fields.path(name), got: "null", wanted });
    }
  }
}
