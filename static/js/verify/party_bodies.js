// What is said of parties and keys. Mirrors core/party_bodies.py.
import { toHex } from "./bytes.js";
import { formatTimeMs } from "./encoding.js";
import { MalformedInput, located } from "./errors.js";
import { Fields } from "./fields.js";
import { ALGORITHMS, MAX_SPKI_BYTES, loadPublicKey } from "./keys.js";
import { SIGNER_PATTERN } from "./statement.js";

const LICENCE_ROLES = new Set([
  "manufacturer", "wholesaler", "pharmacy", "hospital", "carrier", "regulator", "operator",
]);
const KEY_ROLES = new Set(["member", "signer", "admin"]);
const COUNTRY = /^[A-Z]{2}$/;
const PREFIX = /^[0-9]{4,12}$/;
const MOST_SITES = 5_000;
const MOST_GTINS = 10_000;

/** The members `spki_b64` and `alg`: a key that may be enrolled. */
export function readKey(fields) {
  const spki = fields.based("spki_b64", { mostBytes: MAX_SPKI_BYTES });
  const alg = fields.word("alg", ALGORITHMS);
  return located(fields.path("spki_b64"), () => loadPublicKey({ spki, alg }));
}

/** The member `signer`: a random id, never a name. */
export const readSigner = (fields) => fields.matching("signer", SIGNER_PATTERN, "a random id");

/** A public key and the person or system that holds it. */
export const readNamedKey = (fields) => ({ key: readKey(fields), signer: readSigner(fields) });

/** The member `country`: ISO 3166-1 alpha-2. */
export const readCountry = (fields) => fields.matching("country", COUNTRY, "an ISO country code");

/** The body of `party.admit`. */
export function readPartyAdmit(fields) {
  const inner = fields.object("first_key");
  const firstKey = readNamedKey(inner);
  inner.close();
  return {
    firstKey,
    gln: fields.gln("gln"),
    name: fields.text("name"),
    country: readCountry(fields),
    keyTag: fields.hexed("key_tag"),
  };
}

/** The body of `party.licence`. */
export function readPartyLicence(fields) {
  const licence = {
    gln: fields.gln("gln"),
    role: fields.word("role", LICENCE_ROLES),
    gs1Prefixes: fields.ascending("gs1_prefixes", readPrefix, { most: 100 }),
    sites: fields.ascending("sites", readSite, { by: (site) => site.gln, most: MOST_SITES }),
    scope: readProducts(fields),
    fromMs: fields.timeMs("from"),
    toMs: fields.has("to") ? fields.timeMs("to") : null,
    isSuspended: fields.flag("suspended"),
  };
  if (licence.toMs !== null && licence.toMs <= licence.fromMs) {
    const got = formatTimeMs(licence.toMs);
    throw new MalformedInput("bad_window", { field: fields.path("to"), got, wanted: "later than from" });
  }
  return licence;
}

/** The body of `key.enrol`. */
export function readKeyEnrol(fields) {
  return {
    party: fields.gln("party"),
    key: readKey(fields),
    signer: readSigner(fields),
    role: fields.word("role", KEY_ROLES),
    keyTag: fields.hexed("key_tag"),
  };
}

/** The body of `key.revoke`. */
export function readKeyRevoke(fields) {
  const hasSince = fields.has("suspect_since");
  return {
    keyid: toHex(fields.hexed("keyid")),
    reason: fields.text("reason"),
    suspectSinceMs: hasSince ? fields.timeMs("suspect_since") : null,
  };
}

const readPrefix = (fields, name) => fields.matching(name, PREFIX, "4 to 12 digits");

function readSite(fields, name) {
  const inner = fields.object(name);
  const site = { gln: inner.gln("gln"), name: inner.text("name") };
  inner.close();
  return site;
}

function readProducts(fields) {
  const scope = fields.distinct("scope", (inner, name) => inner.string(name), { least: 1, most: MOST_GTINS });
  if (scope.length === 1 && scope[0] === "*") return scope;
  const again = new Fields(new Map([["scope", scope]]), { where: fields.where });
  return again.ascending("scope", (inner, name) => inner.gtin(name), { most: MOST_GTINS });
}
