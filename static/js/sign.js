// Forms that end in a signature: draft, show, sign, send, receipt.
//
// <form data-sign data-wish='{…}'>, with _sign_panel.html inside. The sentence comes
// from the server; what the bytes say is read here, and the id is computed here: if
// they do not agree, nothing is signed.
import { Problem, call } from "./api.js";
import { DraftMismatch, askDraft, checkDraft, fetchDraft, goodsMoved, sendStatement, signDraft } from "./drafts.js";
import { showFacts } from "./facts.js";
import { clearMarks, findField, markField } from "./fields.js";
import { markEnrolled, whyNoKeys } from "./keys.js";
import { localText, utcText } from "./localtime.js";
import { explain, note, problemNote, proposedNote, receiptNote } from "./messages.js";
import { element, readTexts } from "./texts.js";
import { keyFor } from "./voices.js";
import { buildWish } from "./wish.js";

const LIVE_MS = 400;

export class SignForm {
  constructor(form) {
    this.form = form;
    this.panel = form.querySelector("[data-sign-panel]");
    this.text = readTexts(this.panel);
    this.part = (name) => this.panel.querySelector(`[data-sign-${name}]`);
    this.draft = null;
    this.turn = 0; // answers to older questions are dropped
    this.isDone = false;
    this.isLive = form.dataset.signLive !== undefined || form.dataset.signAuto !== undefined;
  }

  start() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.review();
    });
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("wish-changed", () => this.changed());
    this.part("review").addEventListener("click", () => this.review());
    this.part("go").addEventListener("click", () => this.sign());
    this.part("review").hidden = this.isLive;
    this.part("review").disabled = !this.isReady();
    const why = whyNoKeys();
    if (why) this.say(note("think", element("p", {}, this.text(why))));
    else if (this.isLive && this.form.checkValidity()) this.review();
  }

  /** What was drafted no longer says what the form says. */
  changed() {
    if (this.isDone) return;
    this.turn += 1;
    this.draft = null;
    this.part("go").disabled = true;
    this.part("review").disabled = !this.isReady();
    clearTimeout(this.waiting);
    if (this.isLive) {
      this.waiting = setTimeout(() => this.form.checkValidity() && this.review(), LIVE_MS);
    }
  }

  /** A page may set data-sign-wait while there is nothing to sign yet. */
  isReady() {
    return !this.isDone && this.form.dataset.signWait === undefined;
  }

  say(...nodes) {
    clearMarks(this.form);
    this.part("problem").replaceChildren(...nodes);
  }

  async review() {
    if (!this.isReady() || !this.form.reportValidity()) return;
    const turn = ++this.turn;
    this.say();
    try {
      const draft = await this.ask();
      if (turn === this.turn) await this.show(draft);
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    }
  }

  ask() {
    const { draftUrl } = this.form.dataset;
    return draftUrl ? fetchDraft(draftUrl) : askDraft(buildWish(this.form));
  }

  async show(draft) {
    const checked = await checkDraft(draft, document.body.dataset.gln);
    const at = new Date(checked.statement.at);
    this.draft = checked;
    this.part("words").textContent = checked.words;
    this.part("time").textContent = `${utcText(at)} · ${localText(at)} ${this.text("local")}`;
    this.part("meaning").textContent = this.text(checked.statement.meaning);
    showFacts(this.panel, checked);
    this.part("go").disabled = false;
  }

  async sign() {
    const draft = this.draft;
    if (!draft || this.isDone) return;
    this.part("go").disabled = true;
    this.say(element("p", {}, this.text("working")));
    try {
      const key = await keyFor(draft);
      if (key?.credentialId) this.say(element("p", {}, this.text("passkey")));
      if (!key) {
        this.sayNoKey();
        return;
      }
      const answer = await this.send(await signDraft(draft, key), draft.lines);
      await markEnrolled(key.keyid);
      this.finish(answer);
    } catch (error) {
      await this.refused(error, draft);
    }
  }

  /** To the door; or to data-sign-url, where a statement waits for others to sign too. */
  send(envelope, lines) {
    const { signUrl } = this.form.dataset;
    return signUrl ? call(signUrl, { method: "POST", json: envelope }) : sendStatement(envelope, lines);
  }

  sayNoKey() {
    const link = element("a", { href: "/device" }, this.text("device"));
    this.say(note("think", element("p", {}, this.text("nokey")), element("p", {}, link)));
    this.part("go").disabled = false;
  }

  finish(answer) {
    this.isDone = true;
    this.say();
    const { signUrl } = this.form.dataset;
    const say = signUrl ? proposedNote : receiptNote;
    this.part("receipt").replaceChildren(say(answer, this.text, this.next(answer)));
    this.part("go").hidden = true;
    this.part("review").hidden = true;
    this.moveFocus();
    this.form.dispatchEvent(new CustomEvent("signed", { detail: answer, bubbles: true }));
  }

  /** The step after this one, by name; "{id}" in its address is the new statement's. */
  next(answer) {
    const { signNext, signNextLabel } = this.form.dataset;
    if (!signNext) return null;
    const url = signNext.replace("{id}", answer.statement_id);
    return { url, label: signNextLabel || this.text("next") };
  }

  /** The pressed button is gone: the keyboard goes on with the next scan or step. */
  moveFocus() {
    const at = document.activeElement;
    if (at && at !== document.body && !this.panel.contains(at)) return;
    const next = document.querySelector("[data-scan-field]") ?? this.part("receipt").querySelector("a.button:not(.plain)");
    next?.focus({ preventScroll: true });
  }

  /** A refusal: with a fresh draft if the goods moved, else the same one may be retried. */
  async refused(error, draft) {
    if (!goodsMoved(error)) {
      this.fail(error);
      if (this.draft === draft) this.part("go").disabled = false;
      return;
    }
    try {
      await this.show(error.document.draft ?? (await this.ask()));
      this.say(problemNote(error, this.text), note("think", element("p", {}, this.text("moved"))));
    } catch (unreadable) {
      this.fail(unreadable);
    }
  }

  /** Beside its field where the form has it; a field not reached yet is no fault. */
  sayProblem(problem) {
    this.say();
    const said = problem.document;
    const field = findField(this.form, said.field);
    if (!field) {
      this.say(problemNote(problem, this.text));
    } else if (!(this.isLive && said.code === "missing_field" && !field.value)) {
      markField(field, said, this.text);
      if (!this.isLive) field.focus();
    }
  }

  fail(error) {
    if (error instanceof Problem && error.status !== 401) {
      this.sayProblem(error);
    } else if (error instanceof DraftMismatch) {
      this.draft = null;
      this.part("go").disabled = true;
      this.say(note("stop", element("p", {}, this.text("mismatch")), element("p", {}, element("code", {}, error.message))));
    } else {
      this.say(explain(error, this.text));
    }
  }
}

// htmx may bring a part that is the form, or holds it; it also says "load" for the page.
function startForms(root) {
  const forms = [...root.querySelectorAll("form[data-sign]")];
  if (root instanceof Element && root.matches("form[data-sign]")) forms.push(root);
  for (const form of forms.filter((one) => one.dataset.signStarted === undefined)) {
    form.dataset.signStarted = "";
    new SignForm(form).start();
  }
}

/** A part that counts what will happen puts the number on the button that does it. */
function nameButton({ target }) {
  const said = target.querySelector("[data-sign-label]");
  const button = target.closest("form[data-sign]")?.querySelector("[data-sign-go]");
  if (said && button) button.textContent = said.dataset.signLabel;
}

startForms(document);
document.addEventListener("htmx:afterSwap", nameButton);
document.addEventListener("htmx:load", (event) => startForms(event.target));
