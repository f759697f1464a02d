// Reads just enough of a scanned code to find its line in a list; the server reads it
// strictly. Fixed lengths: GS1 General Specifications, figure 7.8.5-2 (predefined).
import { GS } from "./wedge.js";

const FIXED = { "00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2 };
const VARIABLE = { 10: 20, 21: 20, 37: 8, 240: 30, 710: 20, 711: 20, 712: 20, 713: 20, 714: 20 };

function readBracketed(text) {
  const found = {};
  for (const [, ai, value] of text.matchAll(/\((\d{2,4})\)([^(]*)/g)) found[ai] = value;
  return found;
}

function readElements(text) {
  const found = {};
  for (let rest = text; rest;) {
    const ai = [2, 3, 4].map((n) => rest.slice(0, n)).find((one) => one in FIXED || one in VARIABLE);
    if (!ai) return {};
    rest = rest.slice(ai.length);
    const end = ai in FIXED ? FIXED[ai] : (rest + GS).indexOf(GS);
    if (rest.length < end || end === 0 || end > (VARIABLE[ai] ?? 99)) return {};
    found[ai] = rest.slice(0, end);
    rest = rest.slice(end).replace(/^\u001d/, "");
  }
  return found;
}

function readLink(text) {
  const found = {};
  let path;
  try {
    path = new URL(text).pathname.split("/").map(decodeURIComponent);
  } catch {
    return found;
  }
  for (let i = 0; i + 1 < path.length; i += 1) {
    if (path[i] in FIXED || path[i] in VARIABLE) found[path[i]] = path[++i];
  }
  return found;
}

const PRINTED = { 13: [1, 6, 6], 14: [1, 7, 6], 18: [1, 7, 9, 1] };

/** A code in the groups of the pack, as the template filters `code` and `serial` do. */
export function groupCode(text) {
  const widths = /^\d+$/.test(text) && PRINTED[text.length];
  if (!widths) return text.match(/.{1,4}/g) ?? [];
  let start = 0;
  return widths.map((width) => text.slice(start, (start += width)));
}

/** {sscc, gtin, lot, serial} of a scan; what it does not say is undefined. */
export function readCode(scan) {
  const text = scan.replace(/^\][A-Za-z]\d/, "").replace(/^\u001d/, "").trim();
  // People type codes in the groups they see; no element holds a blank.
  const typed = text.replace(/[ \t\u00a0\u2007\u2009\u202f]+/g, "");
  let ais;
  if (/^https?:/i.test(typed)) ais = readLink(typed);
  else if (typed.startsWith("(")) ais = readBracketed(typed);
  else if (/^\d{18}$/.test(typed)) ais = { "00": typed };
  else ais = readElements(text);
  return { sscc: ais["00"], gtin: ais["01"]?.padStart(14, "0"), lot: ais["10"], serial: ais["21"] };
}
