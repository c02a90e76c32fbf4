// Entries and records: what the technician wrote.

/** @typedef {import('./types.d.ts').Entry} Entry */
/** @typedef {import('./types.d.ts').NewFile} NewFile */

/**
 * Write entries of a visit, with the files that they name, and drop the draft that they came from: all or nothing, on
 * disk when this returns. Fills in `id`, `at`, `tick`, `session`, and `by` (technician) where they are absent.
 * @param {string} visit
 * @param {Partial<Entry>[]} entries
 * @param {{files?: NewFile[], dropDraft?: string}} [also] `dropDraft`: the key that `saveDraft` had
 * @returns {Promise<Entry[]>}
 */
export async function addEntries(visit, entries, also = {}) {
  throw new Error('not yet');
}

/**
 * Withdraw an entry that was a slip.
 * @param {string} visit
 * @param {string} entryId
 * @param {string} reason
 * @returns {Promise<Entry>}
 */
export async function withdraw(visit, entryId, reason) {
  throw new Error('not yet');
}

/**
 * What the judge reads: the server's entries and the phone's own, each once, in the order of arrival, then of writing.
 * @param {string} visit
 * @returns {Promise<Entry[]>}
 */
export async function entriesOf(visit) {
  throw new Error('not yet');
}

/**
 * Make a record of all entries of a visit that are in none, to be sent by the outbox: the id of the (last) record, or
 * null if there were none. `correction`: the id of the correction that the record answers.
 * @param {string} visit
 * @param {{correction?: string}} [also]
 * @returns {Promise<string|null>}
 */
export async function seal(visit, also = {}) {
  throw new Error('not yet');
}
