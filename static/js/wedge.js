// Hand scanners that type: a burst of keys is a scan, wherever the focus is.
//
// A scan is at least 6 keys less than 50 ms apart, ended by Enter or Tab, or by silence
// if it also looks like a code. GS (0x1D) has no key; scanners send it as Ctrl+], F8,
// Alt+029 on the number pad, or raw. What the burst typed into a field is taken out
// again. Then `document` gets the event "scan" {text, source}; if nobody prevents it,
// the scan page opens.

export const GS = "\u001d";
const MAX_GAP_MS = 50;
const MIN_KEYS = 6;
const SILENCE_MS = 500;
const LOOKS_LIKE_A_CODE = /^(\][A-Za-z]\d|\(0[01]\)|01\d{14}|00\d{18}|https?:\/\/)/;

/** Tell the page what was scanned; open the scan page if nothing on it took the scan. */
export function announceScan(text, source) {
  const event = new CustomEvent("scan", { detail: { text, source }, cancelable: true });
  if (document.dispatchEvent(event)) location.assign(`/scan?code=${encodeURIComponent(text)}`);
}

/** Collects key presses into scans; `onScan(text)` is called for each. */
export class Wedge {
  constructor(onScan) {
    this.onScan = onScan;
    this.last = -Infinity;
    this.reset();
  }

  reset() {
    this.text = "";
    this.before = null;
    this.altDigits = "";
  }

  keydown(event) {
    if (event.key === "Shift" || event.key === "CapsLock" || event.key === "Control") return;
    clearTimeout(this.silence);
    if (event.timeStamp - this.last > MAX_GAP_MS || event.repeat) this.reset();
    this.last = event.timeStamp;
    if (this.readAltCode(event)) return;
    if (isGroupSeparator(event)) {
      if (this.text) {
        this.text += GS;
        event.preventDefault();
      }
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.finish(event);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.before ??= snapshot(document.activeElement);
      this.text += event.key;
      this.silence = setTimeout(() => this.endBySilence(), SILENCE_MS);
    }
  }

  /** Alt held down, digits on the number pad, Alt let go: one character by its number. */
  readAltCode(event) {
    if (event.key === "Alt") return true;
    const digit = event.altKey && /^Numpad(\d)$/.exec(event.code)?.[1];
    if (!digit) return false;
    this.altDigits += digit;
    event.preventDefault();
    return true;
  }

  keyup(event) {
    if (event.key !== "Alt" || !this.altDigits) return;
    const number = Number(this.altDigits);
    this.altDigits = "";
    this.last = event.timeStamp;
    if (this.text && number > 0 && number < 128) this.text += String.fromCharCode(number);
  }

  finish(event) {
    if (this.text.length >= MIN_KEYS) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.hand();
    }
    this.reset();
  }

  endBySilence() {
    if (this.text.length >= 16 && LOOKS_LIKE_A_CODE.test(this.text)) this.hand();
    this.reset();
  }

  hand() {
    restore(this.before);
    this.onScan(this.text);
  }
}

function isGroupSeparator(event) {
  if (event.key === GS || event.key === "F8") return true;
  return event.ctrlKey && (event.key === "]" || event.code === "BracketRight");
}

function snapshot(field) {
  if (!field || !("value" in field) || field.readOnly) return { field: null };
  const hasCaret = typeof field.selectionStart === "number";
  return { field, value: field.value, caret: hasCaret ? [field.selectionStart, field.selectionEnd] : null };
}

function restore({ field, value, caret }) {
  if (!field || field.value === value) return;
  field.value = value;
  if (caret) field.setSelectionRange(...caret);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function watchKeyboard() {
  const wedge = new Wedge((text) => announceScan(text, "wedge"));
  addEventListener("keydown", (event) => wedge.keydown(event), true);
  addEventListener("keyup", (event) => wedge.keyup(event), true);
}
