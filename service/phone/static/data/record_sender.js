// Sends records and the technician's words, and keeps what the server's receipts say.

import { askForRecent } from './agenda.js';
import { transact } from './database.js';
import { keepBack, missed, sent } from './file_sender.js';
import { sign } from './me.js';
import { NoAnswer, request } from './network.js';
import { park, update } from './queue.js';
import { split } from './records.js';

/** @typedef {import('./types.d.ts').Me} Me */
/** @typedef {import('./types.d.ts').Problem} Problem */
/** @typedef {import('./types.d.ts').Receipt} Receipt */
/** @typedef {import('./types.d.ts').StoredExplanation} StoredExplanation */
/** @typedef {import('./types.d.ts').StoredRecord} StoredRecord */
/** @typedef {import('./queue.js').Retry} Retry */

const PROBE_MS = 3_600_000;

/**
 * @param {Me} who
 * @param {StoredRecord} record
 * @returns {Promise<Retry|null>}
 */
export async function sendRecord(who, record) {
  const { id, bytes, device } = record;
  let { signature } = record;
  if (device !== who.device.id) {
    // the phone was enrolled again: the bytes stay, the new device vouches for them
    signature = await sign(who, bytes);
    await update('records', id, (one) => ({ ...one, signature, device: who.device.id }));
  }
  /** @type {Record<string, string>} */
  const headers = { 'Content-Type': 'application/json', ...(signature ? { 'X-Signature': signature } : {}) };
  const answer = await request(who.token, 'PUT', `/v1/records/${id}`, { body: bytes, size: bytes.byteLength, headers });
  if (answer.ok) {
    await received(record, answer.json);
    return null;
  }
  const problem = /** @type {Problem} */ (answer.problem);
  if (problem.code === 'body-too-large' || problem.code === 'too-many-entries') {
    if (!(await split(record))) await park('records', id, problem);
    return null;
  }
  if (problem.quarantine || problem.code === 'erased') {
    // erased: the visit is gone for good, and the technician learns of it
    await park('records', id, problem);
    if (problem.code === 'erased') await keepBack(record, problem);
    return null;
  }
  return { wait: answer.wait, problem };
}

/**
 * The receipt as of now, of a record of which it is not known what the server has.
 * @param {Me} who
 * @param {StoredRecord} record
 * @returns {Promise<Retry|null>}
 */
export async function askReceipt(who, record) {
  const answer = await request(who.token, 'GET', `/v1/records/${record.id}`);
  if (answer.ok) {
    await received(record, answer.json);
    return null;
  }
  if (answer.problem?.code === 'erased') {
    await update('records', record.id, ({ ask, ...one }) => one); // the agenda says that the visit is gone
    return null;
  }
  if (answer.status !== 404) return { wait: answer.wait, problem: null };
  // a stored one is gone: the server was restored from a backup, and gets this one and the others again
  await transact(['visits', 'records', 'explanations'], 'readwrite', async (tx) => {
    const store = tx.objectStore('records');
    const { ask, ...one } = await store.get(record.id);
    if (one.state === 'stored') {
      await askForRecent(tx);
      await store.put({ ...one, state: 'waiting' });
    } else await store.put(one);
  });
  return null;
}

/**
 * The server has a record: what it says of its files is how they are.
 * @param {StoredRecord} record
 * @param {Receipt} receipt
 */
async function received({ id, sha256: digest }, receipt) {
  if (receipt?.record !== id || receipt.sha256 !== digest) throw new NoAnswer('another receipt');
  await transact(['records', 'files'], 'readwrite', async (tx) => {
    const stored = await tx.objectStore('records').get(id);
    if (!stored) return;
    const { ask, retry_at, failures, server_wait, problem, ...record } = stored;
    const stored_at = stored.state === 'stored' ? stored.stored_at : Date.now();
    await tx.objectStore('records').put({ ...record, state: 'stored', receipt, stored_at });
    for (const name of record.files) {
      const file = await tx.objectStore('files').get(name);
      const missing = receipt.missing_evidence.includes(name);
      if (file?.lost && file.reported && missing) await tx.objectStore('files').put({ ...file, reported: false }); // a restored server has forgotten it
      if (!file || file.lost) continue;
      if (!missing && file.state !== 'stored') await tx.objectStore('files').put({ ...sent(file), state: 'stored' });
      if (missing && file.state === 'stored') await tx.objectStore('files').put(missed(file));
    }
  });
}

/**
 * @param {Me} who
 * @param {StoredExplanation} words
 * @returns {Promise<Retry|null>}
 */
export async function sendWords(who, { id, visit, body }) {
  const headers = { 'Content-Type': 'application/json' };
  const { ok, status: number, problem, wait } = await request(who.token, 'PUT', `/v1/visits/${visit}/explanations/${id}`, { body, headers });
  if (ok) await update('explanations', id, (one) => ({ ...one, state: 'stored' }));
  else if (problem && [400, 403, 404, 409, 410, 422].includes(number)) await park('explanations', id, problem);
  else return { wait, problem };
  return null;
}

/** Once in an hour, ask for the newest receipt (the server may have been restored from a backup) and those without a proof. */
export async function probe() {
  await transact(['meta', 'records'], 'readwrite', async (tx) => {
    const now = Date.now();
    const before = (await tx.objectStore('meta').get('probed')) ?? 0;
    if (before <= now && now - before < PROBE_MS) return;
    await tx.objectStore('meta').put(now, 'probed');
    /** @type {StoredRecord[]} */
    const stored = await tx.objectStore('records').index('state').getAll('stored');
    const newest = stored.reduce((a, b) => ((a?.stored_at ?? 0) > (b.stored_at ?? 0) ? a : b), /** @type {StoredRecord|null} */ (null));
    for (const one of new Set([newest, ...stored.filter(({ receipt }) => !receipt?.log?.proof).slice(0, 20)])) if (one) await tx.objectStore('records').put({ ...one, ask: 1 });
  });
}
