// What every page has: local times, copying, shortcuts, and the hand scanner.
import { showLocalTimes } from "./localtime.js";
import { enableCopying } from "./copy.js";
import { enableShortcuts } from "./shortcuts.js";
import { watchKeyboard } from "./wedge.js";

showLocalTimes(document);
enableCopying(document);
enableShortcuts();
if (document.body.dataset.user) watchKeyboard();

document.addEventListener("htmx:load", (event) => {
  showLocalTimes(event.target);
  enableCopying(event.target);
});
