// One pack, shown offline: by its proof file, or by its proof code alone. Mirrors
// core/packs.py and core/outside/packs.py. Steps 2 to 10 are those of the commissioning
// statement, and
//
// 12. the pack stands under the signed root, and is what is printed on it
// 13. the pack's later steps, proven or only said; a code has none
// 14. how fresh it is: when a quorum of witnesses had seen the head
import { formatTimeMs } from "./encoding.js";
import { ProofError, atStep } from "./errors.js";
import { KeyRing } from "./keyring.js";
import { WEBAUTHN_ES256, loadPublicKey } from "./keys.js";
import { commissioned, openCode } from "./packcode.js";
import { verifyHistory } from "./packhistory.js";
import { policyWithin } from "./places.js";
import { openTrustedCheckpoint, seenSeconds } from "./policy.js";
import { verifySerial } from "./serials.js";
import { finding } from "./steps.js";
import { verifyStatement } from "./verify.js";

// A clock may be so far behind that of the witnesses.
const AHEAD_MS = 5n * 60_000n;
const UNITS = [[86_400n, "day(s)"], [3_600n, "hour(s)"], [60n, "minute(s)"], [1n, "second(s)"]];

/**
 * Steps 2 to 14 for a pack proof or a proof code, and the age of the head at `nowMs`.
 * Whoever gives `found` sees there what was shown before a step failed.
 */
export async function judgePack(pack, { found = [], ...context }) {
  await (pack.statement ? judgeProof : judgeCode)(pack, { found, ...context });
  return found;
}

async function judgeProof(proof, { policy, ring, nowMs, found }) {
  const { pack, place, statement } = proof;
  await verifyStatement({ proof: statement, policy, ring, found });
  const subject = await atStep(3, () => commissioned(statement.envelope.payload));
  found.push(await atStep(12, () => {
    verifyName(pack, subject.serials);
    return verifyPlace(place, pack, subject.serials);
  }));
  found.push(...await atStep(13, () => verifyHistory(proof, { tag: subject.tag, policy, ring })));
  found.push(...await freshness(statement, { policy, ring, nowMs }));
}

async function judgeCode(code, { policy, ring: shown, nowMs, found }) {
  const statement = await openCode(code, policy);
  code.opened = statement;
  const ring = await atStep(4, () => withBrought(shown, code));
  await verifyStatement({ proof: statement, policy, ring, found });
  const { serials } = await atStep(3, () => commissioned(code.payload));
  const pack = { gtin: serials.gtin, lot: serials.lot, expiry: serials.expiryDate, serial: code.serial };
  found.push(await atStep(12, () => verifyPlace(code.place, pack, serials)));
  found.push(...await freshness(statement, { policy, ring, nowMs }));
}

/** The ring, and the keys that the code brings as keys of nobody known. */
function withBrought(ring, { signatures }) {
  const keys = new Map();
  for (const { alg, spki, signature } of signatures) {
    // What a passkey signs names the site, which genesis alone vouches for.
    if (alg === WEBAUTHN_ES256 && !ring.webauthn) continue;
    const key = loadPublicKey({ spki, alg });
    keys.set(signature.keyid, { key, gln: "", signer: "", role: "", shownBy: "", hasStanding: false });
  }
  return new KeyRing(new Map([...keys, ...ring.keys]), ring.genesis, ring.genesisId);
}

function verifyName({ gtin, lot, expiry }, serials) {
  const [got, wanted] = [[gtin, lot, expiry].join(" "), [serials.gtin, serials.lot, serials.expiryDate].join(" ")];
  if (got !== wanted) throw new ProofError("other_pack", { field: "pack", got, wanted });
}

function verifyPlace(place, pack, { base, size, root, gtin }) {
  verifySerial({ place, gtin, serial: pack.serial, base, size, root });
  return finding(12, "pack", { ...pack, number: place.ordinal - base + 1, size });
}

async function freshness({ leaves: [{ leaf, proof }] }, { policy, ring, nowMs }) {
  return atStep(14, async () => {
    const within = policyWithin(policy, ring);
    const seen = seenSeconds(within, await openTrustedCheckpoint(proof.checkpoint, within));
    if (seen === null) return [finding(14, "unseen", { time: formatTimeMs(leaf.timeMs) }, { isShown: false })];
    return [finding(14, "seen", { time: formatTimeMs(seen * 1000n) }), judgeAge(BigInt(nowMs) - seen * 1000n)];
  });
}

function judgeAge(ageMs) {
  if (ageMs < -AHEAD_MS) return finding(14, "age_ahead", {}, { isDoubtful: true });
  const seconds = ageMs > 0n ? ageMs / 1000n : 0n;
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? UNITS.at(-1);
  return finding(14, "age", { count: seconds / size, unit });
}
