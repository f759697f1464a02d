// A part of the page that comes with the signature: <div data-after-sign="/address">.
// Where nothing else is swapped, this is lighter than htmx.
import { showLocalTimes } from "./localtime.js";

document.addEventListener("signed", async () => {
  for (const place of document.querySelectorAll("[data-after-sign]")) {
    const answer = await fetch(place.dataset.afterSign).catch(() => null);
    if (!answer?.ok) continue; // the next step's page says the same
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...page.body.children);
    showLocalTimes(place);
  }
});
