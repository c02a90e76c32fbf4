// Files with all that is not sent, for the desk.

/**
 * The files to hand to a supervisor: usually one, more where it would be too large. Entries that are in no record yet
 * are sealed first. `all`: also what the server already has.
 * @param {{all?: boolean}} [also]
 * @returns {Promise<File[]>}
 */
export async function exportFiles(also = {}) {
  throw new Error('not yet');
}
