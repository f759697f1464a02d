// Who spoke, and may they say this. Mirrors core/speech.py.
import { compareTexts } from "./bytes.js";
import { readDelegation, verifyDelegation } from "./delegation.js";
import { parseEvent } from "./epcis_parse.js";
import { UntrustedSignature } from "./errors.js";
import { readFile } from "./events.js";
import { verifyOffices } from "./offices.js";
import { verifySignature } from "./signing.js";
import { MEMBER, broughtBy } from "./speakers.js";
import { GOODS_KINDS } from "./statement.js";

/**
 * Check that whoever signed may say this.
 *
 * 1. Every signature verifies: under a key that may sign, under a key that the statement
 *    brings, or under a key that such a one lent its voice.
 * 2. One of them is of `by`, and `signer` is the person or system that holds it.
 * 3. Those whom the kind needs have signed (see offices.js).
 *
 * `speech` is `{envelope, statement, acceptedMs, lines}`; `speakers` a Map by keyid.
 */
export async function verifySpeech(speech, { speakers, genesis, about = null }) {
  const { envelope, statement } = speech;
  const brought = broughtBy(statement);
  // 1.
  const spoken = new Map();
  for (const signature of envelope.signatures) {
    const speaker = await verifyOne(speech, signature, { speakers, brought, genesis });
    spoken.set(speaker.key.keyid, speaker);
  }
  // 2.
  verifySpeaker(statement, [...spoken.values()]);
  // 3.
  verifyOffices(statement, {
    signed: new Set(envelope.signatures.map((each) => each.keyid)),
    brought: [...brought.keys()],
    known: [...spoken].filter(([keyid]) => !brought.has(keyid)).map(([, each]) => each),
    genesis,
    about,
  });
}

async function verifyOne(speech, signature, { speakers, brought, genesis }) {
  if (signature.delegation) return verifyLent(speech, signature, speakers, genesis);
  // A new key only shows possession, so its own role does not matter yet.
  const speaker = brought.get(signature.keyid) ?? usable(signature.keyid, speakers);
  const { pae } = speech.envelope;
  await verifySignature({ key: speaker.key, pae, signature, webauthn: genesis.webauthn });
  return speaker;
}

function usable(keyid, speakers) {
  const speaker = speakers.get(keyid);
  if (!speaker) {
    const [got, wanted] = ["a key that nobody enrolled", "an enrolled key"];
    throw new UntrustedSignature("unknown_key", { field: keyid, got, wanted });
  }
  if (speaker.role !== MEMBER) return speaker;
  throw new UntrustedSignature("key_may_not_sign", { field: keyid, got: MEMBER, wanted: "a signer's key" });
}

/** One signature of a device key; the key that lent its voice. */
async function verifyLent(speech, signature, speakers, genesis) {
  const [delegation, keyid] = readDelegation(signature);
  const speaker = usable(keyid, speakers);
  // 1. The delegation speaks for the ledger, party and person of its delegator.
  const { ledger, by, signer } = delegation;
  if (ledger !== speech.statement.ledger || by !== speaker.gln || signer !== speaker.signer) {
    const [got, wanted] = ["another ledger, party or person", "the delegator's own"];
    throw new UntrustedSignature("delegation_mismatch", { field: signature.keyid, got, wanted });
  }
  // 2. It was lent for signing, and speaks of goods, at the one site it names.
  verifyUse(speech, delegation);
  // 3. The delegator signed it, and its time is the law's moment.
  const { webauthn } = genesis;
  const { acceptedMs } = speech;
  await verifyDelegation({ envelope: signature.delegation, delegator: speaker.key, webauthn, delegation, acceptedMs });
  // 4. The device key signed the statement.
  await verifySignature({ key: delegation.key, pae: speech.envelope.pae, signature, webauthn });
  return speaker;
}

function verifyUse(speech, { role, site }) {
  const { kind } = speech.statement;
  if (!GOODS_KINDS.has(kind)) {
    throw new UntrustedSignature("delegation_too_weak", { field: "kind", got: kind, wanted: "an event" });
  }
  if (role === MEMBER) {
    throw new UntrustedSignature("delegation_too_weak", { field: "role", got: MEMBER, wanted: "signer" });
  }
  const [elsewhere] = sitesOf(speech).filter((each) => each !== site).sort(compareTexts);
  if (elsewhere === undefined) return;
  throw new UntrustedSignature("delegation_elsewhere", { field: "readPoint", got: elsewhere, wanted: site });
}

function sitesOf({ statement, lines }) {
  if (statement.kind === "event") return [parseEvent(statement.body).readPoint.gln];
  return lines ? readFile(statement, lines).map((line) => line.event.readPoint.gln) : [];
}

function verifySpeaker({ by, signer }, spoken) {
  const signers = spoken.filter((each) => each.gln === by).map((each) => each.signer);
  if (!signers.length) {
    throw new UntrustedSignature("not_of_party", { field: "by", got: by, wanted: "a signature of `by`" });
  }
  if (signers.includes(signer)) return;
  const wanted = "the person or system whose key signed";
  throw new UntrustedSignature("not_the_signer", { field: "signer", got: signer, wanted });
}
