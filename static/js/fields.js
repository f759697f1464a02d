// A refusal stands beside the field it is about, which is marked and has the keyboard.
import { icon, refusalSentence } from "./messages.js";
import { element } from "./texts.js";

const MARK = "data-refused";

/** The form's control for a path of the wish: "body.scope" is the first of "scope.…". */
export function findField(form, path) {
  if (!path) return null;
  const name = path.replace(/^body\./, "").replace(/\[\d+\].*$/, "");
  const fields = [...form.elements].filter((one) => one.name && one.type !== "hidden");
  return fields.find((one) => one.name === name) ?? fields.find((one) => one.name.startsWith(`${name}.`)) ?? null;
}

/** Mark `field`, say beside it what was got and wanted. */
export function markField(field, said, text) {
  const id = `${field.id || field.name}-refused`;
  const rows = ["got", "wanted"].filter((name) => said[name])
    .flatMap((name) => [element("dt", {}, text(name)), element("dd", {}, String(said[name]))]);
  const note = element("div", { class: "field-error", id, [MARK]: "", role: "alert" },
    icon("stop"), element("strong", {}, refusalSentence(said, text)));
  if (rows.length) note.append(element("dl", {}, ...rows));
  (field.closest(".field") ?? field).append(note);
  field.closest("details")?.setAttribute("open", "");
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
}

export function clearMarks(form) {
  for (const note of form.querySelectorAll(`[${MARK}]`)) {
    const field = form.querySelector(`[aria-describedby~="${CSS.escape(note.id)}"]`);
    const others = (field?.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== note.id);
    field?.removeAttribute("aria-invalid");
    if (others.length) field?.setAttribute("aria-describedby", others.join(" "));
    else field?.removeAttribute("aria-describedby");
    note.remove();
  }
}
