// Receiving: what the despatch lists, what was scanned, and the difference between.
//
// <form data-sign data-receive> with _receive.html. Every scan on the page lands here.
// The hidden field "items" (JSON) becomes part of the wish: the codes that came; an
// empty list means all of it, as "accept all" says.
import { groupCode, readCode } from "./codes.js";
import { icon } from "./messages.js";
import { element } from "./texts.js";

const sameCode = (a, b) => (a.sscc ? a.sscc === b.sscc : a.gtin === b.gtin && a.serial === b.serial);
const keyOf = (code, text) => code.sscc ?? (code.serial ? `${code.gtin}/${code.serial}` : text);

export class Receiving {
  constructor(form) {
    this.form = form;
    this.part = (name) => form.querySelector(`[data-receive-${name}]`);
    this.lines = [...form.querySelectorAll("[data-line]")].map(readLine);
    this.scans = new Map();
    this.acceptsAll = false;
  }

  start() {
    document.addEventListener("scan", (event) => {
      event.preventDefault();
      this.scanned(event.detail.text);
    });
    this.part("typed").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (event.target.value.trim()) this.scanned(event.target.value.trim());
      event.target.value = "";
    });
    this.part("all").addEventListener("click", () => this.acceptAll());
    this.part("restart").addEventListener("click", () => this.restart());
    this.draw();
  }

  scanned(text) {
    this.acceptsAll = false;
    const code = readCode(text);
    const key = keyOf(code, text);
    const earlier = this.scans.get(key);
    if (earlier) earlier.times += 1;
    else this.scans.set(key, { code, text, times: 1, line: this.lineOf(code) });
    this.draw();
  }

  /** The expected line that lists this case or pack; a lot's line lists its packs. */
  lineOf(code) {
    const exact = this.lines.find((line) => (code.sscc || code.serial) && sameCode(line, code));
    if (exact) return exact;
    return this.lines.find((line) => line.lot && !line.serial && line.gtin === code.gtin && line.lot === code.lot) ?? null;
  }

  acceptAll() {
    this.acceptsAll = true;
    this.scans.clear();
    this.draw();
  }

  restart() {
    this.acceptsAll = false;
    this.scans.clear();
    this.draw();
  }

  came(line) {
    if (this.acceptsAll) return line.n;
    const here = [...this.scans.values()].filter((scan) => scan.line === line);
    if (here.length === 0) return 0;
    return line.serial || line.sscc ? line.n : here.length;
  }

  draw() {
    const wrong = [...this.scans.values()].filter((scan) => !scan.line);
    for (const line of this.lines) drawLine(line, this.came(line));
    this.part("scanned").replaceChildren(...[...this.scans.values()].reverse().map(drawScan));
    this.part("nothing").hidden = this.scans.size > 0 || this.acceptsAll;
    this.part("accepted").hidden = !this.acceptsAll;
    this.drawDifference(wrong.length);
    const items = this.items();
    this.part("items").value = JSON.stringify(items);
    // An empty list means all of it: only "accept all" may say that.
    if (items.length || this.acceptsAll) delete this.form.dataset.signWait;
    else this.form.dataset.signWait = "";
    this.form.dispatchEvent(new CustomEvent("wish-changed"));
  }

  /** What came of this despatch, as it was scanned; wrong packs are not received. */
  items() {
    return [...this.scans.values()].filter((scan) => scan.line).map((scan) => scan.text);
  }

  drawDifference(wrong) {
    const expected = this.lines.reduce((sum, line) => sum + line.n, 0);
    const came = this.lines.reduce((sum, line) => sum + Math.min(this.came(line), line.n), 0);
    const numbers = { expected, came, missing: expected - came, wrong };
    for (const [name, number] of Object.entries(numbers)) {
      this.part(name).textContent = number.toLocaleString(document.documentElement.lang || "en");
    }
    const isWhole = came === expected && wrong === 0;
    for (const word of this.form.querySelectorAll("[data-receive-when]")) {
      const when = word.dataset.receiveWhen;
      word.hidden = when !== (wrong ? "wrong" : isWhole ? "whole" : came ? "part" : "none");
    }
  }
}

function readLine(row) {
  const { sscc, gtin, lot, serial, n } = row.dataset;
  return { row, sscc, gtin, lot, serial, n: Number(n) };
}

function drawLine(line, came) {
  const state = came >= line.n ? "go" : came > 0 ? "think" : "past";
  line.row.className = { go: "is-come", think: "is-part", past: "" }[state];
  const place = line.row.querySelector("[data-line-state]");
  const words = line.row.dataset;
  const word = { go: words.wordCome, think: `${came} / ${line.n}`, past: words.wordOpen }[state];
  place.className = `state ${state}`;
  place.replaceChildren(icon(state), word);
}

function drawScan(scan) {
  const words = document.querySelector("[data-receive-scanned]").dataset;
  const code = scan.code.sscc ?? scan.code.serial;
  const groups = (code ? groupCode(code) : [scan.text.replaceAll("\u001d", " ")])
    .map((text) => element("span", { class: "g" }, text));
  const state = scan.line ? "go" : "stop";
  const said = element("span", { class: `state ${state}` }, icon(state), scan.line ? words.wordListed : words.wordWrong);
  const row = element("li", { class: scan.line ? "" : "is-wrong" }, element("code", { class: "code" }, ...groups));
  if (scan.times > 1) row.append(element("span", {}, `${words.wordAgain} (${scan.times})`));
  row.append(said);
  return row;
}

for (const form of document.querySelectorAll("form[data-receive]")) new Receiving(form).start();
