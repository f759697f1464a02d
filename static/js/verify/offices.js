// Whom a statement of each kind needs among its signers. Mirrors core/offices.py.
import { readBody } from "./bodies.js";
import { UntrustedSignature } from "./errors.js";
import { ADMIN } from "./speakers.js";

const missing = (code, got, wanted, field = "signatures") => new UntrustedSignature(code, { field, got, wanted });

/**
 * Check that those signed whom the kind of `statement` needs: `signed` and `brought` are
 * sets of keyids, `known` the enrolled keys that spoke, `about` the key that a key.revoke
 * ends or a key.reattest speaks of, or null.
 */
export function verifyOffices(statement, { signed, brought, known, genesis, about }) {
  const { kind, by } = statement;
  if (kind === "genesis") verifyEveryParty(signed, genesis);
  if (kind === "party.admit" || kind === "key.enrol") verifyPossession(signed, brought);
  if (kind === "party.admit" || kind === "party.licence") verifyOffice(known, genesis, by);
  else if (kind === "key.enrol") verifyEnrolment(known, genesis, by);
  else if (kind === "key.revoke") verifyRevocation(statement, known, genesis, about);
  else if (kind === "erasure") verifyOperator(genesis, by);
  else if (kind === "key.reattest") verifyOwnKey(about, by);
}

/** Genesis: operator and authorities, each by a key that it names of theirs. */
function verifyEveryParty(signed, { parties }) {
  const silent = parties.find((party) => !party.keys.some((each) => signed.has(each.key.keyid)));
  if (silent) throw missing("signature_missing", "none of its keys", `one of ${silent.gln}`);
}

/** Without it somebody could enrol a key that another party holds. */
function verifyPossession(signed, brought) {
  for (const keyid of brought) {
    if (!signed.has(keyid)) throw missing("possession_missing", "none by that key", `one by ${keyid}`);
  }
}

/** An authority that genesis names speaks, and the operator signs with it. */
function verifyOffice(known, genesis, by) {
  const glns = known.map((each) => each.gln);
  if (!isAuthority(genesis, by)) throw missing("not_an_authority", by, "one that genesis names", "by");
  if (!glns.includes(by)) throw missing("signature_missing", "none of its keys", `one of ${by}`);
  const operator = genesis.operator.gln;
  if (!glns.includes(operator)) throw missing("operator_missing", "none by the operator", `one of ${operator}`);
  if (!areTwoPersons(known, genesis)) throw missing("same_person", "one person for both offices", "two persons");
}

/** Erasures: what the operator keeps, the operator alone lets go. */
function verifyOperator({ operator }, by) {
  if (by !== operator.gln) throw missing("not_the_operator", by, operator.gln, "by");
}

const adminMissing = (by) => missing("admin_missing", "no administrator's", `an admin key of ${by}`);

/** An admin key of the party, or, where it has none left, both offices. */
function verifyEnrolment(known, genesis, by) {
  if (!hasAdmin(known, by) && !haveOffices(known, genesis)) throw adminMissing(by);
}

/** The key itself or an admin key of its party, or an authority and the operator. */
function verifyRevocation(statement, known, genesis, about) {
  const { by } = statement;
  const { keyid } = readBody(statement);
  if (isAuthority(genesis, by) && haveOffices(known, genesis)) return;
  verifyOwnKey(about, by);
  const isItself = known.some((each) => each.key.keyid === keyid);
  if (!isItself && !hasAdmin(known, by)) throw adminMissing(by);
}

function verifyOwnKey(about, by) {
  if (about && about.gln !== by) throw missing("not_of_party", by, "the key's own party", "by");
}

const hasAdmin = (known, gln) => known.some((each) => each.gln === gln && each.role === ADMIN);

function haveOffices(known, genesis) {
  const glns = known.map((each) => each.gln);
  const isBoth = glns.includes(genesis.operator.gln) && glns.some((gln) => isAuthority(genesis, gln));
  return isBoth && areTwoPersons(known, genesis);
}

/** Nobody approves what they proposed: each office speaks by somebody of its own. */
function areTwoPersons(known, genesis) {
  const operators = known.filter((each) => each.gln === genesis.operator.gln);
  const authorities = known.filter((each) => isAuthority(genesis, each.gln));
  return operators.some((one) => authorities.some((other) => one.signer !== other.signer));
}

const isAuthority = ({ authorities }, gln) => authorities.some((each) => each.gln === gln);
