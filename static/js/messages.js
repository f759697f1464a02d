// Problems and receipts as they stand in a page: icon, words, facts, next step.
import { Problem } from "./api.js";
import { element } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the sprite that the page already uses. */
export function icon(name) {
  const sprite = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

export function note(state, ...children) {
  return element("div", { class: `note is-${state}` }, icon(state), element("div", {}, ...children));
}

/** What is wrong, in the words of the page: by code if it has a sentence, else its name. */
export function refusalSentence({ code = "", title }, text) {
  const said = text(`code-${code}`);
  if (said !== `code-${code}`) return said;
  const words = code.replaceAll("_", " ");
  return words ? `${words[0].toUpperCase()}${words.slice(1)}.` : title || text("refused");
}

/** What a Problem says: sentence; got, wanted or else the details; what to do. */
export function problemNote(problem, text) {
  const said = problem.document;
  const hasFacts = Boolean(said.got || said.wanted);
  const rows = ["got", "wanted", "rule"]
    .filter((name) => said[name] !== undefined && said[name] !== "")
    .flatMap((name) => [element("dt", {}, text(name)), element("dd", {}, String(said[name]))]);
  const parts = [element("p", {}, element("strong", {}, (!hasFacts && said.detail) || refusalSentence(said, text)))];
  if (rows.length) parts.push(element("dl", {}, ...rows));
  if (said.to_do && problem.status !== 400) parts.push(element("p", {}, said.to_do));
  return note("stop", ...parts);
}

/** Whatever went wrong: a refusal, a session that is over, a passkey that was declined. */
export function explain(error, text) {
  if (error instanceof Problem && error.status !== 401) return problemNote(error, text);
  if (error instanceof Problem) return note("think", element("p", {}, text("login")));
  const name = error.textName ?? "offline";
  return note(/^(offline|passkey)/.test(name) ? "think" : "stop", element("p", {}, text(name)));
}

/** The receipt line: the statement's id as a link, time, and its proof to keep. */
export function receiptNote(answer, text, next) {
  const link = element("a", { href: `/ledger/statements/${answer.statement_id}`, class: "digest" },
    `${answer.statement_id.slice(0, 8)}…${answer.statement_id.slice(-8)}`);
  const accepted = new Date(answer.accepted_ms).toISOString().slice(0, 19).replace("T", " ");
  const file = new Blob([JSON.stringify(answer.receipt)], { type: "application/json" });
  const download = element("a", {
    class: "button plain small", href: URL.createObjectURL(file),
    download: `receipt-${answer.statement_id.slice(0, 16)}.json`,
  }, icon("download"), text("download"));
  const actions = element("p", { class: "actions" }, download);
  if (next) actions.append(element("a", { class: "button small", href: next.url }, next.label));
  const [before, after = ""] = text("recorded").replace("%time", `${accepted} UTC`).split("%id");
  return note("go", element("p", {}, before, link, after), actions);
}

/** Signed by one, not recorded yet: it waits for the others. */
export function proposedNote(answer, text, next) {
  const said = note("think", element("p", {}, text("proposed")));
  if (next) said.append(element("p", { class: "actions" }, element("a", { class: "button small", href: next.url }, next.label)));
  return said;
}
