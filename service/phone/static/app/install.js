// The app on the home screen, and the space that the browser grants it.

import { signal } from "./state.js";

/** @typedef {Event & {prompt: () => Promise<{outcome: "accepted" | "dismissed"}>}} InstallPrompt */

/** What the browser offers to ask; on an iPhone it never does. */
const offered = signal(/** @type {InstallPrompt | null} */ (null));

/** Whether it runs from the home screen. */
const installed = signal(matchMedia("(display-mode: standalone)").matches || "standalone" in navigator && navigator.standalone === true);

addEventListener("beforeinstallprompt", event => {
  event.preventDefault(); // settings show a button instead of the browser's bar
  offered.value = /** @type {InstallPrompt} */ (event);
});
addEventListener("appinstalled", () => {
  installed.value = true;
  offered.value = null;
});

/** How the app gets onto the home screen of this phone. @returns {"installed" | "ask" | "ios" | "menu"} */
export function way() {
  if (installed.value) return "installed";
  if (offered.value) return "ask";
  return /iPhone|iPad/.test(navigator.userAgent) ? "ios" : "menu";
}

/** Let the browser ask; afterwards the offer is used up. */
export async function install() {
  const offer = offered.value;
  offered.value = null;
  await offer?.prompt();
}

/** What is used and granted; null where the browser does not say. */
export async function space() {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  return { usage, quota, lasting: (await navigator.storage?.persisted?.()) ?? false };
}

/** Ask the browser not to delete anything by itself. */
export const persist = async () => (await navigator.storage?.persist?.()) ?? false;
