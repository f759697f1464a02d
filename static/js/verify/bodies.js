// The bodies of all kinds but `event`; and what body and statement must share. Mirrors
// core/bodies.py, reattest_body.py, recall_bodies.py, product_body.py and ledger_bodies.py.
import { compareTexts, sameBytes, toHex } from "./bytes.js";
import { MalformedInput } from "./errors.js";
import { Fields } from "./fields.js";
import { readGenesis } from "./genesis_body.js";
import { CONFIG_TAG } from "./leaf.js";
import { readKeyEnrol, readKeyRevoke, readPartyAdmit, readPartyLicence } from "./party_bodies.js";
import { CLASSES, DEPTHS, parseScope } from "./recall.js";

const ANSWER_STATES = new Set(["quarantined", "returned", "destroyed", "supplied", "in_transit", "not_found"]);

const READERS = {
  "party.admit": readPartyAdmit,
  "party.licence": readPartyLicence,
  "key.enrol": readKeyEnrol,
  "key.revoke": readKeyRevoke,
  "key.reattest": readKeyReattest,
  "product.register": readProduct,
  "recall.open": readRecallOpen,
  "recall.amend": (fields) => ({ scope: readScope(fields), recall: readRecall(fields), reason: fields.prose("reason") }),
  "recall.close": (fields) => ({ recall: readRecall(fields), reason: fields.prose("reason") }),
  "recall.answer": readRecallAnswer,
  erasure: readErasure,
  genesis: readGenesis,
  events: (fields) => ({ count: fields.integer("count", { least: 1 }), digest: fields.hexed("digest") }),
};

/** The body of `statement`, which must agree with it: `body_mismatch`. */
export function readBody(statement) {
  const { kind } = statement;
  if (!Object.hasOwn(READERS, kind)) throw new MalformedInput("unknown_word", { field: "kind", got: kind });
  const fields = new Fields(statement.body, { where: "body" });
  const body = READERS[kind](fields);
  fields.close();
  if (kind === "genesis") verifyGenesis(statement, body);
  else if (/^recall\.(?:amend|close|answer)$/.test(kind)) verifyRecall(statement, body);
  else if (kind === "events") verifyEvents(statement, body);
  else if (kind === "key.reattest") verifyReattest(statement);
  else verifySubjects(statement, body);
  return body;
}

function mismatch(name, wanted) {
  const field = name === "subjects" ? name : `body.${name}`;
  return new MalformedInput("body_mismatch", { field, wanted });
}

function verifyGenesis({ ledger, by, subjects }, { origin, operator, parties, receiptKeys }) {
  if (ledger !== origin || by !== operator.gln) throw mismatch("origin", "the ledger and the operator that speak");
  if (subjects.length !== 1 || !sameBytes(subjects[0].tag, CONFIG_TAG)) {
    throw mismatch("subjects", "the tag of the configuration alone");
  }
  const keyids = parties.flatMap((party) => party.keys.map((each) => each.key.keyid));
  keyids.push(...receiptKeys.map((key) => key.keyid));
  if (new Set(keyids).size !== keyids.length) throw mismatch("operator", "every key once");
  if (new Set(parties.map((party) => party.gln)).size !== parties.length) throw mismatch("authorities", "every party once");
}

function verifyRecall({ parents, subjects }, { recall, counts }) {
  if (!parents.some((parent) => parent.text === recall)) throw mismatch("recall", "one of the parents");
  if (!counts) return;
  const sum = (numbers) => numbers.reduce((total, each) => total + BigInt(each), 0n);
  const answered = sum(subjects.flatMap((each) => (each.moved ? [each.moved.n] : [])));
  if (sum([...counts.values()]) !== answered) throw mismatch("counts", `${answered} units in all`);
}

function verifyEvents({ subjects }, { count }) {
  if (subjects.some((each) => each.events && each.events.size > count)) {
    throw mismatch("count", "at least the events of each subject");
  }
}

/** It names whole statements, and is one leaf: of the party's chain. */
function verifyReattest({ parents, subjects }) {
  if (!parents.length || parents.some((parent) => parent.line !== null)) {
    throw new MalformedInput("body_mismatch", { field: "parents", wanted: "one statement or more, each whole" });
  }
  verifyCount(subjects, 1);
}

function verifySubjects({ kind, by, subjects }, body) {
  if (kind === "key.enrol" && body.party !== by) throw mismatch("party", by);
  const bringsKey = kind === "key.enrol" || kind === "party.admit";
  if (bringsKey && !subjects.some((each) => sameBytes(each.tag, body.keyTag))) {
    throw mismatch("key_tag", "the tag of one of the subjects");
  }
  // A party and its key, two chains; both must show the key's beginning.
  const needed = { "party.admit": 2, "key.enrol": 2, "party.licence": 1 }[kind];
  if (needed !== undefined) verifyCount(subjects, needed);
}

function verifyCount(subjects, needed) {
  if (subjects.length === needed) return;
  const got = `${subjects.length} subjects`;
  throw new MalformedInput("body_mismatch", { field: "subjects", got, wanted: String(needed) });
}

function readKeyReattest(fields) {
  const hasNote = fields.has("note");
  return { keyid: toHex(fields.hexed("keyid")), note: hasNote ? fields.prose("note") : "" };
}

function readProduct(fields) {
  const optional = (name) => (fields.has(name) ? fields.text(name, { longest: 80 }) : "");
  const by = ({ system, code }) => JSON.stringify([system, code]);
  return {
    gtin: fields.gtin("gtin"),
    name: fields.text("name"),
    strength: optional("strength"),
    form: optional("form"),
    packSize: fields.text("pack_size", { longest: 80 }),
    brandOwner: fields.gln("brand_owner"),
    marketCodes: fields.has("market_codes")
      ? fields.distinct("market_codes", readMarketCode, { least: 1, most: 20, by })
      : [],
  };
}

function readMarketCode(fields, name) {
  const inner = fields.object(name);
  const code = { system: inner.text("system", { longest: 20 }), code: inner.text("code", { longest: 40 }) };
  inner.close();
  return code;
}

const readRecall = (fields) => toHex(fields.hexed("recall"));
const readScope = (fields) => parseScope(fields.members("scope"));

function readRecallOpen(fields) {
  const scope = readScope(fields);
  const [hasReturn, hasReference] = [fields.has("return_to"), fields.has("reference")];
  return {
    scope,
    gtin: fields.gtin("gtin"),
    recallClass: fields.word("class", CLASSES),
    reason: fields.prose("reason"),
    instructions: fields.prose("instructions"),
    depth: fields.word("depth", DEPTHS),
    returnTo: hasReturn ? fields.gln("return_to") : "",
    reference: hasReference ? fields.text("reference", { longest: 80 }) : "",
  };
}

function readRecallAnswer(fields) {
  const inner = fields.object("counts");
  const states = [...inner.left.keys()].sort(compareTexts);
  const stranger = states.find((state) => !ANSWER_STATES.has(state));
  if (stranger !== undefined) {
    const wanted = `one of ${[...ANSWER_STATES].sort().join(", ")}`;
    throw new MalformedInput("unknown_word", { field: inner.path(stranger), got: stranger, wanted });
  }
  const counts = new Map(states.map((state) => [state, inner.integer(state, { least: 1 })]));
  const hasNote = fields.has("note");
  return { counts, recall: readRecall(fields), note: hasNote ? fields.prose("note") : "" };
}

function readErasure(fields) {
  const read = (inner, name) => inner.integer(name, { least: 1 });
  const indices = fields.each("indices", read, { least: 1, most: 65_536 });
  if (indices.some((index, at) => at > 0 && indices[at - 1] >= index)) {
    throw new MalformedInput("not_sorted", { field: fields.path("indices"), wanted: "ascending indices" });
  }
  return { indices, legalBasis: fields.prose("legal_basis"), snapshotDigest: fields.hexed("snapshot_digest") };
}
