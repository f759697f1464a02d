// A file goes to the site in chunks, and goes on by itself where a connection fell. Without
// this script, or where nothing can be hashed, the form sends it whole.
import { call, Problem } from "./api.js";
import { readTexts } from "./texts.js";

const CHUNK_BYTES = 2 ** 20;
const LONGEST_WAIT_MS = 15_000;
const TYPE = "application/partial-upload";

const megabytes = (bytes) => (bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });

async function digestOf(file) {
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Waits so long, less if the browser says that it is online again; ends with `signal`. */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const go = () => { clearTimeout(timer); resolve(); };
    window.addEventListener("online", go, { once: true });
    signal.addEventListener("abort", go, { once: true });
  });
}

/** What the person sees while a file is on its way. */
class Shown {
  constructor(form) {
    this.text = readTexts(form);
    this.place = form.querySelector("[data-sending]");
    this.begin = form.querySelector("[data-sending-begin]");
    this.bar = this.place.querySelector("progress");
    this.since = null;
  }

  open(isOpen) {
    this.place.hidden = !isOpen;
    this.begin.hidden = isOpen;
    this.figures("");
    this.bar.removeAttribute("value");
  }

  label(name, more = "") {
    const text = this.text(name) + (more && `: ${more}`);
    const label = this.place.querySelector("[data-sending-label]");
    if (label.textContent !== text) label.textContent = text;
  }

  figures(text) {
    this.place.querySelector("[data-sending-figures]").textContent = text;
  }

  show(done, total) {
    this.since ??= { at: performance.now(), done };
    this.bar.max = total;
    this.bar.value = done;
    const rate = (done - this.since.done) / ((performance.now() - this.since.at) / 1000);
    if (!rate) return;
    const values = { done: megabytes(done), total: megabytes(total), rate: megabytes(rate), left: Math.ceil((total - done) / rate) };
    this.figures(this.text("figures").replace(/\{(\w+)\}/g, (_, name) => values[name]));
  }
}

const isPassing = (error) => !(error instanceof Problem) || error.status >= 500 || error.status === 429;

/** Sends what is missing of `file`; where an answer was lost, the next one tells the place. */
async function sendRest(url, file, from, shown, signal) {
  let at = from;
  let wait = 500;
  for (;;) {
    shown.show(at, file.size);
    const body = await file.slice(at, at + CHUNK_BYTES).arrayBuffer();
    try {
      await call(url, { method: "PATCH", text: body, type: TYPE, more: { "Upload-Offset": at }, signal });
    } catch (error) {
      const { code, offset } = error.document ?? {};
      if (code === "upload_closed") return; // whole, or cancelled: its page says which
      if (signal.aborted || (code !== "other_offset" && !isPassing(error))) throw error;
      if (code === "other_offset") at = offset;
      else shown.label("waiting");
      await pause(wait, signal);
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
      continue;
    }
    shown.label("sending");
    wait = 500;
    at += body.byteLength;
    if (at >= file.size) return;
  }
}

function announcement(form, file, digest) {
  const data = new FormData(form);
  data.delete("file");
  data.delete("csrfmiddlewaretoken");
  data.set("file_name", file.name);
  data.set("size_bytes", String(file.size));
  data.set("file_digest", digest);
  return data;
}

/** What the site does not take it says on its own page: the form goes without the file. */
function submitWithoutFile(form, data) {
  for (const name of ["file_name", "size_bytes", "file_digest"]) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: data.get(name) }));
  }
  form.elements.file.disabled = true;
  form.submit();
}

async function send(form, file, shown, signal, begun) {
  shown.label("reading");
  const data = announcement(form, file, await digestOf(file));
  let upload;
  try {
    upload = await call(form.dataset.sendUrl, { method: "POST", form: data });
  } catch {
    if (!signal.aborted) submitWithoutFile(form, data);
    return;
  }
  const url = `${form.dataset.sendUrl}/${upload.id}`;
  begun(url);
  shown.label("sending");
  if (upload.state === "receiving") await sendRest(url, file, upload.received_bytes, shown, signal);
  if (signal.aborted) return;
  location.assign(`${form.dataset.sentUrl}/${upload.id}`);
}

function watch(form) {
  const shown = new Shown(form);
  let control, url;
  const giveUp = () => url && call(url, { method: "DELETE" }).catch(() => {});
  form.addEventListener("submit", async (event) => {
    const file = form.elements.file.files[0];
    if (!file?.size || !window.crypto?.subtle) return;
    event.preventDefault();
    control = new AbortController();
    url = undefined;
    shown.open(true);
    try {
      await send(form, file, shown, control.signal, (begun) => { url = begun; if (control.signal.aborted) giveUp(); });
    } catch (error) {
      if (!control.signal.aborted) shown.label("refused", error.message);
    }
  });
  form.querySelector("[data-sending-stop]").addEventListener("click", () => {
    control?.abort();
    shown.open(false);
    giveUp();
  });
}

for (const form of document.querySelectorAll("form[data-send-url]")) watch(form);
