// Sentences for scripts stand in the page, translated: <template data-texts>.

/** A function from a text's name to its sentence: those below `root`, else the page's on signing. */
export function readTexts(root) {
  const template = root.querySelector("template[data-texts]") ?? document.querySelector('template[data-texts="sign"]');
  const found = new Map();
  for (const line of template?.content.querySelectorAll("[data-text]") ?? []) {
    found.set(line.dataset.text, line.textContent.trim());
  }
  return (name) => found.get(name) ?? name;
}

/** An element with a class, attributes and children; strings become text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
