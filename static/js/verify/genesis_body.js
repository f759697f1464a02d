// Leaf 0: what every verifier of a ledger starts from. Mirrors core/genesis_body.py.
import { parseCheckpoint } from "./checkpoint.js";
import { MalformedInput } from "./errors.js";
import { WEBAUTHN_ES256 } from "./keys.js";
import { parseNote } from "./note.js";
import { COSIGNATURE_MLDSA44, NOTE_ED25519, VerifierKey } from "./notekey.js";
import { readCountry, readKey, readNamedKey } from "./party_bodies.js";
import { LEDGER_PATTERN } from "./statement.js";

const AUTHORITY_ROLES = new Set(["regulator", "brand_authority"]);
const MOST_NOTE_BYTES = 65_536;
const LAW_VERSION = 1;
const MAP_VERSION = 1;
const HOST = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
// WebAuthn Level 3 section 13.4.9: an origin as browsers write it into clientDataJSON.
const ORIGIN = /^(?:https:\/\/|http:\/\/(?=(?:localhost|127\.0\.0\.1)(?::|$)))([a-z0-9.-]+)(?::[0-9]{1,5})?$/;

/** The body of `genesis`; `parties` are the operator and the authorities. */
export function readGenesis(fields) {
  const hasPrevious = fields.has("previous_checkpoint");
  const origin = fields.matching("origin", LEDGER_PATTERN, "the log's origin");
  const operator = readOperator(fields);
  // An envelope holds 16 signatures: theirs and the operator's.
  const authorities = fields.ascending("authorities", readAuthority, { by: (each) => each.gln, least: 1, most: 15 });
  const genesis = {
    isGenesis: true,
    origin,
    operator,
    authorities,
    parties: [operator, ...authorities],
    receiptKeys: fields.ascending("receipt_keys", readReceiptKey, { by: (key) => key.keyid, least: 1, most: 8 }),
    logVkeys: fields.distinct("log_vkeys", readVkey, { least: 1, most: 8 }),
    webauthn: readWebauthn(fields),
    lawVersion: fields.integer("law_version", { least: 1, most: LAW_VERSION }),
    mapVersion: fields.integer("map_version", { least: 1, most: MAP_VERSION }),
    previous: hasPrevious ? fields.based("previous_checkpoint", { mostBytes: MOST_NOTE_BYTES }) : null,
  };
  verifyGenesis(genesis);
  return genesis;
}

function readOperator(fields) {
  const inner = fields.object("operator");
  const operator = readParty(inner, "operator");
  inner.close();
  return operator;
}

function readAuthority(fields, name) {
  const inner = fields.object(name);
  const authority = readParty(inner, inner.word("role", AUTHORITY_ROLES));
  inner.close();
  return authority;
}

function readParty(fields, role) {
  return {
    role,
    gln: fields.gln("gln"),
    name: fields.text("name"),
    country: readCountry(fields),
    keys: fields.each("keys", readPartyKey, { least: 1, most: 16 }),
  };
}

function readPartyKey(fields, name) {
  const inner = fields.object(name);
  const key = readNamedKey(inner);
  inner.close();
  return key;
}

function readReceiptKey(fields, name) {
  const inner = fields.object(name);
  const key = readKey(inner);
  inner.close();
  if (key.alg !== WEBAUTHN_ES256) return key;
  // No authenticator signs for a web server.
  throw new MalformedInput("unfit_key_type", { field: inner.where, got: key.alg, wanted: "a machine's key" });
}

function readVkey(fields, name) {
  const text = fields.text(name, { longest: 4000 });
  VerifierKey.parse(text);
  return text;
}

/** What leaf 0 says cannot be mended later: all of it must make sense together. */
function verifyGenesis(genesis) {
  if (!genesis.authorities.some((each) => each.role === "regulator")) {
    throw new MalformedInput("no_regulator", { field: "body.authorities", wanted: "one regulator at least" });
  }
  genesis.logVkeys.forEach((text, number) => {
    const key = VerifierKey.parse(text);
    const kinds = number ? [NOTE_ED25519, COSIGNATURE_MLDSA44] : [NOTE_ED25519];
    if (key.name === genesis.origin && kinds.includes(key.kind)) return;
    throw new MalformedInput("unfit_key_type", {
      field: `body.log_vkeys[${number}]`,
      got: `type ${key.kind} of ${key.name}`,
      wanted: `a log's key named ${genesis.origin}, Ed25519 first`,
    });
  });
  if (genesis.previous) parseCheckpoint(parseNote(genesis.previous).text);
}

function readWebauthn(fields) {
  const inner = fields.object("webauthn");
  const rpId = inner.matching("rp_id", HOST, "a host in lower case");
  const origins = inner.ascending("origins", (within, name) => within.string(name), { least: 1, most: 20 });
  inner.close();
  for (const origin of origins) {
    const host = ORIGIN.exec(origin)?.[1] ?? "";
    if (`.${host}`.endsWith(`.${rpId}`)) continue;
    const wanted = `https://host[:port] of ${rpId}; http on this machine only`;
    throw new MalformedInput("bad_origin", { field: inner.path("origins"), got: origin, wanted });
  }
  return { rpId, origins: new Set(origins) };
}
