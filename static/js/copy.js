// Buttons with data-copy put that text on the clipboard and say so.
// They stay hidden where the browser gives no clipboard (a page that is not secure).

export function enableCopying(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("button[data-copy]")) {
    if (!button.hidden) continue;
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const word = button.querySelector("[data-copy-word]");
  await navigator.clipboard.writeText(button.dataset.copy);
  const before = word.textContent;
  word.textContent = word.dataset.done;
  setTimeout(() => { word.textContent = before; }, 2000);
}
