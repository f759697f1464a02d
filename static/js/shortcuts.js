// One-key shortcuts: / searches, s scans, ? lists them. A scanner's burst is left
// alone: a key counts only if nothing else was typed for a moment.

const QUIET_MS = 120;
const isTyping = (element) => element?.closest("input, textarea, select, [contenteditable]");

export function enableShortcuts() {
  const dialog = document.getElementById("shortcuts");
  for (const opener of document.querySelectorAll("[data-shortcuts-open]")) {
    opener.addEventListener("click", () => dialog.showModal());
  }
  let waiting;
  let last = -QUIET_MS;
  addEventListener("keydown", (event) => {
    const gap = event.timeStamp - last;
    last = event.timeStamp;
    clearTimeout(waiting);
    if (gap < QUIET_MS || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = ACTIONS[event.key];
    if (!action) return;
    if (event.key === "/") event.preventDefault(); // Firefox opens its own search
    waiting = setTimeout(() => action(dialog), QUIET_MS);
  });
}

const ACTIONS = {
  "/": () => document.getElementById("site-search")?.focus(),
  "?": (dialog) => dialog?.showModal(),
  s: () => {
    const field = document.querySelector("[data-scan-field]");
    if (field) field.focus();
    else if (document.body.dataset.user) location.assign("/scan");
  },
};
