// Photos, signatures, and whatever is half done.

/** @typedef {import('./types.d.ts').NewFile} NewFile */

/**
 * A photo as it is sent: scaled to at most 1600 pixels, with its digest and that of the original.
 * @param {File} file
 * @returns {Promise<NewFile>}
 */
export async function takeIn(file) {
  throw new Error('not yet');
}

/**
 * A signature's picture as it is sent.
 * @param {Blob} blob
 * @returns {Promise<NewFile>}
 */
export async function signature(blob) {
  throw new Error('not yet');
}

/**
 * Store what is half done (plain data and Blobs), on disk when this returns.
 * @param {string} visit
 * @param {string} key
 * @param {any} value
 * @returns {Promise<void>}
 */
export async function saveDraft(visit, key, value) {
  throw new Error('not yet');
}

/**
 * The drafts of a visit, by key.
 * @param {string} visit
 * @returns {Promise<Record<string, any>>}
 */
export async function drafts(visit) {
  throw new Error('not yet');
}

/**
 * @param {string} visit
 * @param {string} key
 * @returns {Promise<void>}
 */
export async function dropDraft(visit, key) {
  throw new Error('not yet');
}
