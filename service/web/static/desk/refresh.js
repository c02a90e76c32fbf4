// Fetches the page again every so often and replaces its lists, while somebody is there and does not use one of them.
// A page that nobody uses stops, so that its session ends.
const IDLE = 15 * 60 * 1000;
const lists = [...document.querySelectorAll("[data-refresh]")];
let used = Date.now();

for (const event of ["keydown", "pointerdown", "pointermove", "scroll"]) {
  addEventListener(event, () => { used = Date.now(); }, { passive: true });
}

function inUse() {
  return lists.some(list => list.contains(document.activeElement)) || !getSelection().isCollapsed;
}

// What did not change is left alone; what is replaced stays scrolled as it was.
function replace(list, fresh) {
  if (!fresh || list.innerHTML === fresh.innerHTML) return;
  const before = [...list.querySelectorAll(".scroll")].map(one => [one.scrollLeft, one.scrollTop]);
  list.replaceChildren(...fresh.childNodes);
  list.querySelectorAll(".scroll").forEach((one, number) => one.scrollTo(...(before[number] ?? [0, 0])));
}

async function refresh() {
  if (document.hidden || Date.now() - used > IDLE || inUse()) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelectorAll("[data-refresh]");
  if (!inUse()) lists.forEach((list, number) => replace(list, fresh[number]));
}

if (lists.length) setInterval(refresh, Number(lists[0].dataset.refresh) * 1000);
