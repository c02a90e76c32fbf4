// What is sent, in which order, and what happens on each answer (docs/phone.md).

/** @typedef {import('./types.d.ts').OutboxStatus} OutboxStatus */

/**
 * Begin to send, now and whenever there is a reason to. `onChange` is called after each change of what `status` says,
 * and of visits, records and files, also by another tab.
 * @param {{onChange?: () => void}} [options]
 * @returns {Promise<void>}
 */
export async function start(options = {}) {
  throw new Error('not yet');
}

/** Send what there is, and fetch the agenda, now. @returns {Promise<void>} */
export async function kick() {
  throw new Error('not yet');
}

/** @returns {Promise<OutboxStatus>} */
export async function status() {
  throw new Error('not yet');
}

/**
 * Send a parked record or file again.
 * @param {string} id of a record, or the sha256 of a file
 * @returns {Promise<void>}
 */
export async function retry(id) {
  throw new Error('not yet');
}

/**
 * A file that will never be sent: the server is told why, with the next sending.
 * @param {string} sha256
 * @param {string} reason
 * @returns {Promise<void>}
 */
export async function giveUp(sha256, reason) {
  throw new Error('not yet');
}
