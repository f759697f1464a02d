// The scanner of a page: a field, hand scanners, and camera.js when somebody wants it.
//
// [data-scanner] with _scanner.html; data-wasm-url, and data-scanner-target="#id" to
// fetch the verdict as a part (a run of packs) instead of opening a page.
import { readTexts } from "./texts.js";

async function isAlreadyAllowed() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state === "granted";
  } catch {
    return false; // Firefox and Safari do not tell
  }
}

/** Offer camera and photo below `root`; their code comes with the first wish. */
async function offerCamera(root) {
  const text = readTexts(root);
  const part = (name) => root.querySelector(`[data-scanner-${name}]`);
  const say = (name) => (part("status").textContent = text(name));
  let camera;
  const use = async (wish) => {
    camera ??= import("./camera.js").then(({ Camera }) => new Camera(root));
    try {
      await wish(await camera);
    } catch {
      camera = undefined; // the next press tries again
      say("nodecoder");
    }
  };
  part("photo").addEventListener("change", (event) => use((one) => one.readPhoto(event.target)));
  if (!globalThis.ZXingWASM || !globalThis.WebAssembly) say("nodecoder");
  else if (!navigator.mediaDevices?.getUserMedia) say("insecure");
  else {
    part("start").hidden = false;
    part("start").addEventListener("click", () => use((one) => one.toggle()));
    if (await isAlreadyAllowed()) use((one) => one.toggle());
  }
}

/** Scans of every kind show their verdict in the page, so that a run of packs flows. */
function showVerdictsIn(selector, action) {
  document.addEventListener("scan", (event) => {
    event.preventDefault();
    const url = `${action}?code=${encodeURIComponent(event.detail.text)}`;
    globalThis.htmx.ajax("GET", url, { target: selector, swap: "innerHTML" });
    const field = document.querySelector("[data-scan-field]");
    if (field) {
      field.value = "";
      field.focus({ preventScroll: true });
    }
  });
}

for (const root of document.querySelectorAll("[data-scanner]")) {
  const { scannerTarget, scannerAction } = root.dataset;
  root.querySelector("[data-scan-field]")?.focus({ preventScroll: true });
  if (scannerTarget) showVerdictsIn(scannerTarget, scannerAction);
  offerCamera(root);
}
