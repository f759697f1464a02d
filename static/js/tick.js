// Lists with a box to tick in each row: one more box ticks them all, and a scan ticks
// its own row. <form data-tick> with [data-tick-all] and input[data-code].
import { readCode } from "./codes.js";

function codeOf(text) {
  const { sscc, gtin, serial } = readCode(text);
  return sscc ?? (serial ? `${gtin}/${serial}` : text);
}

for (const form of document.querySelectorAll("form[data-tick]")) {
  const rows = [...form.querySelectorAll("input[data-code]")];
  const all = form.querySelector("[data-tick-all]");
  const changed = () => form.dispatchEvent(new CustomEvent("wish-changed"));
  const draw = () => {
    const ticked = rows.filter((row) => row.checked).length;
    if (all) {
      all.checked = ticked === rows.length;
      all.indeterminate = ticked > 0 && ticked < rows.length;
    }
    // Nothing ticked is nothing to sign.
    if (ticked) delete form.dataset.signWait;
    else form.dataset.signWait = "";
    changed();
  };
  all?.closest("[data-tick-tools]")?.removeAttribute("hidden");
  all?.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    draw();
  });
  form.addEventListener("input", draw);
  document.addEventListener("scan", (event) => {
    const wanted = codeOf(event.detail.text);
    const row = rows.find((one) => codeOf(one.value) === wanted || one.dataset.code === wanted);
    if (!row) return;
    event.preventDefault();
    row.checked = true;
    row.focus();
    draw();
  });
  draw();
}
