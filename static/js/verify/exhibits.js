// The exact bytes of what was judged, folded away.
import { element } from "../texts.js";
import { decodeOpaque, toHex } from "./bytes.js";
import { ANSWER_TYPE } from "./envelope.js";

/** All exhibits of the judged parts, in a card; none where nothing was read. */
export function bytesOf(parts, { words }) {
  const rows = parts.flatMap((about) => exhibits(about, words));
  if (!rows.length) return [];
  const folded = rows.map(([name, text]) => element("details", {},
    element("summary", {}, name),
    element("pre", { tabindex: "0", role: "region", "aria-label": name }, text)));
  return [element("section", { class: "card" }, element("h3", {}, words.say("bytes")), ...folded)];
}

function exhibits(about, words) {
  const proof = about.opened ?? about.statement ?? about;
  const name = (key, values) => words.say(`bytes-${key}`, values);
  const rows = [];
  if (proof.envelope) rows.push([name("payload"), decodeOpaque(proof.envelope.payload)]);
  const told = about.payloadType === ANSWER_TYPE ? "answer" : "receipt";
  if ("payloadType" in about) rows.push([name(told), decodeOpaque(about.payload)]);
  if ("right" in about) return [[name("checkpoint"), decodeOpaque(about.checkpoint)]];
  const places = proof.leaves ?? (about.leaf ? [about] : []);
  for (const { leaf, proof: place } of places) rows.push([name("leaf", { index: place.index }), toHex(leaf.bytes)]);
  const notes = new Set(places.map(({ proof: place }) => decodeOpaque(place.checkpoint)));
  for (const note of notes) rows.push([name("checkpoint"), note]);
  return rows;
}
