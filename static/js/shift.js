// The page "Shift": one signature of a passkey lends its voice to a key of this device.
//
// The device key is made here, shown in the sentence that is signed, and kept only once
// the site has taken the delegation. What the bytes say is read here: if they do not
// agree with the form, nothing is signed.
import { call } from "./api.js";
import { canonical, fromBase64, toBase64 } from "./dsse.js";
import { flatten } from "./facts.js";
import { newKey } from "./keymaking.js";
import { forgetKey, keepKey, listKeys, listShiftKeys, markEnrolled, whyNoKeys } from "./keys.js";
import { localText, utcText } from "./localtime.js";
import { explain, note } from "./messages.js";
import { ALG as PASSKEY } from "./passkeys.js";
import { element, readTexts } from "./texts.js";
import { signatureOf } from "./voices.js";

const TYPE = "application/vnd.pharmatrace.delegation.v1+json";
const HOUR_MS = 3_600_000;

class ShiftForm {
  constructor(form) {
    this.form = form;
    this.text = readTexts(form);
    this.part = (name) => form.querySelector(`[data-shift-${name}]`);
    this.turn = 0;
    this.draft = null;
  }

  async start() {
    const why = whyNoKeys();
    if (why) {
      this.say(note("think", element("p", {}, this.text(why))));
      return;
    }
    this.lender = await this.findLender();
    this.part("nolender").hidden = Boolean(this.lender);
    this.form.addEventListener("change", () => this.review());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.begin();
    });
    if (this.lender) await this.review();
  }

  say(...nodes) {
    this.part("says").replaceChildren(...nodes);
  }

  /** A passkey before any other key: it alone asks for its person. */
  async findLender() {
    for (const keyid of JSON.parse(this.form.dataset.enrolled)) await markEnrolled(keyid);
    const keys = (await listKeys(document.body.dataset.user)).filter((key) => key.isEnrolled);
    return keys.find((key) => key.alg === PASSKEY) ?? keys[0] ?? null;
  }

  async review() {
    const turn = ++this.turn;
    this.draft = null;
    this.part("go").disabled = true;
    this.say();
    try {
      const device = await newKey();
      const wish = {
        spki_b64: toBase64(device.spki), alg: device.alg,
        site: this.form.elements.site.value, hours: Number(this.form.elements.hours.value),
      };
      const answer = await call(this.form.dataset.draftUrl, { method: "POST", json: wish });
      if (turn !== this.turn) return;
      this.show({ ...readDelegation(answer, wish), device, words: answer.words, site: wish.site });
    } catch (error) {
      if (turn === this.turn) this.say(explain(error, this.text));
    }
  }

  show(draft) {
    const until = new Date(draft.delegation.to);
    this.draft = draft;
    this.part("words").textContent = draft.words;
    this.part("until").textContent = `${utcText(until)} · ${localText(until)} ${this.text("local")}`;
    this.part("facts").replaceChildren(
      ...flatten(draft.delegation).flatMap(([path, value]) => [
        element("dt", {}, element("code", {}, path)), element("dd", {}, value),
      ]),
    );
    this.part("go").disabled = false;
  }

  async begin() {
    const { draft } = this;
    if (!draft) return;
    this.part("go").disabled = true;
    this.say(element("p", {}, this.text(this.lender.credentialId ? "passkey" : "working")));
    try {
      const delegation = {
        payloadType: TYPE, payload: toBase64(draft.bytes),
        signatures: [await signatureOf(this.lender, TYPE, draft.bytes)],
      };
      await call(this.form.dataset.beginUrl, { method: "POST", json: delegation });
      for (const key of await listShiftKeys()) await forgetKey(key.keyid);
      await keepKey({
        ...draft.device, delegation, site: draft.site, until: draft.delegation.to,
        user: document.body.dataset.user, label: draft.words,
      });
      location.assign(this.form.dataset.nextUrl);
    } catch (error) {
      this.say(explain(error, this.text));
      this.part("go").disabled = false;
    }
  }
}

/** The delegation in the site's answer, if it says exactly what was asked for. */
export function readDelegation({ payload_type: type, payload }, { spki_b64: spki, alg, site, hours }) {
  const bytes = fromBase64(payload);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const delegation = JSON.parse(text);
  const said = [
    type === TYPE, canonical(delegation) === text, delegation.by === document.body.dataset.gln,
    delegation.role === "signer", delegation.site === site,
    delegation.delegate.spki_b64 === spki, delegation.delegate.alg === alg,
    Date.parse(delegation.to) - Date.parse(delegation.from) === hours * HOUR_MS,
  ];
  if (said.includes(false)) throw Object.assign(new Error("mismatch"), { textName: "mismatch" });
  return { bytes, delegation };
}

for (const form of document.querySelectorAll("form[data-shift]")) new ShiftForm(form).start();
