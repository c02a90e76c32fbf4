// Values that any screen may show: after a change of one of them, the app is drawn again.

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
