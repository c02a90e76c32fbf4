// Screens by the part of the address after #: a tab that was killed comes back to its screen.

import { signal } from "./state.js";

/** @typedef {Record<string, string>} Parameters */

function read() {
  const text = location.hash.replace(/^#\/?/, "");
  try {
    return decodeURI(text);
  } catch {
    return text; // an address that somebody cut off belongs to no screen
  }
}

/** Where the person is: "", "settings", "visits/…". */
export const place = signal(read());

addEventListener("hashchange", () => {
  place.value = read();
});

/**
 * The address of a screen, for links.
 * @param {string} to
 */
export const address = to => `#/${encodeURI(to)}`;

/**
 * Go to a screen. With `instead`, "back" skips the one that is left.
 * @param {string} to
 * @param {{instead?: boolean}} [how]
 */
export function go(to, { instead = false } = {}) {
  if (instead) location.replace(address(to));
  else location.hash = address(to);
}

/**
 * The screen that a place belongs to, and the parameters in it (`visits/:visit`).
 * @template S
 * @param {Record<string, S>} routes
 * @param {string} at
 * @returns {{screen: S, parameters: Parameters} | null}
 */
export function match(routes, at) {
  const parts = at.split("/");
  for (const [pattern, screen] of Object.entries(routes)) {
    const names = pattern.split("/");
    if (names.length !== parts.length) continue;
    /** @type {Parameters} */
    const parameters = {};
    const fits = names.every((name, n) => {
      if (name.startsWith(":")) parameters[name.slice(1)] = parts[n];
      return name.startsWith(":") ? parts[n] !== "" : name === parts[n];
    });
    if (fits) return { screen, parameters };
  }
  return null;
}
