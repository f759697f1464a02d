// C2SP trust policies: which logs and which quorum of witnesses a reader believes.
// Mirrors core/policy.py.
import { decodeOpaque, sameBytes } from "./bytes.js";
import { openCheckpoint } from "./checkpoint.js";
import { MalformedInput, ProofError } from "./errors.js";
import {
  COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519, VerifierKey, cosignatureTime, kindName,
} from "./notekey.js";
import { parseDecimal, parseUtf8 } from "./strict.js";

export const NO_QUORUM = "none";
const MAX_POLICY_BYTES = 1_000_000;
const LOG_KINDS = [NOTE_ED25519, COSIGNATURE_MLDSA44];
const WITNESS_KINDS = [COSIGNATURE_ED25519, COSIGNATURE_MLDSA44];
const [TAB, LINE_FEED, BLANK] = [0x09, 0x0a, 0x20];

const refuse = (code, got = null, wanted = "") => new MalformedInput(code, { field: "policy", got, wanted });

/** A policy from its file: `{logs, witnesses, groups, quorum}`. */
export function parsePolicy(data) {
  if (data.length > MAX_POLICY_BYTES) throw refuse("policy_too_large", data.length);
  if (data.length && data.at(-1) !== LINE_FEED) throw refuse("unterminated_line");
  const reader = new Reader();
  splitBytes(data, LINE_FEED).forEach((line, at) => reader.readLine(at + 1, line));
  if (reader.quorum === null) throw refuse("no_quorum", null, "a quorum line");
  const { logs, witnesses, groups, quorum } = reader;
  return { logs, witnesses, groups, quorum };
}

/** Whether the witnesses of these policy names are strong enough together. */
export function isQuorum({ witnesses, groups, quorum }, cosigned) {
  if (quorum === NO_QUORUM) return true;
  const met = new Set(witnesses.map((each) => each.name).filter((name) => cosigned.has(name)));
  for (const { name, threshold, members } of groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return met.has(quorum);
}

/** The policy names of the witnesses whose lines on `signed` were verified. */
export function cosignedNames({ witnesses }, signed) {
  const ids = new Set(signed.cosignatures.map((one) => one.key.id));
  return new Set(witnesses.filter((each) => ids.has(each.key.id)).map((each) => each.name));
}

/**
 * The latest moment, POSIX seconds as a BigInt, at which a quorum had seen `signed`; null
 * where the policy asks for no witness, or those that cosigned are none.
 */
export function seenSeconds(policy, signed) {
  if (policy.quorum === NO_QUORUM) return null;
  const names = new Map(policy.witnesses.map(({ key, name }) => [key.id, name]));
  const seen = signed.cosignatures
    .filter((one) => names.has(one.key.id))
    .map((one) => ({ at: cosignatureTime(one.signature), name: names.get(one.key.id) }));
  const moments = seen.map(({ at }) => at).sort((left, right) => (left < right ? 1 : -1));
  const hadSeen = (at) => new Set(seen.filter((one) => one.at >= at).map(({ name }) => name));
  return moments.find((at) => isQuorum(policy, hadSeen(at))) ?? null;
}

/** The checkpoint in `data`, if a reader with this policy believes it. */
export async function openTrustedCheckpoint(data, policy) {
  const signed = await openCheckpoint(data, {
    logKeys: policy.logs.map((log) => log.key),
    witnessKeys: policy.witnesses.map((witness) => witness.key),
  });
  const cosigned = cosignedNames(policy, signed);
  if (!isQuorum(policy, cosigned)) {
    const got = [...cosigned].sort().join(", ") || "no witness";
    throw new ProofError("no_quorum", { field: "checkpoint", got, wanted: `quorum ${policy.quorum}` });
  }
  return signed;
}

function splitBytes(bytes, ...marks) {
  const parts = [];
  let start = 0;
  bytes.forEach((byte, at) => {
    if (!marks.includes(byte)) return;
    parts.push(bytes.subarray(start, at));
    start = at + 1;
  });
  return [...parts, bytes.subarray(start)];
}

/** Reads a policy line by line; names may be used only after their definition. */
class Reader {
  logs = [];
  witnesses = [];
  groups = [];
  quorum = null;
  defined = new Set([NO_QUORUM]);
  members = new Set();

  readLine(number, line) {
    if (line.some((byte) => (byte < BLANK && byte !== TAB) || byte === 0x7f)) {
      throw refuse("control_character", `line ${number}`);
    }
    const octets = splitBytes(line, BLANK, TAB).filter((item) => item.length);
    // Names are opaque octets: what is not UTF-8 must still keep apart.
    const [keyword = "#", ...items] = octets.map(decodeOpaque);
    const readers = { log: this.readLog, witness: this.readWitness, group: this.readGroup, quorum: this.readQuorum };
    if (keyword.startsWith("#")) return;
    if (!Object.hasOwn(readers, keyword)) throw refuse("unknown_keyword", `line ${number}: ${keyword}`);
    readers[keyword].call(this, items, octets.slice(1));
  }

  readLog(items, octets) {
    if (items.length < 1 || items.length > 2) throw refuse("bad_log_line", items.length, "log <vkey> [<url>]");
    const key = parseKey(octets[0], LOG_KINDS);
    refuseKnown(key, this.logs);
    this.logs.push({ key });
  }

  readWitness(items, octets) {
    if (items.length < 2 || items.length > 3) {
      throw refuse("bad_witness_line", items.length, "witness <name> <vkey> [url]");
    }
    const key = parseKey(octets[1], WITNESS_KINDS);
    refuseKnown(key, this.witnesses);
    this.define(items[0]);
    this.witnesses.push({ name: items[0], key });
  }

  readGroup(items) {
    if (items.length < 3) throw refuse("bad_group_line", items.length, "group <name> <k> <name>...");
    const [name, threshold, ...members] = items;
    members.forEach((member) => this.join(member));
    this.define(name);
    const size = members.length;
    const words = new Map([["any", 1], ["all", size]]);
    const needed = words.get(threshold) ?? Number(parseDecimal(threshold, { field: "policy.group", maximum: BigInt(size) }));
    if (needed < 1) throw refuse("bad_threshold", threshold, `1 to ${size}`);
    this.groups.push({ name, threshold: needed, members });
  }

  readQuorum(items) {
    if (items.length !== 1 || this.quorum !== null) {
      throw refuse("bad_quorum_line", items, "one quorum line with one name");
    }
    if (!this.defined.has(items[0])) throw refuse("undefined_name", items[0], "a name of a line above");
    [this.quorum] = items;
  }

  define(name) {
    if (this.defined.has(name)) throw refuse("name_defined_twice", name);
    this.defined.add(name);
  }

  join(member) {
    if (member === NO_QUORUM || !this.defined.has(member)) {
      throw refuse("undefined_name", member, "a name of a line above");
    }
    if (this.members.has(member)) throw refuse("member_twice", member, "each name in one group only");
    this.members.add(member);
  }
}

function refuseKnown({ name, publicKey }, others) {
  if (others.some((other) => sameBytes(other.key.publicKey, publicKey))) throw refuse("duplicate_key", name);
}

function parseKey(octets, kinds) {
  const key = VerifierKey.parse(parseUtf8(octets, { field: "policy.vkey" }));
  if (!kinds.includes(key.kind)) throw refuse("unfit_key_type", kindName(key.kind), kinds.join(", "));
  return key;
}
