// Choosing goods to pack, ship or send back: ticked containers, counts of loose packs,
// scanned codes. Every scan on the page lands here.
//
// <form data-sign data-goods data-words='{…}'>: fields without a name are read here and
// become the hidden fields data-goods-items and data-goods-documents of the wish.
// data-label is the button's sentence: %what and %to are filled in as one chooses.
import { readCode } from "./codes.js";

const WAITS = "signWait";

export class Goods {
  constructor(form) {
    this.form = form;
    this.words = JSON.parse(form.dataset.words);
    this.part = (name) => form.querySelector(`[data-goods-${name}]`);
    this.codes = this.part("codes");
  }

  start() {
    document.addEventListener("scan", (event) => {
      if (event.defaultPrevented) return; // a list on the same page has taken it
      event.preventDefault();
      this.form.closest("details")?.setAttribute("open", "");
      this.scanned(event.detail.text);
    });
    this.part("all")?.addEventListener("input", ({ target }) => {
      for (const box of this.form.querySelectorAll("tr:not([hidden]) input[data-code]:not(:disabled)")) box.checked = target.checked;
    });
    this.form.addEventListener("input", () => this.draw());
    this.draw();
  }

  /** A scanned container that is listed is ticked; anything else joins the codes. */
  scanned(text) {
    const { sscc } = readCode(text);
    const box = sscc && this.form.querySelector(`input[data-code="${sscc}"]:not(:disabled)`);
    const lines = this.lines();
    if (box) box.checked = true;
    else if (lines.includes(text)) this.say(`${this.words.twice} ${text.replaceAll("\u001d", " ")}`);
    else this.codes.value = [...lines, text].join("\n");
    if (box || !lines.includes(text)) this.form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  lines() {
    return this.codes.value.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  }

  boxes() {
    return [...this.form.querySelectorAll("input[data-code]:checked")];
  }

  lots() {
    const filled = [...this.form.querySelectorAll("input[data-lot]")].filter((field) => Number(field.value) > 0);
    return filled.map((field) => ({ gtin: field.dataset.gtin, lot: field.dataset.lot, count: Number(field.value) }));
  }

  draw() {
    const boxes = this.boxes();
    const lots = this.lots();
    const codes = [...new Set(this.lines())];
    const items = [...boxes.map((box) => box.dataset.code), ...lots, ...codes];
    this.part("items").value = JSON.stringify(items);
    this.drawDocuments();
    if (items.length) delete this.form.dataset[WAITS];
    else this.form.dataset[WAITS] = "";
    const packs = lots.reduce((sum, lot) => sum + lot.count, 0);
    const inside = boxes.reduce((sum, box) => sum + Number(box.dataset.n), 0);
    const what = this.joined([this.counted("box", boxes.length), this.counted("pack", packs), this.counted("code", codes.length)]);
    this.say(what ? this.total(what, inside + packs) : this.words.nothing);
    this.drawButton(what);
    this.form.dispatchEvent(new CustomEvent("wish-changed"));
  }

  total(what, packs) {
    return packs && this.boxes().length ? `${what} (${this.counted("pack", packs)})` : what;
  }

  drawDocuments() {
    const place = this.part("documents");
    if (!place) return;
    const filled = [...this.form.querySelectorAll("input[data-document]")].filter((field) => field.value.trim());
    const papers = filled.map((field) => ({ type: field.dataset.document, id: field.value.trim() }));
    place.value = papers.length ? JSON.stringify(papers) : "";
  }

  drawButton(what) {
    const { label } = this.form.dataset;
    const button = this.form.querySelector("[data-sign-go]");
    if (!label || !button || button.hidden) return;
    this.plain ??= button.textContent;
    const to = this.part("to")?.selectedOptions[0]?.dataset.name ?? "";
    const isKnown = what && (to || !label.includes("%to"));
    button.textContent = isKnown ? label.replace("%what", () => what).replace("%to", () => to) : this.plain;
  }

  counted(kind, n) {
    const [one, many] = this.words[kind];
    const shown = n.toLocaleString(document.documentElement.lang || "en");
    return n === 0 ? "" : n === 1 ? one : many.replace("%n", shown);
  }

  joined(parts) {
    const said = parts.filter(Boolean);
    const last = said.pop() ?? "";
    return said.length ? `${said.join(", ")} ${this.words.and} ${last}` : last;
  }

  say(text) {
    this.part("say").textContent = text;
  }
}

for (const form of document.querySelectorAll("form[data-goods]")) new Goods(form).start();
