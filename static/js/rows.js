// Filtering a list to choose from, without loading the page again: what was ticked or
// filled in stays chosen, and stays in sight.
//
// <form class="filter" data-filter-rows="#goods-form"> where all rows are on the page;
// another site, or a longer list, is the server's to show.
const bare = (text) => text.toLowerCase().replace(/[\s\u00a0]+/g, "");

const isChosen = (row) =>
  [...row.querySelectorAll("input")].some((field) => (field.type === "checkbox" ? field.checked : Number(field.value) > 0));

export function filterRows(root, text) {
  const wanted = bare(text);
  for (const row of root.querySelectorAll("tbody tr")) {
    row.hidden = wanted !== "" && !bare(row.textContent).includes(wanted) && !isChosen(row);
  }
}

for (const form of document.querySelectorAll("form[data-filter-rows]")) {
  const root = document.querySelector(form.dataset.filterRows);
  const field = form.querySelector("input[type=search]");
  const site = form.querySelector("select[name=site]");
  const first = site?.value;
  if (!root || !field) continue;
  field.addEventListener("input", () => filterRows(root, field.value));
  form.addEventListener("submit", (event) => {
    if (site?.value !== first) return;
    event.preventDefault();
    filterRows(root, field.value);
  });
}
