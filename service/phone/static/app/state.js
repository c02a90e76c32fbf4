// What the screens show besides their own: signals, after whose changes the app is drawn again.

import { computed, signal } from "./signal.js";

/**
 * @typedef {import("../data/types.d.ts").Me} Me
 * @typedef {import("../data/types.d.ts").OutboxStatus} OutboxStatus
 */

/** Who this phone is. */
export const me = signal(/** @type {Me | null} */ (null));

/** Why the app cannot be used here at all: one of the keys of `screens/refusals.js`. */
export const refusal = signal(/** @type {"wechat" | "insecure" | "storage" | "old" | null} */ (null));

/** @type {OutboxStatus} */
const NOTHING = { waiting: 0, parked: 0, files: 0, unsealed: 0, oldest: null, full: false, sending: false, stopped: null, retry_at: null, last_sync: null };

/** What the server does not have yet. */
export const outbox = signal(NOTHING);
export const unsent = computed(() => outbox.value.waiting + outbox.value.parked + outbox.value.files);

/** By how many ms the server's clock is ahead of the phone's. */
export const clockOffset = signal(0);

/** Whether the phone has a network at all; the server may be out of reach all the same. */
export const online = signal(navigator.onLine);
for (const name of ["online", "offline"]) addEventListener(name, () => (online.value = navigator.onLine));

/** A write failed because there is no space left. */
export const storageFull = signal(false);

/** A worker with a new version waits to take over. */
export const newVersion = signal(/** @type {ServiceWorker | null} */ (null));

/** A step went wrong: said on top of the screen until it is dismissed. */
export const stepFailed = signal("");

/** What is half-done on the screen, by name: an update waits for it. */
const halfDone = signal(/** @type {readonly string[]} */ ([]));
export const busy = computed(() => halfDone.value.length > 0);

/**
 * Something on the screen is half-done, until the returned function is called.
 * @param {string} name
 */
export function hold(name) {
  halfDone.value = [...halfDone.value, name];
  return () => {
    const at = halfDone.value.indexOf(name);
    halfDone.value = halfDone.value.filter((_, n) => n !== at);
  };
}
