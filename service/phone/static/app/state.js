// What any screen may show besides its own: values after whose changes the app is drawn again.

/**
 * @typedef {import("../data/types.d.ts").Me} Me
 * @typedef {import("../data/types.d.ts").OutboxStatus} OutboxStatus
 */

/** @type {Set<() => void>} */
const watchers = new Set();
let isWaiting = false;

function changed() {
  if (isWaiting) return;
  isWaiting = true;
  queueMicrotask(() => {
    isWaiting = false;
    for (const watcher of watchers) watcher();
  });
}

/** Be called after changes; several at once are one. @param {() => void} watcher */
export const onChange = watcher => watchers.add(watcher);

/**
 * @template T
 * @param {T} value
 */
export const signal = value => ({
  get value() {
    return value;
  },
  set value(next) {
    if (Object.is(next, value)) return;
    value = next;
    changed();
  },
});

/**
 * A value that is made of others.
 * @template T
 * @param {() => T} read
 */
export const computed = read => ({
  get value() {
    return read();
  },
});

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
