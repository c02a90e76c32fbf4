// IndexedDB `doorstep-phone`: docs/phone.md names all that is in it.

import '../vendor/idb/build/umd.js';

/** @typedef {import('../vendor/idb/build/index.js').IDBPDatabase<unknown>} Database */
/** @typedef {'meta'|'visits'|'checklists'|'entries'|'records'|'files'|'blobs'|'explanations'|'drafts'} Store */
/**
 * @template {IDBTransactionMode} Mode
 * @typedef {import('../vendor/idb/build/index.js').IDBPTransaction<unknown, Store[], Mode>} Transaction
 */

const { openDB } = globalThis.idb; // what the minified build leaves there
const NAME = 'doorstep-phone';
const VERSION = 1;
const CHANNEL = 'doorstep-phone';
const RESERVE = 'reserve'; // in `meta`
const RESERVE_BYTES = 2 ** 20;
const ROOM_MS = 5_000; // a browser may give the room of what was deleted back a little later

/** The phone's storage is full: nothing of this write was stored. */
export class StorageFull extends Error {
  name = 'StorageFull';
}

/** @type {Promise<Database>|null} */
let opened = null;

/** Listeners that are called after each write, by this tab or by another. @type {Set<() => unknown>} */
const listeners = new Set();
const channel = new BroadcastChannel(CHANNEL);
channel.onmessage = () => tell();
let telling = false;
/** @type {Promise<unknown>} */
let heard = Promise.resolve();

function tell() {
  const failed = (/** @type {unknown} */ error) => void Promise.reject(error); // said on the screen
  heard = Promise.all([...listeners].map(async (listener) => listener()).map((done) => done.catch(failed)));
  return heard;
}

function written() {
  if (telling) return;
  telling = true;
  heard = Promise.resolve().then(() => {
    telling = false;
    channel.postMessage('written');
    return tell();
  });
}

/** Until the listeners are done with what was written last. @returns {Promise<void>} */
export async function told() {
  await heard;
}

/**
 * Be called after each write, by this tab or by another; returns a function that ends it.
 * @param {() => unknown} listener what it does until its promise is kept is part of what `told` waits for
 */
export function onWrite(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Migrations only ever add: an older app may still be open in another tab.
 * @param {Database} db
 * @param {number} from
 */
function upgrade(db, from) {
  if (from < 1) {
    db.createObjectStore('meta');
    db.createObjectStore('visits', { keyPath: 'id' });
    db.createObjectStore('checklists');
    const entries = db.createObjectStore('entries', { keyPath: 'number', autoIncrement: true });
    entries.createIndex('visit', 'visit');
    entries.createIndex('id', 'id', { unique: true });
    const records = db.createObjectStore('records', { keyPath: 'id' });
    records.createIndex('state', 'state');
    records.createIndex('visit', 'visit');
    records.createIndex('order', ['state', 'number']);
    records.createIndex('ask', 'ask');
    const files = db.createObjectStore('files', { keyPath: 'sha256' });
    files.createIndex('state', 'state');
    files.createIndex('visit', 'visit');
    files.createIndex('order', ['state', 'kind', 'taken_at']);
    db.createObjectStore('blobs'); // apart from `files`, so that a change of state does not write the bytes again
    const explanations = db.createObjectStore('explanations', { keyPath: 'id' });
    explanations.createIndex('state', 'state');
    explanations.createIndex('visit', 'visit');
    const drafts = db.createObjectStore('drafts', { keyPath: 'id' });
    drafts.createIndex('visit', 'visit');
  }
}

/** @returns {Promise<Database>} */
function connection() {
  if (!opened) {
    /** @type {Promise<Database>} */
    const opening = openDB(NAME, VERSION, {
      upgrade,
      blocking() {
        forget(opening); // a newer app wants to migrate
      },
      terminated() {
        forget(opening);
      },
    });
    opened = opening;
    opening.catch(() => forget(opening));
    return opening;
  }
  return opened;
}

/** @param {Promise<Database>} one */
function forget(one) {
  if (opened === one) opened = null;
  one.then((db) => db.close(), () => {});
}

/** Open the database; everything else opens it if need be. @returns {Promise<void>} */
export async function open() {
  await connection();
}

/**
 * Whether the connection is lost: WebKit ends it when the app was in the background.
 * @param {unknown} error
 */
function isLost(error) {
  return error instanceof DOMException && (['InvalidStateError', 'UnknownError'].includes(error.name) || /connection/i.test(error.message));
}

/**
 * Read or write in one transaction; a write is on disk when this returns. `work` awaits nothing but the transaction,
 * and may run more than once: if the connection is lost, it may or may not have been committed, and if the storage is
 * full, it is done again in the place of the reserve.
 * @template T
 * @template {'readonly'|'readwrite'} Mode
 * @param {Store[]} stores
 * @param {Mode} mode
 * @param {(tx: Transaction<Mode>) => Promise<T>} work
 * @param {{isLarge?: boolean}} [options] `isLarge`: leaves the reserve to what is small
 * @returns {Promise<T>}
 */
export async function transact(stores, mode, work, { isLarge = false } = {}) {
  if (isLarge) await takeReserve();
  try {
    return await connected(stores, mode, work);
  } catch (error) {
    if (!(error instanceof StorageFull) || isLarge || !(await giveUpReserve())) throw error;
    return untilRoom(() => connected(stores, mode, work));
  }
}

/**
 * Room for entries, records and what the server says of them is kept when photos have filled the storage. Rejects with
 * StorageFull if there is none.
 * @returns {Promise<void>}
 */
export async function takeReserve() {
  if (await hasReserve()) return;
  const bytes = new Blob([new Uint8Array(RESERVE_BYTES)]);
  await connected(['meta'], 'readwrite', (tx) => tx.objectStore('meta').put(bytes, RESERVE));
}

/** Whether there is still room for photos. @returns {Promise<boolean>} */
export async function hasReserve() {
  return (await connected(['meta'], 'readonly', (tx) => tx.objectStore('meta').getKey(RESERVE))) !== undefined;
}

/** False if there is none. */
async function giveUpReserve() {
  if (!(await hasReserve())) return false;
  await connected(['meta'], 'readwrite', (tx) => tx.objectStore('meta').delete(RESERVE));
  return true;
}

/**
 * Do `work` again until what was deleted has made room for it.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function untilRoom(work) {
  for (const end = Date.now() + ROOM_MS; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageFull) || Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

/**
 * One transaction, and another one if the connection was lost.
 * @template T
 * @template {'readonly'|'readwrite'} Mode
 * @param {Store[]} stores
 * @param {Mode} mode
 * @param {(tx: Transaction<Mode>) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function connected(stores, mode, work) {
  for (let again = false; ; again = true) {
    const used = connection();
    try {
      const result = await attempt(await used, stores, mode, work);
      if (mode === 'readwrite') written();
      return result;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new StorageFull(error.message);
      if (again || !isLost(error)) throw error;
      forget(used);
    }
  }
}

/**
 * @template T
 * @template {'readonly'|'readwrite'} Mode
 * @param {Database} db
 * @param {Store[]} stores
 * @param {Mode} mode
 * @param {(tx: Transaction<Mode>) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function attempt(db, stores, mode, work) {
  const tx = db.transaction(stores, mode, { durability: 'strict' });
  const done = tx.done.then(() => null, (error) => ({ error })); // looked at below, whatever `work` does
  let result;
  try {
    result = await work(tx);
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // it was aborted, or committed
    }
    const ended = await done;
    // a full disk aborts the transaction: that says more than what the requests say then
    throw ended?.error instanceof DOMException && ended.error.name === 'QuotaExceededError' ? ended.error : error;
  }
  const ended = await done;
  if (ended) throw ended.error;
  return result;
}

/**
 * One value by its key.
 * @param {Store} store
 * @param {IDBValidKey} key
 * @returns {Promise<any>}
 */
export async function get(store, key) {
  return transact([store], 'readonly', (tx) => tx.objectStore(store).get(key));
}

/**
 * All values, or those of an index with this value, in the order of their keys.
 * @param {Store} store
 * @param {string} [index]
 * @param {IDBValidKey} [value]
 * @returns {Promise<any[]>}
 */
export async function all(store, index, value) {
  return transact([store], 'readonly', (tx) => {
    const from = tx.objectStore(store);
    return index ? from.index(index).getAll(value) : from.getAll();
  });
}

/**
 * Store a value, on disk when this returns.
 * @param {Store} store
 * @param {any} value
 * @param {IDBValidKey} [key] for `meta`, `checklists` and `blobs`
 * @returns {Promise<void>}
 */
export async function put(store, value, key) {
  await transact([store], 'readwrite', (tx) => tx.objectStore(store).put(value, key));
}
