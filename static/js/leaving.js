// A shift's key lives no longer than the shift: it goes when its person logs out or ends
// it, when somebody else sits down here, and when the site says that it is over.
import { forgetKey, listShiftKeys, whyNoKeys } from "./keys.js";

async function forgetShifts(keep = () => false) {
  for (const key of await listShiftKeys()) {
    if (!keep(key)) await forgetKey(key.keyid);
  }
}

/** Before the page is left by one of `forms`, the key is gone; the form goes either way. */
function forgetBefore(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { submitter } = event;
    if (submitter?.name) {
      const copy = Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value });
      form.append(copy);
    }
    forgetShifts().finally(() => form.submit());
  });
}

export function watchLeaving() {
  if (whyNoKeys()) return;
  const { user, shift } = document.body.dataset;
  forgetShifts((key) => key.user === user && key.keyid === shift).catch(() => {});
  for (const form of document.querySelectorAll('form[action$="/accounts/logout/"], form[data-shift-end]')) forgetBefore(form);
}
