// Whose key is it? Answered from signed statements alone. Mirrors core/keyring.py. A
// standing is `{key, gln, signer, role, shownBy, hasStanding}`.
import { readBody } from "./bodies.js";
import { readDelegation, verifyDelegation } from "./delegation.js";
import { STATEMENT_TYPE, statementId } from "./envelope.js";
import { MalformedInput, ProofError, UntrustedSignature } from "./errors.js";
import { verifySignature } from "./signing.js";
import { ADMIN, broughtBy, keyAbout } from "./speakers.js";
import { verifySpeech } from "./speech.js";
import { parseStatement } from "./statement.js";

const OFFICES = new Set(["operator", "regulator", "brand_authority"]);
const NAMING = new Set(["genesis", "party.admit", "key.enrol"]);

/** The keys that a set of statements shows, by keyid. */
export class KeyRing {
  constructor(keys = new Map(), genesis = null, genesisId = "") {
    Object.assign(this, { keys, genesis, genesisId });
  }

  /** Whether statements lead from genesis to any of its keys. */
  get isRooted() {
    return [...this.keys.values()].some((each) => each.hasStanding);
  }

  /** The keys with standing, as those know them who judge what was said. */
  get speakers() {
    const found = [...this.keys].filter(([, each]) => each.hasStanding);
    return new Map(found.map(([keyid, each]) => [keyid, { ...each, role: OFFICES.has(each.role) ? ADMIN : each.role }]));
  }

  /** The relying party that genesis names. */
  get webauthn() {
    return this.genesis && this.genesis.webauthn;
  }
}

/**
 * The keys that `envelopes` show; other statements among them are passed over.
 *
 * 1. Genesis, if it is there, is the one wanted, and all that it names have signed.
 * 2. Admissions and enrolments that keys with standing signed, as the door wants it.
 * 3. The keys of the others, without standing.
 */
export async function buildKeyring(envelopes, { genesisId = "" } = {}) {
  const said = envelopes.map(read).filter(Boolean);
  // 1.
  let ring = await start(said, genesisId);
  let waiting = said.filter((each) => each.statement.kind !== "genesis");
  // 2.
  if (genesisId && ring.genesis) [ring, waiting] = await admitAll(ring, waiting);
  // 3.
  const keys = new Map(ring.keys);
  for (const each of waiting) {
    for (const [keyid, standing] of named(each, false)) if (!keys.has(keyid)) keys.set(keyid, standing);
  }
  return new KeyRing(keys, ring.genesis, ring.genesisId);
}

/** Check every signature that a key of `ring` can check; `{keyid, standing, lentTo}` of each. */
export async function verifyVoices({ envelope, ring, acceptedMs }) {
  const voices = [];
  for (const signature of envelope.signatures) voices.push(await verifyVoice(envelope, signature, ring, acceptedMs));
  const { speakers } = ring;
  if (!ring.genesis || !speakers.size) return voices;
  const statement = parseStatement(envelope.payload);
  const own = broughtBy(statement);
  const stranger = voices.find((voice) => !speakers.has(voice.keyid) && !own.has(voice.keyid));
  if (stranger) throw new ProofError("no_standing", { field: stranger.keyid, wanted: "a key that genesis leads to" });
  const about = speakers.get(keyAbout(statement)) ?? null;
  await verifySpeech({ envelope, statement, acceptedMs, lines: null }, { speakers, genesis: ring.genesis, about });
  return voices;
}

async function verifyVoice(envelope, signature, ring, acceptedMs) {
  if (signature.delegation) return verifyLent(envelope, signature, ring, acceptedMs);
  const standing = ring.keys.get(signature.keyid) ?? null;
  if (standing) await verifySignature({ key: standing.key, pae: envelope.pae, signature, webauthn: ring.webauthn });
  return { keyid: signature.keyid, standing, lentTo: "" };
}

async function verifyLent(envelope, signature, ring, acceptedMs) {
  const [delegation, delegator] = readDelegation(signature);
  const { webauthn } = ring;
  await verifySignature({ key: delegation.key, pae: envelope.pae, signature, webauthn });
  const standing = ring.keys.get(delegator) ?? null;
  const voice = { keyid: delegator, standing, lentTo: signature.keyid };
  if (!standing) return voice;
  await verifyDelegation({ envelope: signature.delegation, delegator: standing.key, webauthn, delegation, acceptedMs });
  if (delegation.by !== standing.gln || delegation.signer !== standing.signer) {
    throw new UntrustedSignature("delegation_mismatch", { field: signature.keyid });
  }
  return voice;
}

function read(envelope) {
  if (envelope.payloadType !== STATEMENT_TYPE) return null;
  const statement = parseStatement(envelope.payload);
  if (!NAMING.has(statement.kind)) return null;
  return { id: statementId(envelope), envelope, statement, body: readBody(statement) };
}

async function start(said, genesisId) {
  const geneses = new Map(said.filter((each) => each.statement.kind === "genesis").map((each) => [each.id, each]));
  if (geneses.size > 1) throw new ProofError("two_geneses", { step: 4, got: [...geneses.keys()].sort() });
  if (!geneses.size) {
    if (genesisId) throw new ProofError("no_genesis", { step: 4, wanted: genesisId });
    return new KeyRing();
  }
  const [[found, each]] = geneses;
  if (genesisId && found !== genesisId) throw new ProofError("wrong_genesis", { step: 4, got: found, wanted: genesisId });
  await verifySpeech(speech(each), { speakers: new Map(), genesis: each.body });
  return new KeyRing(named(each, Boolean(genesisId)), each.body, found);
}

/** The ring with every key that statements lead to, and the others' statements. */
async function admitAll(first, others) {
  let [ring, waiting] = [first, others];
  const glns = new Map(ring.genesis.parties.map((party) => [party.gln, ring.genesisId]));
  for (;;) {
    const shown = [];
    for (const each of waiting) if (await stands(each, ring)) shown.push(each);
    if (!shown.length) return [ring, waiting];
    const keys = new Map(ring.keys);
    for (const each of shown) {
      verifyFirst(each, keys, glns);
      for (const [keyid, standing] of named(each, true)) keys.set(keyid, standing);
    }
    ring = new KeyRing(keys, ring.genesis, ring.genesisId);
    waiting = waiting.filter((each) => !shown.includes(each));
  }
}

/** Whether those signed who must, all of them by keys with standing. */
async function stands(said, { speakers, genesis }) {
  try {
    await verifySpeech(speech(said), { speakers, genesis });
  } catch (error) {
    if (error instanceof UntrustedSignature || error instanceof MalformedInput) return false;
    throw error;
  }
  return said.statement.ledger === genesis.origin;
}

/** A party is admitted once and a key enrolled once: which would count? */
function verifyFirst(said, keys, glns) {
  for (const keyid of named(said, true).keys()) {
    if (keys.has(keyid) && keys.get(keyid).shownBy !== said.id) {
      throw new ProofError("enrolled_twice", { step: 4, field: keyid, got: said.id });
    }
  }
  if (said.statement.kind !== "party.admit") return;
  const { gln } = said.body;
  if (!glns.has(gln)) glns.set(gln, said.id);
  if (glns.get(gln) !== said.id) throw new ProofError("admitted_twice", { step: 4, field: gln, got: said.id });
}

// Nobody lends a voice for these kinds, so the signer's own moment will do.
const speech = ({ envelope, statement }) => ({ envelope, statement, acceptedMs: statement.atMs, lines: null });

function named(said, hasStanding) {
  const offices = new Map((said.body.parties ?? []).map((party) => [party.gln, party.role]));
  const standing = (each) => ({ ...each, role: offices.get(each.gln) ?? each.role, shownBy: said.id, hasStanding });
  return new Map([...broughtBy(said.statement)].map(([keyid, each]) => [keyid, standing(each)]));
}
