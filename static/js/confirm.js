// A statement that somebody else has signed and that waits for one more signature: a
// new key, an admission, a licence. It is shown from its bytes, then signed as it is.
import { askDraft, checkDraft, sendInOrder, sendStatement, signDraft } from "./drafts.js";
import { addSignature, fromBase64, readStatement, statementId } from "./dsse.js";
import { showFacts } from "./facts.js";
import { findKey, whyNoKeys } from "./keys.js";
import { explain, note, receiptNote } from "./messages.js";
import { element, readTexts } from "./texts.js";
import { signatureOf } from "./voices.js";

class Waiting {
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
    if (!button) return;
    button.disabled = Boolean(whyNoKeys());
    button.addEventListener("click", () => this.confirm(button));
  }

  say(...nodes) {
    this.root.querySelector("[data-request-says]").replaceChildren(...nodes);
  }

  async confirm(button) {
    button.disabled = true;
    try {
      const key = await findKey(document.body.dataset.user);
      if (!key) {
        const link = element("a", { href: "/device" }, this.text("device"));
        this.say(note("think", element("p", {}, this.text("nokey")), element("p", {}, link)));
        return;
      }
      if (key.credentialId) this.say(element("p", {}, this.text("passkey")));
      const signature = await signatureOf(key, this.envelope.payloadType, fromBase64(this.envelope.payload));
      await this.hand(addSignature(this.envelope, signature), key, button);
    } catch (error) {
      this.say(explain(error, this.text));
    } finally {
      button.disabled = false;
    }
  }

  /** To the page, where further signatures are waited for; else to the door. */
  async hand(envelope, key, button) {
    const form = this.root.querySelector("form[data-hand-on]");
    if (form) {
      form.elements.envelope.value = JSON.stringify(envelope);
      form.submit();
      return;
    }
    const { replaces } = this.root.dataset;
    const answers = replaces
      ? await sendInOrder([envelope, await this.endOf(replaces, key)])
      : [await sendStatement(envelope)];
    this.say(...answers.map((answer) => receiptNote(answer, this.text)));
    button.hidden = true;
  }

  /** The old key ends behind the beginning of the new one: both are recorded, or none. */
  async endOf(keyid, key) {
    const lost = this.root.querySelector("[name=suspect_since]")?.value;
    const wish = { kind: "key.revoke", keyid, reason: "replaced by its person" };
    const draft = await askDraft(lost ? { ...wish, suspect_since: lost } : wish);
    return signDraft(await checkDraft(draft, document.body.dataset.gln), key);
  }
}

for (const root of document.querySelectorAll("[data-key-request]")) new Waiting(root).start();
