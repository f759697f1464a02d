// QR codes in pictures and before the camera, where the browser reads them itself
// (BarcodeDetector). A decoder of our own would be five times the weight of this page.

const FORMATS = { formats: ["qr_code"] };
const PICTURE = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
const PAUSE_MS = 120;

/** Whether this browser reads QR codes. */
export async function readsPictures() {
  if (!("BarcodeDetector" in globalThis)) return false;
  const formats = await globalThis.BarcodeDetector.getSupportedFormats();
  return formats.includes("qr_code");
}

/** Whether it can also show what a camera sees. */
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** The text of the first QR code in a picture, or null. */
export async function readPicture(picture) {
  const [found] = await new globalThis.BarcodeDetector(FORMATS).detect(picture);
  return found ? found.rawValue : null;
}

/** As `readPicture`, of a picture's file; null too where it is no picture. */
export async function readPictureFile(file) {
  try {
    return await readPicture(await createImageBitmap(file));
  } catch {
    return null;
  }
}

/** The camera in a video element, until `accept` takes what it reads or `stop` is called. */
export class Watch {
  constructor(video, accept) {
    Object.assign(this, { video, accept, stream: null });
  }

  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: false });
    this.video.srcObject = this.stream;
    await this.video.play();
    this.look(this.stream);
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  async look(stream) {
    while (this.stream === stream) {
      const text = await readPicture(this.video).catch(() => null);
      if (text && this.stream === stream && this.accept(text)) this.stop();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
