// The page "This device": make a key, prove possession, ask for confirmation; or renew
// one, which begins the new key and ends the old in one act.
import { call } from "./api.js";
import { askDraft, checkDraft, sendInOrder, signDraft } from "./drafts.js";
import { addSignature, fromBase64, toBase64 } from "./dsse.js";
import { makeKey } from "./keymaking.js";
import { forgetKey, keepKey, listKeys, markEnrolled, whyNoKeys } from "./keys.js";
import { readKeyFile } from "./keyfile.js";
import { explain, note, receiptNote } from "./messages.js";
import { ALG as PASSKEY, hasPasskeys, makePasskey } from "./passkeys.js";
import { element, readTexts } from "./texts.js";
import { signatureOf } from "./voices.js";

const user = () => document.body.dataset.user;

class Device {
  constructor(root) {
    this.root = root;
    this.text = readTexts(root);
    this.part = (name) => root.querySelector(`[data-device-${name}]`);
    this.told = (name) => JSON.parse(root.dataset[name] || "[]");
  }

  async start() {
    const why = whyNoKeys();
    if (why) {
      this.part("make").hidden = true;
      this.say(note("think", element("p", {}, this.text(why))));
      return;
    }
    for (const choice of this.root.querySelectorAll("[data-needs-passkeys]")) choice.hidden = !hasPasskeys();
    await this.learn();
    this.part("make").addEventListener("submit", (event) => this.make(event));
    this.part("file")?.addEventListener("submit", (event) => this.takeFile(event));
    await this.list();
  }

  /** What the site knows of this person's keys: which sign, which ended, which passkeys. */
  async learn() {
    for (const keyid of this.told("ended")) await forgetKey(keyid);
    const here = new Set((await listKeys(user())).map((key) => key.keyid));
    for (const { keyid, credential, label, spki } of this.told("passkeys")) {
      if (here.has(keyid)) continue;
      await keepKey({
        alg: PASSKEY, spki: fromBase64(spki), credentialId: credential, rpId: this.root.dataset.rpId, user: user(), label,
      });
    }
    for (const keyid of this.told("enrolled")) await markEnrolled(keyid);
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
    cell("alg").textContent = key.credentialId ? this.text("kindpasskey") : `${this.text("kindbrowser")} (${key.alg})`;
    cell("made").textContent = key.createdAt.slice(0, 16).replace("T", " ");
    for (const state of row.querySelectorAll("[data-when]")) {
      state.hidden = (state.dataset.when === "enrolled") !== key.isEnrolled;
    }
    cell("renew").hidden = !key.isEnrolled || !this.part("replaces");
    cell("renew").addEventListener("click", () => this.chooseRenewal(key));
    cell("forget").addEventListener("click", async () => {
      await forgetKey(key.keyid);
      await this.list();
    });
    return row;
  }

  /** The form below, filled in for a key that shall end. */
  chooseRenewal(key) {
    const form = this.part("make");
    form.elements.replaces.value = key.keyid;
    form.elements.label.value = key.label;
    for (const choice of form.elements.holder) choice.checked = choice.value === (key.credentialId ? "passkey" : "browser");
    this.part("replaces").open = true;
    form.elements.label.focus();
  }

  async make(event) {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    this.say(element("p", {}, this.text("working")));
    let unknown = null;
    try {
      const asked = this.asked(form);
      const key = (unknown = await this.keyOf(form, asked.label));
      const [envelope, answer] = await this.ask(key, asked);
      unknown = null;
      const old = answer.confirmed ? null : await this.oldKey(asked);
      if (old) this.say(...(await this.renew(envelope, old, asked)));
      else this.say(note("go", element("p", {}, this.text("asked"))));
      form.reset();
    } catch (error) {
      if (unknown) await forgetKey(unknown.keyid); // nobody knows of it yet
      this.say(explain(error, this.text));
    } finally {
      button.disabled = false;
      await this.list();
    }
  }

  asked(form) {
    const { label, replaces, lost_since: lost } = form.elements;
    const asked = { label: label.value.trim() };
    if (replaces?.value) asked.replaces = replaces.value;
    if (replaces?.value && lost?.value) asked.lost_since = lost.value;
    return asked;
  }

  async keyOf(form, label) {
    if (form.elements.holder?.value !== "passkey") return makeKey({ user: user(), label });
    this.say(element("p", {}, this.text("passkey")));
    const made = await makePasskey({ rpId: this.root.dataset.rpId, person: document.body.dataset.person });
    return keepKey({ ...made, user: user(), label });
  }

  /** The key that ends, where it can sign here and its person may confirm it. */
  async oldKey({ replaces }) {
    if (!replaces || this.root.dataset.mayConfirm === undefined) return null;
    const keys = await listKeys(user());
    return keys.find((key) => key.keyid === replaces && key.isEnrolled) ?? null;
  }

  draftOf(wish) {
    return askDraft(wish).then((draft) => checkDraft(draft, document.body.dataset.gln));
  }

  /** Possession: the new key signs the statement that enrols it. */
  async ask(key, asked) {
    const wish = { kind: "key.enrol", spki_b64: toBase64(key.spki), alg: key.alg, label: asked.label };
    const envelope = await signDraft(await this.draftOf(wish), key);
    const told = key.credentialId ? { ...asked, credential_id: key.credentialId } : asked;
    const answer = await call(this.root.dataset.requestsUrl, { method: "POST", json: { envelope, ...told } });
    if (answer.confirmed) await markEnrolled(key.keyid);
    return [envelope, answer];
  }

  /** One act: the new key is enrolled and the old one revoked, in this order or not at all. */
  async renew(envelope, old, asked) {
    const wish = { kind: "key.revoke", keyid: old.keyid, reason: "replaced by its person" };
    const revoke = await this.draftOf(asked.lost_since ? { ...wish, suspect_since: asked.lost_since } : wish);
    const own = await signatureOf(old, envelope.payloadType, fromBase64(envelope.payload));
    const answers = await sendInOrder([addSignature(envelope, own), await signDraft(revoke, old)]);
    await markEnrolled(envelope.signatures[0].keyid);
    await forgetKey(old.keyid);
    return [note("go", element("p", {}, this.text("renewed"))), ...answers.map((one) => receiptNote(one, this.text))];
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

for (const root of document.querySelectorAll("[data-device]")) new Device(root).start();
