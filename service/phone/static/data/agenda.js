// What the server has for this technician.

/**
 * Fetch what changed. Rejects when the server cannot be reached or refuses; what came until then is stored.
 * @returns {Promise<void>}
 */
export async function pull() {
  throw new Error('not yet');
}
