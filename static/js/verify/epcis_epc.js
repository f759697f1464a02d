// EPCs as constrained canonical GS1 Digital Links: one spelling for each thing. Mirrors
// core/epcis/epc.py.
import { MalformedInput, TraceError } from "./errors.js";
import { decodePath, encodePath, verifyCset82, verifyGln, verifyGtin, verifyLot, verifySerial, verifySscc } from "./gs1.js";

const STEM = "https://id.gs1.org/";
const LINK = /^https:\/\/id\.gs1\.org\/(00|01|414|417)\/([0-9]{13,18})(?:\/(10|21|254)\/([!-~]{1,60}))?$/;

/** An instance: a pack or case SGTIN, or an SSCC; `bad_epc`, or what its parts are refused for. */
export const parseEpc = (uri, field) => parse(uri, field, ["pack", "sscc"], "…/01/{gtin}/21/{serial} or …/00/{sscc}");

/** A class: all of one lot. */
export const parseLotClass = (uri, field) => parse(uri, field, ["lot"], "…/01/{gtin}/10/{lot}");

/** A place. */
export const parseLocation = (uri, field) => parse(uri, field, ["place"], "…/414/{gln}");

/** A party. */
export const parseParty = (uri, field) => parse(uri, field, ["party"], "…/417/{gln}");

function parse(uri, field, kinds, wanted) {
  const link = read(uri, field);
  if (link && kinds.includes(link.kind)) return link;
  throw new MalformedInput("bad_epc", { field, got: uri, wanted: `canonical Digital Link ${wanted}` });
}

function read(uri, field) {
  const found = LINK.exec(uri);
  if (!found) return null;
  const [, ai, key, qualifier = "", text = ""] = found;
  try {
    const link = linkOf(`${ai} ${qualifier}`, key, decodePath(text));
    // A second spelling of one EPC would be a second name for one pack.
    const tail = qualifier && link ? `/${qualifier}/${encodePath(decodePath(text))}` : "";
    return link && `${STEM}${ai}/${key}${tail}` === uri ? { ...link, uri } : null;
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    throw new MalformedInput(error.code, { field, got: uri, wanted: error.wanted });
  }
}

function linkOf(form, key, text) {
  if (form === "01 21") {
    verifyGtin(key);
    verifySerial(text);
    return { kind: "pack", gtin: key, serial: text };
  }
  if (form === "01 10") {
    verifyGtin(key);
    verifyLot(text);
    return { kind: "lot", gtin: key, lot: text };
  }
  if (form === "00 ") {
    verifySscc(key);
    return { kind: "sscc", sscc: key };
  }
  // An extension 0 means none (EPC Tag Data Standard 2.0, section 6.3.3).
  const isExtended = form === "414 254" && text.length <= 20 && text !== "0";
  if (!isExtended && form !== "414 " && form !== "417 ") return null;
  if (isExtended) verifyCset82(text, "254");
  verifyGln(key);
  return { kind: form === "417 " ? "party" : "place", gln: key };
}
