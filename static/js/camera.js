// The camera and photos as a scanner: DataMatrix and QR, read in this browser by
// zxing-wasm (loaded before as window.ZXingWASM). The picture never leaves the device.
// Comes with the first wish for it: scanner.js.
import { announceScan } from "./wedge.js";
import { readTexts } from "./texts.js";

const FORMATS = ["DataMatrix", "QRCode"];
const GS1_MODES = new Set(["]d2", "]Q3", "]C1", "]e0"]);
const SAME_CODE_MS = 3000;
const PICTURE = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };

/** Text of a decoded symbol; in GS1 mode the AIM prefix stays, it proves FNC1. */
const scanText = ({ text, symbologyIdentifier }) =>
  GS1_MODES.has(symbologyIdentifier) ? symbologyIdentifier + text : text;

function prepare(wasmUrl) {
  globalThis.ZXingWASM.prepareZXingModule({
    overrides: { locateFile: (path, prefix) => (path.endsWith(".wasm") ? wasmUrl : prefix + path) },
  });
}

/** The first code in an ImageData or Blob, or null. */
export async function decode(picture) {
  const options = { formats: FORMATS, tryHarder: true, tryInvert: true, maxNumberOfSymbols: 1, textMode: "Plain" };
  const [found] = await globalThis.ZXingWASM.readBarcodes(picture, options);
  return found ? scanText(found) : null;
}

const ERRORS = {
  NotAllowedError: "denied",
  NotFoundError: "nocamera",
  OverconstrainedError: "nocamera",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** One [data-scanner]: `toggle` the camera, or `readPhoto` of a file field. */
export class Camera {
  constructor(root) {
    this.root = root;
    this.text = readTexts(root);
    this.part = (name) => root.querySelector(`[data-scanner-${name}]`);
    this.canvas = document.createElement("canvas");
    this.paper = this.canvas.getContext("2d", { willReadFrequently: true });
    this.last = { text: "", at: -SAME_CODE_MS };
    this.frames = 0;
    if (globalThis.ZXingWASM) prepare(root.dataset.wasmUrl);
    document.addEventListener("visibilitychange", () => document.hidden && this.stream && this.stop());
  }

  toggle() {
    return this.stream ? this.stop() : this.open();
  }

  say(name) {
    this.part("status").textContent = this.text(name);
  }

  async open() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: false });
    } catch (error) {
      this.say(ERRORS[error.name] ?? "busy");
      return;
    }
    const video = this.part("video");
    video.srcObject = this.stream;
    await video.play();
    this.part("picture").hidden = false;
    this.part("start-word").textContent = this.text("stop");
    this.say("aim");
    this.offerTools(this.stream.getVideoTracks()[0]);
    this.loop(this.stream);
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.part("picture").hidden = true;
    this.part("start-word").textContent = this.text("start");
    this.say("off");
  }

  offerTools(track) {
    const can = track.getCapabilities?.() ?? {};
    const torch = this.part("torch");
    torch.hidden = !can.torch;
    torch.onclick = () => {
      const on = torch.getAttribute("aria-pressed") !== "true";
      torch.setAttribute("aria-pressed", String(on));
      track.applyConstraints({ advanced: [{ torch: on }] });
    };
    const zoom = this.part("zoom");
    zoom.parentElement.hidden = !can.zoom;
    if (!can.zoom) return;
    Object.assign(zoom, { min: can.zoom.min, max: can.zoom.max, step: can.zoom.step || 0.1 });
    zoom.oninput = () => track.applyConstraints({ advanced: [{ zoom: Number(zoom.value) }] });
  }

  async loop(stream) {
    while (this.stream === stream) {
      try {
        const text = await decode(this.frame());
        if (text && this.stream === stream) this.found(text);
      } catch {
        this.say("nodecoder");
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }

  /** The whole picture, or every other time its middle at double size: small codes. */
  frame() {
    const video = this.part("video");
    const { videoWidth: width, videoHeight: height } = video;
    this.frames += 1;
    const share = this.frames % 2 ? 1 : 0.5;
    const [w, h] = [width * share, height * share];
    Object.assign(this.canvas, { width, height });
    this.paper.drawImage(video, (width - w) / 2, (height - h) / 2, w, h, 0, 0, width, height);
    return this.paper.getImageData(0, 0, width, height);
  }

  found(text) {
    const now = performance.now();
    const isSame = text === this.last.text && now - this.last.at < SAME_CODE_MS;
    this.last = { text, at: now };
    if (isSame) return;
    this.part("picture").classList.add("is-read");
    setTimeout(() => this.part("picture").classList.remove("is-read"), 600);
    navigator.vibrate?.(60);
    this.say("read");
    announceScan(text, "camera");
  }

  async readPhoto(input) {
    const [file] = input.files;
    if (!file || !globalThis.ZXingWASM) return;
    this.say("reading");
    try {
      const text = await decode(file);
      input.value = "";
      if (text) {
        this.say("read");
        announceScan(text, "photo");
      } else {
        this.say("nocode");
      }
    } catch {
      this.say("badphoto");
    }
  }
}
