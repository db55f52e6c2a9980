"use strict";
// Without this script everything can be read; it adds sorting and the switch between light and dark.

function compared(a, b) {
  if (a.order === "" || b.order === "") return (a.order === "") - (b.order === "") || a.place - b.place;
  const both = Number(a.order) - Number(b.order);
  const text = Number.isNaN(both) ? a.order.localeCompare(b.order, undefined, { numeric: true }) : both;
  return text * a.direction || a.place - b.place;
}

function sort(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => {
    const cell = row.cells[column];
    const order = cell.dataset.sort === undefined ? cell.textContent.trim() : cell.dataset.sort;
    return { row, order, direction, place: Number(row.dataset.place) };
  });
  rows.sort(compared);
  body.append(...rows.map((found) => found.row));
}

function sortable(table) {
  [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const direction = head.ariaSort === "ascending" ? -1 : 1;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      sort(table, column, direction);
    });
  });
}

function themed(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => document.documentElement.dataset.theme;
  const dark = () => (chosen() ? chosen() === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    show();
  });
  system.addEventListener("change", show);
  show();
  button.hidden = false;
}

function unfolded() {
  const closed = [...document.querySelectorAll("section > details:not([open])")];
  closed.forEach((part) => { part.open = true; });
  addEventListener("afterprint", () => closed.forEach((part) => { part.open = false; }), { once: true });
}

for (const table of document.querySelectorAll("table.sortable")) {
  if (table.tBodies[0].rows.length > 1) sortable(table);
}
themed(document.getElementById("theme"));
addEventListener("beforeprint", unfolded);
