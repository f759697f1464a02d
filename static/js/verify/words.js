// How findings, moments and codes are said on the page, in its language. Sentences stand
// in the page: `find-<name>` for findings, `step-<number>` for steps.
import { element } from "../texts.js";
import { filled } from "./steps.js";

const GROUPS = { 13: [1, 6, 6], 14: [1, 7, 6] };
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const TIME = /(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\.\d{3}Z/g;
const DIGEST = /\b[0-9a-f]{64}\b/g;

/** The sentences of a page in one language. */
export class Words {
  constructor(text, language) {
    Object.assign(this, { text, language });
  }

  /** Whether the page has the sentence `name`. */
  has(name) {
    return this.text(name) !== name;
  }

  /** The sentence `name`, with its values. */
  say(name, values = {}) {
    return filled(this.text(name), values);
  }

  /** A finding in the page's language: what was found, or in plain words what it `shows`. */
  finding({ name, values }, as = "find") {
    const said = { ...values };
    if ("unit" in values) said.age = this.age(values.count, values.unit);
    if ("kind" in values) said.kind = this.text(`kind-${values.kind}`);
    if ("verdict" in values) said.verdict = this.text(`verdict-${values.verdict}`);
    if (values.by === "") said.by = "–";
    return this.plain(filled(this.text(`${as}-${name}`), said));
  }

  /** Moments as the site writes them, digests cut to their ends. */
  plain(sentence) {
    return sentence.replace(TIME, "$1 $2 UTC").replace(DIGEST, (digest) => `${digest.slice(0, 8)}…${digest.slice(-8)}`);
  }

  age(count, unit) {
    const names = new Intl.NumberFormat(this.language, { style: "unit", unit: unit.replace("(s)", ""), unitDisplay: "long" });
    return names.format(count);
  }

  /** A moment, milliseconds since 1970. */
  moment(ms) {
    return `${new Date(Number(ms)).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  }

  /** How long before `nowMs` that was, in words. */
  ago(ms, nowMs) {
    const seconds = Math.round((nowMs - Number(ms)) / 1000);
    const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS.at(-1);
    return new Intl.RelativeTimeFormat(this.language).format(-Math.floor(seconds / size), unit);
  }
}

/** A code in the groups of the pack: what is copied is the bare code. */
export function code(text) {
  const widths = (/^\d+$/.test(text) && GROUPS[text.length]) || [text.length];
  let start = 0;
  const groups = widths.map((width) => element("span", { class: "g" }, text.slice(start, (start += width))));
  return element("code", { class: "code" }, ...groups);
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the page. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A list of terms; rows whose value is missing are left out. */
export function terms(rows) {
  const there = rows.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return element("dl", {}, ...there.flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, value)]));
}
