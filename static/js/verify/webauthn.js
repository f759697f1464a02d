// What an authenticator signs: its own data and the browser's, around our challenge.
// Mirrors core/webauthn.py.
import { concat, sameBytes, toBase64, toHex, utf8 } from "./bytes.js";
import { TraceError, UntrustedSignature, pythonText } from "./errors.js";
import { jsonType } from "./members.js";
import { sha256 } from "./sha256.js";
import { parseJson } from "./strict_json.js";

const MAX_CLIENT_DATA_BYTES = 4096;
const HEADER_BYTES = 37;
// WebAuthn Level 3 section 6.1, the flags byte.
const [USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS] = [1, 4, 8, 16, 64, 128];
const PYTHON_TYPES = { null: "NoneType", "true or false": "bool", "a number": "int", text: "str", "a list": "list" };

const untrusted = (name, got, wanted) => new UntrustedSignature("bad_assertion", { field: `webauthn.${name}`, got, wanted });

/** Check everything but the signature; the bytes that it must cover are returned. */
export function verifyAssertion({ evidence, pae, scope }) {
  const client = readClientData(evidence.clientDataJson);
  // 1. An assertion over our challenge.
  demand("type", client.get("type"), "webauthn.get");
  const challenge = toBase64(sha256(pae)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  demand("challenge", client.get("challenge"), challenge);
  // 2. From a page of ours, not from inside a foreign one.
  const origin = client.get("origin");
  if (!scope.origins.has(origin)) throw untrusted("origin", asGot(origin), "a page of this ledger");
  const isFramed = client.has("crossOrigin") && client.get("crossOrigin") !== false;
  if (isFramed || client.has("topOrigin")) throw untrusted("crossOrigin", asGot(client.get("crossOrigin")), "no frame");
  // 3. The authenticator spoke for our relying party, with a verified user.
  verifyAuthenticator(evidence.authenticatorData, scope.rpId);
  return concat(evidence.authenticatorData, sha256(evidence.clientDataJson));
}

function readClientData(data) {
  let client;
  try {
    client = parseJson(data, { maxBytes: MAX_CLIENT_DATA_BYTES, maxDepth: 8 });
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    throw untrusted("clientDataJSON", error.code, "strict JSON");
  }
  if (client instanceof Map) return client;
  throw untrusted("clientDataJSON", PYTHON_TYPES[jsonType(client)], "an object");
}

function verifyAuthenticator(data, rpId) {
  if (data.length < HEADER_BYTES) throw untrusted("authenticatorData", `${data.length} bytes`, "37 or more");
  const rpIdHash = data.subarray(0, 32);
  if (!sameBytes(rpIdHash, sha256(utf8(rpId)))) throw untrusted("rpIdHash", toHex(rpIdHash), rpId);
  const flags = data[32];
  const shown = `0x${flags.toString(16).padStart(2, "0")}`;
  const needed = USER_PRESENT | USER_VERIFIED;
  if ((flags & needed) !== needed) throw untrusted("flags", shown, "user present and verified");
  const isOddBackup = flags & BACKED_UP && !(flags & BACKUP_ELIGIBLE);
  // An assertion attests no credential; bytes after the header are extensions.
  const isLonger = data.length > HEADER_BYTES;
  if (isOddBackup || flags & ATTESTED || isLonger !== Boolean(flags & EXTENSIONS)) {
    throw untrusted("flags", shown, "flags that fit the data");
  }
}

const asGot = (value) => (value === undefined || value === null || typeof value === "string" ? value : pythonText(value));

function demand(name, got, wanted) {
  if (got !== wanted) throw untrusted(name, asGot(got), wanted);
}
