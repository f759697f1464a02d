// Shows what signed bytes say, read from the bytes themselves.
import { utcText } from "./localtime.js";
import { element } from "./texts.js";

const MOST_ROWS = 60;

/** Every leaf of a JSON value as [path, text], in the order of the bytes. */
export function flatten(value, path = "") {
  if (value === null || typeof value !== "object") return [[path, String(value)]];
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== "object")) return [[path, value.join(", ")]];
    return value.flatMap((one, index) => flatten(one, `${path}[${index}]`));
  }
  return Object.entries(value).flatMap(([name, one]) => flatten(one, path ? `${path}.${name}` : name));
}

/** Packs named by the subjects of a statement, or null if it moves none. */
export function countUnits(statement) {
  const counted = statement.subjects.filter((subject) => Number.isInteger(subject.n));
  return counted.length ? counted.reduce((sum, subject) => sum + subject.n, 0) : null;
}

/** Fill the part _signed_bytes.html below `root`. */
export function showFacts(root, { statement, bytes, id, lines }) {
  const place = root.querySelector("[data-signed-bytes]");
  const facts = {
    kind: statement.kind,
    by: statement.by,
    meaning: statement.meaning,
    subjects: statement.subjects.length,
    units: countUnits(statement) ?? "–",
    expires: utcText(new Date(statement.expires)),
    id,
  };
  for (const [name, value] of Object.entries(facts)) {
    place.querySelector(`[data-fact="${name}"]`).textContent = value;
  }
  const rows = flatten(statement.body);
  const shown = rows.slice(0, MOST_ROWS);
  place.querySelector("[data-fact-body]").replaceChildren(
    ...shown.flatMap(([path, text]) => [
      element("dt", {}, element("code", {}, path)),
      element("dd", {}, text),
    ]),
  );
  const file = (lines ?? "").split("\n").slice(0, MOST_ROWS);
  place.querySelector("[data-fact-bytes]").textContent = [new TextDecoder().decode(bytes), ...file].join("\n").trimEnd();
  place.hidden = false;
}
