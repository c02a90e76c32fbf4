// The service worker: the app without a network, and new versions.

import { newVersion } from "./state.js";

const WORKER = "/phone/sw.js";
const LOOK_MS = 3_600_000; // an app that stays open looks for a new version every hour

/** Keep the app on the phone, and notice when there is a new version. Without a worker it needs the network. */
export async function startWorker() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register(WORKER, { scope: "/phone", updateViaCache: "none" });
  const look = () => {
    // the first worker of all is no new version of what is shown
    newVersion.value = navigator.serviceWorker.controller ? registration.waiting : null;
  };
  look();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
  const ask = () => registration.update().catch(() => {}); // no network: the next time
  setInterval(ask, LOOK_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") ask();
  });
}

/** Take the new version. Other tabs go on with theirs: all of it is in memory, and what they store is the same. */
export function takeNewVersion() {
  const worker = newVersion.value;
  if (!worker) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  worker.postMessage("take over");
}
