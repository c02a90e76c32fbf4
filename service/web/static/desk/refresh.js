// Fetches the page again every so often and replaces its list, while somebody is there and does not use the list.
// A page that nobody uses stops, so that its session ends.
const IDLE = 15 * 60 * 1000;
const list = document.querySelector("[data-refresh]");
let used = Date.now();

for (const event of ["keydown", "pointerdown", "pointermove", "scroll"]) {
  addEventListener(event, () => { used = Date.now(); }, { passive: true });
}

async function refresh() {
  if (document.hidden || Date.now() - used > IDLE || list.contains(document.activeElement)) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-refresh]");
  if (fresh && !list.contains(document.activeElement)) list.replaceChildren(...fresh.childNodes);
}

if (list) setInterval(refresh, Number(list.dataset.refresh) * 1000);
