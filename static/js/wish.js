// A form's fields as the JSON wish from which the server drafts a statement.
// name="to.gln" nests; data-wish-type says lines, list, int, bool or json; empty
// fields are left out.

function someOf(values) {
  const filled = values.filter(Boolean);
  return filled.length ? filled : undefined;
}

const READERS = {
  lines: (values) => someOf(values.join("\n").split(/\r?\n/).map((line) => line.trim())),
  list: someOf,
  int: ([value]) => (value === "" ? undefined : Number(value)),
  bool: ([value]) => value === "true" || value === "on" || value === "1",
  json: ([value]) => (value === "" ? undefined : JSON.parse(value)),
  text: ([value]) => (value === "" ? undefined : value),
};

function put(wish, path, value) {
  const names = path.split(".");
  const last = names.pop();
  let place = wish;
  for (const name of names) place = place[name] ??= {};
  place[last] = value;
}

/** The wish of `form`: its data-wish, then its named fields. */
export function buildWish(form) {
  const wish = JSON.parse(form.dataset.wish || "{}");
  const types = new Map();
  for (const field of form.elements) {
    if (field.name && field.dataset.wishType) types.set(field.name, field.dataset.wishType);
  }
  const data = new FormData(form);
  for (const name of new Set(data.keys())) {
    if (name === "csrfmiddlewaretoken") continue;
    const values = data.getAll(name).filter((value) => typeof value === "string");
    const value = READERS[types.get(name) ?? "text"](values);
    if (value !== undefined) put(wish, name, value);
  }
  return wish;
}
