// This browser as an enrolled phone: its token and its key, in IndexedDB (docs/device.md names all of it).
// The private key cannot be taken out, not even by this script: the browser signs with it.

const NAME = "doorstep";
const STORE = "device";

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} work
 * @returns {Promise<any>}
 */
async function transacted(mode, work) {
  const base = await opened();
  try {
    return await new Promise((done, failed) => {
      const transaction = base.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => failed(transaction.error);
    });
  } finally {
    base.close();
  }
}

/**
 * `me`: {device, token, person, keys}; `pending`: {code, keys} from when a code was read until it was answered.
 * @param {"me" | "pending"} key
 */
export const read = (key) => transacted("readonly", (store) => store.get(key));

/**
 * Keep it, on disk when this returns.
 * @param {"me" | "pending"} key
 * @param {object} value
 */
export const keep = (key, value) => transacted("readwrite", (store) => store.put(value, key));

/**
 * The enrolment is through: keep who this is, and let go of what was pending, both or neither.
 * @param {object} me
 */
export const settle = (me) =>
  transacted("readwrite", (store) => {
    store.delete("pending");
    return store.put(me, "me");
  });

/**
 * Let go of it.
 * @param {"me" | "pending"} key
 */
export const drop = (key) => transacted("readwrite", (store) => store.delete(key));

/** Whether this browser can keep a key: not on an insecure origin, not where there is no storage. */
export const able = () => isSecureContext && Boolean(globalThis.crypto?.subtle) && Boolean(globalThis.indexedDB);

/** A new key that never leaves this browser. */
export const newKeys = () => crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);

/**
 * The public half, as the server takes it.
 * @param {CryptoKeyPair} keys
 */
export async function publicKey(keys) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  return { kty, crv, x, y };
}
