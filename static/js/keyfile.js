// A key from a file: PKCS#8 PEM, as `pharmatrace-sign keygen` writes it, with or
// without a passphrase (PBES2: PBKDF2 with HMAC-SHA-256 or SHA-1, AES-CBC; RFC 8018).
// The private key becomes not extractable; the file itself is not kept.
import { fromBase64 } from "./dsse.js";

const OID = {
  "1.2.840.113549.1.5.13": "PBES2",
  "1.2.840.113549.1.5.12": "PBKDF2",
  "1.2.840.113549.2.7": "SHA-1",
  "1.2.840.113549.2.9": "SHA-256",
  "2.16.840.1.101.3.4.1.2": 128,
  "2.16.840.1.101.3.4.1.22": 192,
  "2.16.840.1.101.3.4.1.42": 256,
};

/** A file that cannot be used; `textName` names the sentence that says why. */
export class KeyFileError extends Error {
  constructor(textName) {
    super(textName);
    this.textName = textName;
  }
}

/** One DER value and what follows it: {tag, body, rest}. */
function readDer(bytes) {
  let length = bytes[1];
  let start = 2;
  if (length & 0x80) {
    start += length & 0x7f;
    length = bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  if (bytes.length < start + length) throw new KeyFileError("badkeyfile");
  return { tag: bytes[0], body: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}

function children({ body }) {
  const found = [];
  for (let rest = body; rest.length;) {
    const one = readDer(rest);
    found.push(one);
    rest = one.rest;
  }
  return found;
}

function oidText({ body }) {
  const parts = [Math.floor(body[0] / 40), body[0] % 40];
  let number = 0;
  for (const byte of body.subarray(1)) {
    number = number * 128 + (byte & 0x7f);
    if (!(byte & 0x80)) {
      parts.push(number);
      number = 0;
    }
  }
  if (parts[0] > 2) parts.splice(0, 2, 2, body[0] - 80);
  return parts.join(".");
}

const named = (value) => OID[oidText(value)];
const integer = ({ body }) => body.reduce((sum, byte) => sum * 256 + byte, 0);

async function decrypt(der, passphrase) {
  const [algorithm, encrypted] = children(readDer(der));
  const [scheme, parameters] = children(algorithm);
  if (named(scheme) !== "PBES2") throw new KeyFileError("badkeyfile");
  const [derivation, cipher] = children(parameters).map(children);
  const [salt, rounds, ...others] = children(derivation[1]);
  const prf = others.find((one) => one.tag === 0x30);
  const hash = prf ? named(children(prf)[0]) : "SHA-1";
  const bits = named(cipher[0]);
  if (named(derivation[0]) !== "PBKDF2" || !hash || typeof bits !== "number") throw new KeyFileError("badkeyfile");
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "PBKDF2", salt: salt.body, iterations: integer(rounds), hash },
    secret, { name: "AES-CBC", length: bits }, false, ["decrypt"],
  );
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: cipher[1].body }, key, encrypted.body));
  } catch {
    throw new KeyFileError("badpassphrase");
  }
}

async function importEither(pkcs8) {
  const choices = [["ed25519", { name: "Ed25519" }], ["ecdsa-p256-sha256", { name: "ECDSA", namedCurve: "P-256" }]];
  for (const [alg, parameters] of choices) {
    try {
      // Extractable for this one moment: the public half can only be read from its JWK.
      const open = await crypto.subtle.importKey("pkcs8", pkcs8, parameters, true, ["sign"]);
      const { d, key_ops, ...jwk } = await crypto.subtle.exportKey("jwk", open);
      const publicKey = await crypto.subtle.importKey("jwk", { ...jwk, ext: true }, parameters, true, ["verify"]);
      const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
      const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, parameters, false, ["sign"]);
      return { alg, privateKey, spki };
    } catch (error) {
      if (error.name !== "DataError" && error.name !== "NotSupportedError") throw error;
    }
  }
  throw new KeyFileError("badkeyfile");
}

/** {alg, privateKey, spki} of a PEM file. Throws KeyFileError. */
export async function readKeyFile(pem, passphrase) {
  const found = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(pem);
  if (!found) throw new KeyFileError("badkeyfile");
  try {
    const der = fromBase64(found[2].replace(/\s/g, ""));
    return await importEither(found[1] ? await decrypt(der, passphrase) : der);
  } catch (error) {
    // Whatever else goes wrong, the file is not what we read: cut short, other fields.
    throw error instanceof KeyFileError ? error : new KeyFileError("badkeyfile");
  }
}
