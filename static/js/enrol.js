// The page "This device": make a key, prove possession, ask for confirmation; and, for
// administrators, confirm what others asked for.
import { call } from "./api.js";
import { askDraft, checkDraft, sendStatement, signDraft } from "./drafts.js";
import { addSignature, fromBase64, pae, readStatement, statementId, toBase64 } from "./dsse.js";
import { showFacts } from "./facts.js";
import { findKey, forgetKey, keepKey, listKeys, makeKey, markEnrolled, signWith, whyNoKeys } from "./keys.js";
import { readKeyFile } from "./keyfile.js";
import { note, problemNote, receiptNote } from "./messages.js";
import { Problem } from "./api.js";
import { element, readTexts } from "./texts.js";

const user = () => document.body.dataset.user;

function explain(error, text) {
  if (error instanceof Problem && error.status !== 401) return problemNote(error, text);
  if (error instanceof Problem) return note("think", element("p", {}, text("login")));
  return note("stop", element("p", {}, text(error.textName ?? "offline")));
}

class Device {
  constructor(root) {
    this.root = root;
    this.text = readTexts(root);
    this.part = (name) => root.querySelector(`[data-device-${name}]`);
  }

  async start() {
    const why = whyNoKeys();
    if (why) {
      this.part("make").hidden = true;
      this.say(note("think", element("p", {}, this.text(why))));
      return;
    }
    for (const keyid of JSON.parse(this.root.dataset.enrolled || "[]")) await markEnrolled(keyid);
    this.part("make").addEventListener("submit", (event) => this.make(event));
    this.part("file")?.addEventListener("submit", (event) => this.takeFile(event));
    await this.list();
  }

  say(...nodes) {
    this.part("says").replaceChildren(...nodes);
  }

  async list() {
    const keys = await listKeys(user());
    const rows = keys.map((key) => this.row(key));
    this.part("keys").replaceChildren(...rows);
    this.part("none").hidden = rows.length > 0;
    this.part("table").hidden = rows.length === 0;
  }

  row(key) {
    const row = this.part("row").content.firstElementChild.cloneNode(true);
    const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
    cell("label").textContent = key.label;
    cell("keyid").textContent = `${key.keyid.slice(0, 8)}…${key.keyid.slice(-8)}`;
    cell("keyid").title = key.keyid;
    cell("alg").textContent = key.alg;
    cell("made").textContent = key.createdAt.slice(0, 16).replace("T", " ");
    for (const state of row.querySelectorAll("[data-when]")) {
      state.hidden = (state.dataset.when === "enrolled") !== key.isEnrolled;
    }
    cell("forget").addEventListener("click", async () => {
      await forgetKey(key.keyid);
      await this.list();
    });
    return row;
  }

  async make(event) {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    button.disabled = true;
    this.say(element("p", {}, this.text("working")));
    let key;
    try {
      const label = form.elements.label.value.trim();
      key = await makeKey({ user: user(), label });
      await this.ask(key, label);
      this.say(note("go", element("p", {}, this.text("asked"))));
    } catch (error) {
      if (key) await forgetKey(key.keyid); // nobody knows of it yet
      this.say(explain(error, this.text));
    } finally {
      button.disabled = false;
      await this.list();
    }
  }

  /** Possession: the new key signs the statement that enrols it. */
  async ask(key, label) {
    const wish = { kind: "key.enrol", spki_b64: toBase64(key.spki), alg: key.alg, label };
    const draft = await checkDraft(await askDraft(wish), document.body.dataset.gln);
    const envelope = await signDraft(draft, key);
    await call(this.root.dataset.requestsUrl, { method: "POST", json: { envelope, label } });
  }

  async takeFile(event) {
    event.preventDefault();
    const { file, passphrase } = event.target.elements;
    try {
      const taken = await readKeyFile(await file.files[0].text(), passphrase.value);
      const key = await keepKey({ ...taken, user: user(), label: file.files[0].name });
      await markEnrolled(key.keyid);
      event.target.reset();
      this.say(note("go", element("p", {}, this.text("taken"))));
      await this.list();
    } catch (error) {
      this.say(explain(error, this.text));
    }
  }
}

/** A request of somebody else: shown from its bytes, confirmed by a second signature. */
class KeyRequest {
  constructor(root) {
    this.root = root;
    this.text = readTexts(root.closest("[data-key-requests]"));
    this.envelope = JSON.parse(root.dataset.envelope);
  }

  async start() {
    const bytes = fromBase64(this.envelope.payload);
    const statement = readStatement(bytes);
    showFacts(this.root, { statement, bytes, id: await statementId(this.envelope.payloadType, bytes) });
    const button = this.root.querySelector("[data-confirm]");
    button.disabled = Boolean(whyNoKeys());
    button.addEventListener("click", () => this.confirm(button));
  }

  say(...nodes) {
    this.root.querySelector("[data-request-says]").replaceChildren(...nodes);
  }

  async confirm(button) {
    button.disabled = true;
    try {
      const key = await findKey(user());
      if (!key) {
        const link = element("a", { href: "/device" }, this.text("device"));
        this.say(note("think", element("p", {}, this.text("nokey")), element("p", {}, link)));
        return;
      }
      const bytes = pae(this.envelope.payloadType, fromBase64(this.envelope.payload));
      const signature = { keyid: key.keyid, sig: toBase64(await signWith(key, bytes)) };
      const answer = await sendStatement(addSignature(this.envelope, signature));
      this.say(receiptNote(answer, this.text));
      button.hidden = true;
    } catch (error) {
      this.say(explain(error, this.text));
    } finally {
      button.disabled = false;
    }
  }
}

for (const root of document.querySelectorAll("[data-device]")) new Device(root).start();
for (const root of document.querySelectorAll("[data-key-request]")) new KeyRequest(root).start();
