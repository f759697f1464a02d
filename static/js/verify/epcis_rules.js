// What an event must be, told from the event alone, where no schema tells it. Mirrors
// core/epcis/rules.py.
import { SENSOR_FLAGS, SENSOR_METADATA, SENSOR_NUMBERS, SENSOR_REPORT } from "./cbv.js";
import { parseTimeMs } from "./encoding.js";
import { MalformedInput } from "./errors.js";

export const OBJECT = "ObjectEvent";
export const AGGREGATION = "AggregationEvent";
const SENSOR_PARTS = new Set(["sensorMetadata", "sensorReport"]);

const bad = (where, name, wanted) => new MalformedInput("bad_event", { field: `${where}.${name}`, wanted });

/** Check one event that `parseEvent` has read; `bad_event`, naming the field. */
export function verifyEvent(event, where) {
  verifyThings(event, where);
  verifyLot(event, where);
  verifyHandover(event, where);
  verifyWords(event, where);
  for (const sensor of event.sensors) verifySensor(sensor, event, `${where}.sensorElementList`);
}

function verifyThings({ type, action, epcs, quantities, parent, children, childQuantities }, where) {
  if (type !== AGGREGATION) {
    if (!epcs.length && !quantities.length) throw bad(where, "epcList", "at least one EPC or quantity");
    return;
  }
  if (!parent && action !== "OBSERVE") throw bad(where, "parentID", "the container, for ADD and DELETE");
  // DELETE without children empties the container.
  const hasChildren = children.length || childQuantities.length;
  if (!hasChildren && action !== "DELETE") throw bad(where, "childEPCs", "at least one child");
  if (children.some((child) => child.uri === parent?.uri)) throw bad(where, "childEPCs", "not the container itself");
}

function verifyLot({ action, bizStep, ilmd, epcs, quantities }, where) {
  if (!ilmd) {
    const begins = bizStep === "commissioning" && action === "ADD";
    if (begins && quantities.length) throw bad(where, "ilmd", "lot number and expiry date");
    return;
  }
  if (action !== "ADD") throw bad(where, "ilmd", "only with action ADD");
  const gtins = new Set(quantities.map((each) => each.lotClass.gtin));
  for (const epc of epcs) if (epc.kind === "pack") gtins.add(epc.gtin);
  if (quantities.some((each) => each.lotClass.lot !== ilmd.lot)) {
    throw bad(where, "ilmd.cbvmda:lotNumber", "the lot of the quantity");
  }
  if (gtins.size !== 1 || quantities.length > 1) throw bad(where, "quantityList", "one lot of one product");
  if (quantities.some((each) => each.quantity === null)) throw bad(where, "quantityList", "the number of units");
}

function verifyHandover({ bizStep, action, bizLocation, source, destination, readPoint }, where) {
  if (bizStep !== "shipping" && bizStep !== "receiving") return;
  const isLeaving = bizStep === "shipping";
  // CBV 2.0: after shipping the object is nowhere until it is received.
  if (isLeaving && bizLocation) throw bad(where, "bizLocation", "no such field when shipping");
  if (!source.gln || !source.site) throw bad(where, "sourceList", "possessing_party and location");
  // What leaves the traced world (DELETE) need not say to whom.
  if (action === "DELETE") return;
  if (!destination.gln || !destination.site) throw bad(where, "destinationList", "possessing_party and location");
  const side = isLeaving ? source : destination;
  if (side.site !== readPoint.gln) throw bad(where, "readPoint", `the place ${side.site}`);
}

function verifyWords({ persistentSet, persistentUnset, error, eventTimeMs }, where) {
  if (persistentSet.some((word) => persistentUnset.includes(word))) {
    throw bad(where, "persistentDisposition", "set or unset, not both");
  }
  if (!error) return;
  if (error.reason === "did_not_occur" && error.correctiveEventIds.length) {
    throw bad(where, "errorDeclaration.correctiveEventIDs", "none");
  }
  if (error.declarationTimeMs < eventTimeMs) throw bad(where, "errorDeclaration.declarationTime", "after the event");
}

function verifySensor(sensor, event, place) {
  if (![...sensor.keys()].every((name) => SENSOR_PARTS.has(name))) {
    throw bad(place, "sensorElement", "sensorMetadata and sensorReport");
  }
  const metadata = sensor.has("sensorMetadata") ? members(sensor.get("sensorMetadata"), SENSOR_METADATA, place) : new Map();
  const reports = sensor.get("sensorReport");
  if (!Array.isArray(reports) || !reports.length) throw bad(place, "sensorReport", "at least one report");
  for (const each of reports) {
    const report = members(each, SENSOR_REPORT, place);
    // TCR-53: said for all reports or for one, not both ways.
    if ([...metadata.keys()].some((name) => report.has(name))) {
      throw bad(place, "sensorReport", "no attribute of sensorMetadata again");
    }
    for (const name of ["time", "startTime", "endTime"]) {
      const time = metadata.get(name) ?? report.get(name);
      if (time !== undefined && parseTimeMs(time, { field: `${place}.time` }) > event.eventTimeMs) {
        throw bad(place, "time", "not after eventTime");
      }
    }
  }
}

function members(value, names, where) {
  if (!(value instanceof Map) || !value.size || ![...value.keys()].every((name) => names.has(name))) {
    throw bad(where, "sensorReport", "fields of EPCIS 2.0, at least one");
  }
  for (const [name, each] of value) {
    // One type for each field: "1" beside 1 would be a second spelling.
    const type = SENSOR_NUMBERS.has(name) ? "number" : SENSOR_FLAGS.has(name) ? "boolean" : "string";
    if (typeof each !== type) throw bad(where, name, "a number, true or false, or text, as it is named");
  }
  return value;
}
