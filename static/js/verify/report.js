// What was found, as the page shows it: the band, the numbered steps, what is shown and
// what is not, and the bytes.
import { element } from "../texts.js";
import { ANSWER_TYPE } from "./envelope.js";
import { bytesOf } from "./exhibits.js";
import { cosignedNames, seenSeconds } from "./policy.js";
import { cosignatureTime } from "./notekey.js";
import { code, icon, terms } from "./words.js";

const STEPS = {
  proof: [2, 3, 4, 5, 6, 7, 8, 9, 10],
  pack: [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14],
  place: [7, 8, 9, 10],
  window: [7, 8, 9],
  receipt: [11],
  answer: [15],
  files: [1],
};
const STATES = { go: "ok", past: "nothing", think: "doubt", stop: "failed", rest: "unreached" };

// What leaves open what became of a promise; and what a receipt key signed, or nobody shown.
const OPEN = ["unproven", "begins_late", "ends_early", "open"];
const SIGNED = ["kept", "answer_unshown"];

/** What a part is about, by the form of it. */
function sortOf({ about }) {
  if ("pack" in about || "serial" in about) return "pack";
  if ("acceptedMs" in about) return "proof";
  if ("payloadType" in about) return about.payloadType === ANSWER_TYPE ? "answer" : "receipt";
  if ("right" in about) return "window";
  return "leaf" in about ? "place" : "files";
}

/** "stop", "think" or "go", and the name of the sentence that says why. */
export function judgementOf({ failure, findings }, words) {
  if (failure) return ["stop", words.has(`fail-${failure.code}`) ? `fail-${failure.code}` : `fail-${failure.step}`];
  if (findings.some((each) => each.isDoubtful)) return ["think", "why-doubt"];
  if (findings.some((each) => each.step === 4 && !each.isShown)) return ["think", "why-signer"];
  if (findings.some((each) => OPEN.includes(each.name))) return ["think", "why-unproven"];
  if (findings.some((each) => SIGNED.includes(each.name) && !each.isShown)) return ["think", "why-signer"];
  return ["go", "why-go"];
}

/** The report below the verdict. */
export function report(result, context) {
  const shown = result.parts.filter((part) => sortOf(part) !== "files" || part.failure);
  return [
    element("div", { class: "columns wide" }, proven(result, context), limits(result, context)),
    ...shown.map((part) => partOf(part, context)),
    ...bytesOf(shown.map((part) => part.about), context),
  ];
}

/** The verdict, readable from afar. */
export function band(result, { words, nowMs }) {
  const [state, why] = judgementOf(result, words);
  const pack = result.findings.find((each) => each.name === "pack")?.values;
  const said = result.findings.find((each) => each.name === "statement")?.values;
  const answer = result.findings.find((each) => each.name.startsWith("answer"))?.values;
  const seen = headsOf(result.findings).map((head) => head.seenMs).filter(Boolean);
  const facts = [
    ...(pack ? packRows(pack) : [["statement", said && words.say(`kind-${said.kind}`)], ["by", said && code(said.by)]]),
    ...(answer ? [["answered", words.say(`verdict-${answer.verdict}`)], ...(pack ? [] : packRows(answer))] : []),
  ];
  const oldest = seen.length ? Math.min(...seen) : null;
  const age = oldest && `${words.moment(oldest)} (${words.ago(oldest, nowMs)})`;
  const rows = state === "stop" ? [] : [...facts, ["asof", age]];
  return element("div", { class: `band is-${state}` },
    element("div", {},
      element("h2", { class: "band-word", id: "verdict" }, icon(state), element("span", {}, words.say(`band-${state}`))),
      element("p", { class: "band-reason" }, words.say(why))),
    element("div", { class: "band-pack" }, terms(rows.map(([name, value]) => [words.say(`term-${name}`), value]))));
}

const packRows = ({ gtin, lot, expiry, serial }) =>
  [["gtin", code(gtin)], ["lot", code(lot)], ["expiry", expiry], ["serial", code(serial)]];

function partOf(part, context) {
  const { words } = context;
  const sort = sortOf(part);
  const heads = headsOf(part.found);
  return element("section", { class: "card" },
    element("h3", {}, words.say(`sort-${sort}`)),
    stepsOf(part, sort, words),
    ...heads.map((head) => witnessesOf(head, context)));
}

function stepsOf({ found, failure }, sort, words) {
  const numbers = sort === "files" ? [failure.step] : STEPS[sort];
  const list = element("ol", { class: "steps" });
  for (const number of numbers) {
    const here = found.filter((each) => each.step === number);
    const isFailed = failure?.step === number;
    if (!here.length && !failure) continue;
    // What came before a finding was passed; a code may fail before any step is done.
    const isPast = found.length > 0 && number < failure?.step;
    const state = isFailed ? "stop" : stateOf(here, isPast);
    const parts = [
      icon(state),
      element("div", {},
        element("p", { class: "step-head" }, element("strong", {}, `${number}. ${words.say(`step-${number}`)}`),
          element("span", { class: `state ${state}` }, words.say(`state-${STATES[state]}`))),
        ...here.map((each) => element("p", {}, words.finding(each))),
        ...(isFailed ? [refusal(failure, words)] : [])),
    ];
    list.append(element("li", { class: `step is-${state}`, value: number }, ...parts));
  }
  return list;
}

function stateOf(here, isPast) {
  if (here.some((each) => each.isDoubtful)) return "think";
  if (here.some((each) => each.isShown)) return "go";
  if (here.length) return "past";
  return isPast ? "go" : "rest";
}

function refusal({ code: name, field, got, wanted }, words) {
  const rows = [
    [words.say("term-code"), element("code", {}, name)],
    [words.say("term-field"), field && element("code", {}, field)],
    [words.say("term-got"), got],
    [words.say("term-wanted"), wanted],
  ];
  return terms(rows);
}

/** The heads that were believed, and when the quorum had seen them. */
function headsOf(found) {
  return found.flatMap((each) => each.heads ?? []).map(({ signed, policy }) => {
    const seen = seenSeconds(policy, signed);
    return { signed, policy, seenMs: seen === null ? null : Number(seen) * 1000 };
  });
}

function witnessesOf({ signed, policy }, { words, nowMs }) {
  const { origin, treeSize } = signed.checkpoint;
  const names = cosignedNames(policy, signed);
  const lines = signed.cosignatures.map(({ key, signature }) => {
    const ms = cosignatureTime(signature) * 1000n;
    const witness = policy.witnesses.find((each) => each.key.id === key.id).name;
    return element("li", {}, words.say("cosigned", { witness, time: words.moment(ms), ago: words.ago(ms, nowMs) }));
  });
  const summary = words.say("head", { origin, size: treeSize, count: names.size, all: policy.witnesses.length });
  return element("div", { class: "fresh" },
    element("p", {}, summary),
    ...(lines.length ? [element("ul", {}, ...lines)] : [element("p", {}, words.say("unwitnessed"))]));
}

function listOf(title, sentences) {
  const items = sentences.map((sentence) => element("li", {}, sentence));
  return element("section", { class: "card" }, element("h3", {}, title), element("ul", {}, ...items));
}

const SHOWN = [
  "statement", "key_valid", "key_valid_lent", "pack", "step_shown", "in_time", "first_run", "stretch", "kept", "quorum",
  "answer",
];

/** The one failure in which the evidence holds, and shows what somebody else did. */
const accuses = (failure) => failure?.code === "promise_dropped";

/** What holds, in plain words; nothing of it where a step fails, but for a proven breach. */
function proven({ findings, failure }, { words }) {
  const isLost = failure && !accuses(failure);
  const said = isLost ? [] : findings.filter((each) => SHOWN.includes(each.name) && each.isShown);
  const sentences = new Set(said.map((each) => words.finding(each, "shows")));
  if (accuses(failure)) sentences.add(words.say("shows-broken"));
  return listOf(words.say("shown"), sentences.size ? [...sentences] : [words.say("shows-nothing")]);
}

function limits({ findings, failure }, { words }) {
  const isLost = failure && !accuses(failure);
  const names = new Set(isLost ? ["failed"] : []);
  for (const { name, isShown, step } of isLost ? [] : findings) {
    if (["step_said", "unrooted", "file_unseen", "answer"].includes(name)) names.add(name);
    if (OPEN.includes(name) || name === "overdue") names.add("unproven");
    if ((step === 4 || SIGNED.includes(name) || name === "lacking") && !isShown) names.add("signer");
    if (name === "seen" || name === "unseen") names.add("later");
  }
  return listOf(words.say("not-shown"), [...names, "physical"].map((name) => words.say(`limit-${name}`)));
}
