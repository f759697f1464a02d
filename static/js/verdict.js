// Enter signs the sentence on the verdict, as the button says: one gesture a pack.
//
// A hand scanner ends its code with Enter too, some with two of them. So Enter counts
// only from a person: nothing was typed or scanned for a moment, the field is empty,
// and the verdict on the page is that of the last scan.
const QUIET_MS = 700;
const PANEL = "#verdict [data-sign-go]";

let lastKey = -QUIET_MS;
let isCurrent = true; // false from a scan until its verdict is there

function mayPress(event) {
  const isQuiet = event.timeStamp - lastKey > QUIET_MS;
  const isPlain = !event.repeat && !event.ctrlKey && !event.altKey && !event.metaKey;
  const { target } = event;
  const isFree = target === document.body || (target.matches("[data-scan-field]") && !target.value);
  return isQuiet && isPlain && isFree && isCurrent;
}

addEventListener("keydown", (event) => {
  if (event.key === "Enter" && mayPress(event)) {
    const button = document.querySelector(PANEL);
    if (button && !button.disabled && !button.hidden) {
      event.preventDefault();
      button.click();
    }
  }
  lastKey = event.timeStamp;
});

document.addEventListener("scan", () => {
  isCurrent = false;
  lastKey = performance.now();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "verdict") return;
  isCurrent = true;
  lastKey = performance.now();
});
