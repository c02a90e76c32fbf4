// What every page of ours does: find its parts, show one thing at a time, say things in both languages.

/** The element with this id. */
export const part = (id) => document.getElementById(id);

/** Show one of the parts, hide the others. */
export function only(shown, ...ids) {
  for (const id of ids) part(id).hidden = id !== shown;
}

/** Say something, Chinese first. It is text, never HTML. */
export function say(id, zh, en) {
  const english = document.createElement("span");
  english.className = "en";
  english.lang = "en";
  english.textContent = en;
  part(id).replaceChildren(zh, english);
  part(id).hidden = false;
}

/**
 * What stands behind # in the address, once: it is taken out of the address, the history and the screen; unless it is to
 * `stay`, because the address will be opened elsewhere.
 */
export function fragment(stay = false) {
  const text = decodeURIComponent(location.hash.slice(1));
  if (text && !stay) history.replaceState(null, "", location.pathname);
  return text;
}
