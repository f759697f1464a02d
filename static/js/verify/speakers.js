// Keys as those know them who judge what was said. Mirrors core/speakers.py.
import { readBody } from "./bodies.js";
import { PARTY_KINDS } from "./statement.js";

export const MEMBER = "member"; // reads; does not sign
export const ADMIN = "admin";
const ABOUT_A_KEY = new Set(["key.revoke", "key.reattest"]);

/** The keys that a statement brings itself, by keyid: `{key, gln, signer, role}`. */
export function broughtBy(statement) {
  const { kind } = statement;
  if (!PARTY_KINDS.has(kind) && kind !== "genesis") return new Map();
  const body = readBody(statement);
  let brought = [];
  if (kind === "genesis") {
    brought = body.parties.flatMap(({ gln, keys }) =>
      keys.map(({ key, signer }) => ({ key, gln, signer, role: ADMIN })));
  } else if (kind === "party.admit") {
    brought = [{ ...body.firstKey, gln: body.gln, role: ADMIN }];
  } else if (kind === "key.enrol") {
    brought = [{ key: body.key, gln: body.party, signer: body.signer, role: body.role }];
  }
  return new Map(brought.map((each) => [each.key.keyid, each]));
}

/** The keyid that a key.revoke ends or a key.reattest speaks of, "" for others. */
export const keyAbout = (statement) => (ABOUT_A_KEY.has(statement.kind) ? readBody(statement).keyid : "");
