// What every page has: local times, copying, shortcuts, and the hand scanner.
import { showLocalTimes } from "./localtime.js";
import { enableCopying } from "./copy.js";
import { enableShortcuts } from "./shortcuts.js";
import { watchLeaving } from "./leaving.js";
import { watchKeyboard } from "./wedge.js";

/** On a small screen the navigation scrolls: where one is stands in sight. */
function showCurrentPlace() {
  const current = document.querySelector(".site-nav [aria-current]");
  const list = current?.closest("ul");
  if (list) list.scrollLeft = current.offsetLeft - list.offsetLeft - (list.clientWidth - current.offsetWidth) / 2;
}

/** Paper says when it was printed; the answer itself carries no clock. */
function stampPaper() {
  const place = document.querySelector("[data-printed]");
  if (place) place.textContent = `${new Date().toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

showCurrentPlace();
window.addEventListener("beforeprint", stampPaper);
showLocalTimes(document);
enableCopying(document);
enableShortcuts();
watchLeaving();
if (document.body.dataset.user) watchKeyboard();

document.addEventListener("htmx:load", (event) => {
  showLocalTimes(event.target);
  enableCopying(event.target);
});
