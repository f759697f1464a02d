// The modules of static/js/verify as a service: one JSON line in, one out. What is asked
// for by name stands below; byte strings travel as base64.
import { createInterface } from "node:readline";

import { fromBase64, toBase64, toHex, utf8 } from "../../static/js/verify/bytes.js";
import { readBody } from "../../static/js/verify/bodies.js";
import { canonicalBytes, parseCanonical } from "../../static/js/verify/canonical.js";
import * as cbv from "../../static/js/verify/cbv.js";
import { verifyAssigned } from "../../static/js/verify/assigned.js";
import { openCheckpoint, parseCheckpoint } from "../../static/js/verify/checkpoint.js";
import { fromDer } from "../../static/js/verify/ecdsa.js";
import { isSignature, verifyPoint } from "../../static/js/verify/edwards25519.js";
import { TraceError } from "../../static/js/verify/errors.js";
import { readEvent } from "../../static/js/verify/events.js";
import { verifyFiles } from "../../static/js/verify/files.js";
import { loadPublicKey } from "../../static/js/verify/keys.js";
import { decodeLeaf } from "../../static/js/verify/leaf.js";
import { rootFromPath } from "../../static/js/verify/merkle.js";
import { isMldsa44Signature } from "../../static/js/verify/mldsa.js";
import { parseNote } from "../../static/js/verify/note.js";
import { VerifierKey } from "../../static/js/verify/notekey.js";
import { isQuorum, openTrustedCheckpoint, parsePolicy } from "../../static/js/verify/policy.js";
import { parseTlogProof } from "../../static/js/verify/proof.js";
import { shake128, shake256 } from "../../static/js/verify/keccak.js";
import { sha256 } from "../../static/js/verify/sha256.js";
import { verifySignature } from "../../static/js/verify/signing.js";
import { parseStatement } from "../../static/js/verify/statement.js";
import { parseJson } from "../../static/js/verify/strict_json.js";
import { isEd25519Signature, isP256Signature } from "../../static/js/verify/webcrypto.js";

const input = ({ name, data }) => ({ name, data: fromBase64(data) });
const refusal = ({ step, code, field, got, wanted }) => ({ step, code, field, got, wanted });

const CALLS = {
  async verify({ inputs, policy, genesisId, nowMs }) {
    const said = await verifyFiles({ inputs: inputs.map(input), policy: input(policy), genesisId, nowMs });
    const findings = said.findings.map(({ step, text, isShown, isDoubtful }) => [step, text, isShown, isDoubtful]);
    return { findings, failure: said.failure && refusal(said.failure) };
  },
  sha256: ({ data }) => toHex(sha256(fromBase64(data))),
  shake: ({ data, size }) => [shake128, shake256].map((hash) => toHex(hash(fromBase64(data), size))),
  canonical: ({ data }) => toBase64(canonicalBytes(parseJson(fromBase64(data), { maxBytes: 1 << 24, doubles: true }))),
  parseCanonical: ({ data }) => toBase64(canonicalBytes(parseCanonical(fromBase64(data), { maxBytes: 1 << 24, doubles: true }))),
  parseJson: ({ data, ...options }) => toBase64(canonicalBytes(parseJson(fromBase64(data), options))),
  double: ({ bits }) => String(new DataView(BigUint64Array.of(BigInt(`0x${bits}`)).buffer).getFloat64(0, true)),
  assigned: ({ text }) => verifyAssigned(text) ?? true,
  bounds: ({ points }) => points.filter((point) => !isRefused(() => verifyAssigned(String.fromCodePoint(point)))),
  statement({ payload }) {
    const statement = parseStatement(fromBase64(payload));
    if (statement.kind === "event") readEvent(statement);
    else readBody(statement);
    return statement.kind;
  },
  cbv: () => Object.fromEntries(Object.entries(cbv).map(([name, each]) => [name, typeof each === "string" ? each : [...each]])),
  point: ({ data }) => verifyPoint(fromBase64(data)) ?? true,
  key: ({ spki, alg }) => loadPublicKey({ spki: fromBase64(spki), alg }).keyid,
  leaf: ({ data }) => toHex(decodeLeaf(fromBase64(data)).hash),
  async signature({ alg, spki, pae, sig, webauthn = null, scope = null }) {
    const key = loadPublicKey({ spki: fromBase64(spki), alg });
    const shown = webauthn && {
      authenticatorData: fromBase64(webauthn.authenticatorData),
      clientDataJson: fromBase64(webauthn.clientDataJSON),
    };
    const signature = { keyid: key.keyid, sig: fromBase64(sig), webauthn: shown };
    const site = scope && { rpId: scope.rpId, origins: new Set(scope.origins) };
    await verifySignature({ key, pae: fromBase64(pae), signature, webauthn: site });
    return true;
  },
  ed25519: async ({ key, sig, message }) =>
    Promise.all([isEd25519Signature, isSignature].map((check) => check(fromBase64(key), fromBase64(sig), fromBase64(message)))),
  async der({ key, sig, message }) {
    const bare = fromDer(fromBase64(sig));
    return typeof bare !== "string" && isP256Signature(fromBase64(key), bare, fromBase64(message));
  },
  mldsa: ({ key, sig, message }) => isMldsa44Signature(fromBase64(key), fromBase64(sig), fromBase64(message)),
  note: ({ data }) => parseNote(fromBase64(data)).text,
  checkpoint({ text }) {
    const { origin, treeSize, rootHash, extensions } = parseCheckpoint(text);
    return [origin, String(treeSize), toHex(rootHash), extensions];
  },
  vkey: ({ text }) => VerifierKey.parse(text).text,
  async open({ data, logs, witnesses = [] }) {
    const [logKeys, witnessKeys] = [logs, witnesses].map((texts) => texts.map((text) => VerifierKey.parse(text)));
    const signed = await openCheckpoint(fromBase64(data), { logKeys, witnessKeys });
    return [signed.logSignatures.length, signed.cosignatures.length];
  },
  async trusted({ data, policy }) {
    const signed = await openTrustedCheckpoint(fromBase64(data), parsePolicy(fromBase64(policy)));
    return String(signed.checkpoint.treeSize);
  },
  policy({ data, cosigned = [] }) {
    const policy = parsePolicy(fromBase64(data));
    return [policy.logs.length, policy.witnesses.length, policy.groups.length, isQuorum(policy, new Set(cosigned))];
  },
  place({ data }) {
    const { index, path, checkpoint } = parseTlogProof(fromBase64(data));
    return [String(index), path.map(toHex), toBase64(checkpoint)];
  },
  root: ({ leaf, index, size, path }) =>
    toHex(rootFromPath({
      leafHash: fromBase64(leaf), index: BigInt(index), treeSize: BigInt(size), path: path.map(fromBase64),
    })),
  utf8: ({ text }) => toBase64(utf8(text)),
};

function isRefused(check) {
  try {
    check();
    return false;
  } catch {
    return true;
  }
}

async function answer({ call, args }) {
  try {
    return { value: await CALLS[call](args) };
  } catch (error) {
    if (error instanceof TraceError) return { refused: { family: error.constructor.name, ...refusal(error) } };
    return { crashed: error.stack };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
