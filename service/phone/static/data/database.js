// IndexedDB `doorstep-phone`.

/** The phone's storage is full: nothing of this write was stored. */
export class StorageFull extends Error {}

/** Open the database. Call it once before anything else; the other functions open it if need be. @returns {Promise<void>} */
export async function open() {
  throw new Error('not yet');
}

/** @typedef {'meta'|'visits'|'checklists'|'entries'|'records'|'files'|'drafts'} Store */

/**
 * One value by its key.
 * @param {Store} store
 * @param {IDBValidKey} key
 * @returns {Promise<any>}
 */
export async function get(store, key) {
  throw new Error('not yet');
}

/**
 * All values, or those of an index with this value.
 * @param {Store} store
 * @param {string} [index]
 * @param {IDBValidKey} [value]
 * @returns {Promise<any[]>}
 */
export async function all(store, index, value) {
  throw new Error('not yet');
}

/**
 * Store a value, on disk when this returns.
 * @param {Store} store
 * @param {any} value
 * @param {IDBValidKey} [key] for `meta`
 * @returns {Promise<void>}
 */
export async function put(store, value, key) {
  throw new Error('not yet');
}
