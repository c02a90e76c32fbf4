// Up and down move between the rows of a list, and between findings, while one of them or a link in it has the focus.
// Fields keep their arrow keys.

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const { target } = event;
  if (!step || event.ctrlKey || event.altKey || event.metaKey || target.matches("input, select, textarea")) return;
  const all = rows();
  const place = all.findIndex((row) => row.contains(target));
  const next = place < 0 ? null : all[place + step];
  if (!next) return;
  event.preventDefault();
  (next.hasAttribute("tabindex") ? next : next.querySelector("a")).focus();
});
