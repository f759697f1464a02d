// The proof code: what shows one pack, in bytes that fit one QR code. Mirrors
// core/proofcode.py, reader's half.
import { indexOfBytes, lengthOf, sameBytes, stripped, toHex, utf8 } from "./bytes.js";
import { SIGNATURE_SIZE, readCosignature, readPayload, readSerial, readSignature, verifyOrder } from "./codeparts.js";
import { decodeDigits } from "./digits.js";
import { LAST_MS } from "./encoding.js";
import { MalformedInput } from "./errors.js";
import { ZEROS } from "./leaf.js";
import { HASH_SIZE } from "./merkle.js";
import { KEY_ID_SIZE } from "./note.js";
import { Octets } from "./octets.js";
import { SALT_SIZE } from "./serials.js";
import { sha256 } from "./sha256.js";
import { MAX_INT64, parseUtf8 } from "./strict.js";
import { MAX_SAFE_INTEGER } from "./strict_json.js";

export const PREFIX = "PTP1:";
const VERSION = 1;
const MAX_CODE_BYTES = 2900;
const MAX_TEXT = 20_000;
const MAX_ADDRESS = 2048;
const CHECKSUM_SIZE = 4;
const [MAX_COSIGNATURES, MAX_SIGNATURES, MAX_PATH, MAX_SERIAL_PATH] = [16n, 16n, 63n, 53n];
const MOMENT = { most: BigInt(LAST_MS) };

/** Whether a file is meant as a proof code, with or without an address ahead. */
export const isCode = (data) => indexOfBytes(data.subarray(0, MAX_ADDRESS), utf8(PREFIX)) >= 0;

/** Read a proof code from the bytes of its text. */
export const readCodeFile = async (data) => parseCodeText(parseUtf8(data, { field: "code" }));

/** Read a proof code as text; what precedes its last `#` is an address. */
export async function parseCodeText(text) {
  const size = lengthOf(text);
  if (size > MAX_TEXT) throw new MalformedInput("too_large", { field: "code", got: `${size} characters` });
  const bare = stripped(text.slice(text.lastIndexOf("#") + 1));
  if (!bare.startsWith(PREFIX)) throw new MalformedInput("not_a_proof_code", { field: "code", got: bare, wanted: PREFIX });
  return parseProofCode(decodeDigits(bare.slice(PREFIX.length), { field: "code" }));
}

/** Read the bytes of a proof code; nothing is verified here. */
export async function parseProofCode(data) {
  const got = `${data.length} bytes`;
  if (data.length > MAX_CODE_BYTES) {
    throw new MalformedInput("too_large", { field: "code", got, wanted: `at most ${MAX_CODE_BYTES} bytes` });
  }
  const end = Math.max(0, data.length - CHECKSUM_SIZE);
  const [body, checksum] = [data.subarray(0, end), data.subarray(end)];
  if (!end || !sameBytes(sha256(body).subarray(0, CHECKSUM_SIZE), checksum)) {
    throw new MalformedInput("code_damaged", { field: "code", got });
  }
  if (body[0] !== VERSION) {
    throw new MalformedInput("unknown_version", { field: "code", got: body[0], wanted: String(VERSION) });
  }
  return read(new Octets(body.subarray(1), { code: "bad_proof_code" }));
}

async function read(octets) {
  const code = { ...readHead(octets), ...readLeaf(octets) };
  code.payload = await readPayload(octets);
  code.place = {
    ordinal: Number(octets.number(8, "ordinal", { most: BigInt(MAX_SAFE_INTEGER) })),
    salt: octets.take(SALT_SIZE, "serial_salt"),
    path: readPath(octets, "serial_path", MAX_SERIAL_PATH),
  };
  code.serial = readSerial(octets);
  octets.close();
  verifyOrder(octets, code.cosignatures.map((each) => toHex(each.keyId)), "cosignatures");
  verifyOrder(octets, code.signatures.map((each) => each.signature.keyid), "keyids");
  return code;
}

function readHead(octets) {
  const readOne = (field) => readCosignature(octets, field);
  return {
    logKeyId: octets.take(KEY_ID_SIZE, "log_key_id"),
    treeSize: octets.number(8, "tree_size", { least: 1n, most: MAX_INT64 }),
    logSignature: octets.take(SIGNATURE_SIZE, "log_signature"),
    cosignatures: octets.each("cosignatures", readOne, { most: MAX_COSIGNATURES }),
    index: octets.number(8, "index", { most: MAX_INT64 }),
    inclusionPath: readPath(octets, "inclusion_path", MAX_PATH),
  };
}

function readLeaf(octets) {
  const timeMs = octets.number(8, "time_ms", MOMENT);
  const chainSeq = octets.number(8, "chain_seq");
  // The first leaf of a chain has no predecessor.
  const prevLeafHash = chainSeq ? octets.take(HASH_SIZE, "prev") : ZEROS;
  const salt = octets.take(HASH_SIZE, "salt");
  const acceptedMs = Number(octets.number(8, "accepted_ms", MOMENT));
  const readOne = (field) => readSignature(octets, field);
  const signatures = octets.each("signatures", readOne, { least: 1n, most: MAX_SIGNATURES });
  return { timeMs, chainSeq, prevLeafHash, salt, acceptedMs, signatures };
}

const readPath = (octets, field, most) => octets.each(field, (each) => octets.take(HASH_SIZE, each), { most });
