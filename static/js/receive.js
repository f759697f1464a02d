// Receiving: what the despatch lists, what was scanned, and the difference between.
//
// <form data-sign data-receive> with _receive.html. Every scan on the page lands here.
// The hidden field "items" (JSON) becomes part of the wish: the codes that came; an
// empty list means all of it, as "accept all" says. A line may stand inside another: a
// case on a pallet. A pack that no line names is looked up: which case is it from?
// Until it is signed, what was scanned outlives a reload of the page in this tab.
import { call } from "./api.js";
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
    for (const line of this.lines) line.around = this.lines.find((one) => one.key && one.key === line.inside) ?? null;
    this.outer = this.lines.filter((line) => !line.around);
    this.scans = new Map();
    this.acceptsAll = false;
    this.memory = new Memory(`receive:${location.pathname}`);
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
    this.part("scanned").addEventListener("click", (event) => this.remove(event.target.closest("[data-receive-remove]")));
    this.form.addEventListener("signed", () => this.memory.forget());
    this.recall();
    this.takeEarly();
    this.draw();
    this.part("typed").focus({ preventScroll: true });
  }

  /** What was scanned before the page was loaded again. */
  recall() {
    const { texts = [], acceptsAll = false } = this.memory.read();
    for (const [text, times] of texts) {
      this.scanned(text);
      const scan = this.scans.get(keyOf(readCode(text), text));
      if (scan) scan.times = times;
    }
    this.acceptsAll = acceptsAll;
  }

  /** A whole code that came before this script did; half of one is left to who types it. */
  takeEarly() {
    const field = this.part("typed");
    const code = readCode(field.value.trim());
    if (!code.sscc && !code.serial) return;
    this.scanned(field.value.trim());
    field.value = "";
  }

  remember() {
    const texts = [...this.scans.values()].map(({ text, times }) => [text, times]);
    this.memory.write({ texts, acceptsAll: this.acceptsAll });
  }

  remove(button) {
    if (!button) return;
    this.scans.delete(button.dataset.receiveRemove);
    this.draw();
    this.part("typed").focus({ preventScroll: true });
  }

  scanned(text) {
    this.acceptsAll = false;
    const code = readCode(text);
    const key = keyOf(code, text);
    const earlier = this.scans.get(key);
    if (earlier) earlier.times += 1;
    else {
      const scan = { key, code, text, times: 1, line: this.lineOf(code), isUnreadable: !code.sscc && !code.gtin };
      this.scans.set(key, scan);
      if (!scan.line && code.serial && this.form.dataset.lookup) this.lookUp(scan);
    }
    this.draw();
  }

  /** A pack may be one of a listed case; while the site is asked it counts for nothing. */
  async lookUp(scan) {
    scan.isAsked = true;
    try {
      const { line } = await call(`${this.form.dataset.lookup}?code=${encodeURIComponent(scan.text)}`);
      scan.line = this.lines.find((one) => line && (one.key === line || sameCode(one, scan.code))) ?? null;
    } catch {
      scan.line = null; // unreadable, or no answer: it stands out and is not received
    }
    scan.isAsked = false;
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

  /** Many scans are work: they are not dropped by one slip of the finger. */
  restart() {
    const { confirm: question } = this.part("restart").dataset;
    if (this.scans.size > 1 && question && !confirm(question)) return;
    this.acceptsAll = false;
    this.scans.clear();
    this.draw();
  }

  /** Packs of a line that came: with its own label, with the one around it, or singly. */
  came(line) {
    if (this.acceptsAll || this.isWhole(line)) return line.n;
    const inner = this.lines.filter((one) => one.around === line).reduce((sum, one) => sum + this.came(one), 0);
    return Math.min(inner + this.scansOf(line).filter((scan) => !isLabel(scan, line)).length, line.n);
  }

  scansOf(line) {
    return [...this.scans.values()].filter((scan) => scan.line === line);
  }

  isWhole(line) {
    return this.scansOf(line).some((scan) => isLabel(scan, line)) || (line.around !== null && this.isWhole(line.around));
  }

  draw() {
    const wrong = [...this.scans.values()].filter((scan) => !scan.line && !scan.isAsked && !scan.isUnreadable);
    this.remember();
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
    const listed = [...this.scans.values()].filter((scan) => scan.line);
    return listed.filter((scan) => !this.comesWithAnother(scan)).map((scan) => scan.text);
  }

  /** A case on a scanned pallet, or a pack in a scanned case, came with it already. */
  comesWithAnother(scan) {
    const { line } = scan;
    if (line.around && this.isWhole(line.around)) return true;
    return !isLabel(scan, line) && this.isWhole(line);
  }

  drawDifference(wrong) {
    const expected = this.outer.reduce((sum, line) => sum + line.n, 0);
    const came = this.outer.reduce((sum, line) => sum + this.came(line), 0);
    const numbers = { expected, came, missing: expected - came, wrong };
    for (const [name, number] of Object.entries(numbers)) this.part(name).textContent = shown(number);
    this.drawButton(came, expected);
    const state = came === expected ? "whole" : came ? "part" : "none";
    for (const word of this.form.querySelectorAll("[data-receive-when]")) {
      const when = word.dataset.receiveWhen;
      word.hidden = when === "wrong" ? !wrong : when !== state || (state === "none" && wrong > 0);
    }
  }

  /** The button says what happens: data-label with %came and %expected in it. */
  drawButton(came, expected) {
    const button = this.form.querySelector("[data-sign-go]");
    const { label } = this.form.dataset;
    if (!label || !button) return;
    this.plain ??= button.textContent;
    button.textContent = came ? label.replace("%came", shown(came)).replace("%expected", shown(expected)) : this.plain;
  }
}

/** Something kept in this tab; a browser that keeps nothing loses no more than before. */
class Memory {
  constructor(name) {
    this.name = name;
  }

  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.name)) ?? {};
    } catch {
      return {};
    }
  }

  write(value) {
    try {
      sessionStorage.setItem(this.name, JSON.stringify(value));
    } catch {
      // full or forbidden
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.name);
    } catch {
      // forbidden
    }
  }
}

/** The scan of a line's own label, not of a pack inside it or counted by its lot. */
const isLabel = (scan, line) => Boolean(line.sscc || line.serial) && sameCode(line, scan.code);

const shown = (number) => number.toLocaleString(document.documentElement.lang || "en");

function readLine(row) {
  const { sscc, gtin, lot, serial, key, inside, n } = row.dataset;
  return { row, sscc, gtin, lot, serial, key, inside, n: Number(n) };
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
  const state = scan.line ? "go" : scan.isAsked ? "past" : scan.isUnreadable ? "think" : "stop";
  const word = { go: words.wordListed, past: "…", think: words.wordUnreadable, stop: words.wordWrong }[state];
  const said = element("span", { class: `state ${state}` }, icon(state), word);
  const row = element("li", { class: state === "stop" ? "is-wrong" : "" }, element("code", { class: "code" }, ...groups));
  if (scan.times > 1) row.append(element("span", {}, `${words.wordAgain} (${scan.times})`));
  const remove = element("button", { type: "button", class: "plain small", "data-receive-remove": scan.key },
    words.wordRemove, element("span", { class: "vh" }, ` ${code ?? scan.text}`));
  row.append(said, remove);
  return row;
}

for (const form of document.querySelectorAll("form[data-receive]")) new Receiving(form).start();
