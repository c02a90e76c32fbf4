// What every page of ours does: find its parts, show one thing at a time, say things in its language.

/** The element with this id. */
export const part = (id) => document.getElementById(id);

/** Show one of the parts, hide the others. */
export function only(shown, ...ids) {
  for (const id of ids) part(id).hidden = id !== shown;
}

/** Whether the page is in Chinese. */
const chinese = document.documentElement.lang !== "en";

/** A text in the language of the page. */
export const inLanguage = (zh, en) => (chinese ? zh : en);

/** Say something, in the language of the page. It is text, never HTML. */
export function say(id, zh, en) {
  part(id).textContent = inLanguage(zh, en);
  part(id).hidden = false;
}

/** The switch of the language leads back to this page with `code()` behind #, from where it was taken. */
export function carryCode(code) {
  part("language").addEventListener("submit", (event) => {
    if (code()) event.target.elements.back.value = `${location.pathname}#${encodeURIComponent(code())}`;
  });
}

/**
 * What comes after # in the address, once: it is taken out of the address, the history and the screen; unless it is to
 * `stay`, because the address will be opened elsewhere.
 */
export function fragment(stay = false) {
  const text = decodeURIComponent(location.hash.slice(1));
  if (text && !stay) history.replaceState(null, "", location.pathname);
  return text;
}
