// What waits to be sent: how much it is, and when something that failed is tried again.

import { stamp } from './clock.js';
import { hasReserve, transact } from './database.js';
import { me } from './me.js';

/** @typedef {import('./types.d.ts').OutboxStatus} OutboxStatus */
/** @typedef {import('./types.d.ts').Problem} Problem */
/** @typedef {import('./types.d.ts').StoredExplanation} StoredExplanation */
/** @typedef {import('./types.d.ts').StoredRecord} StoredRecord */
/** @typedef {'records'|'files'|'explanations'} Queue */
/**
 * Why something is sent again later: what the server said, if anything.
 * @typedef {{wait: number|null, problem: Problem|null}} Retry
 */

/** The lock of the one tab that sends. */
export const LOCK = 'doorstep-outbox';
/** @type {Queue[]} */
export const QUEUES = ['records', 'files', 'explanations'];
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 15 * 60_000;
const TOO_FAR_MS = 26 * 3_600_000; // the clock was set back since

/** @returns {Promise<OutboxStatus>} */
export async function status() {
  const login = (await me().catch(() => null))?.person.login;
  const full = !(await hasReserve());
  const held = (await navigator.locks.query()).held ?? [];
  return transact(['meta', 'entries', 'records', 'files', 'explanations'], 'readonly', async (tx) => {
    const records = tx.objectStore('records').index('state');
    const files = tx.objectStore('files').index('state');
    const words = tx.objectStore('explanations').index('state');
    /** @type {(StoredRecord|StoredExplanation)[]} */
    const waiting = [...(await records.getAll('waiting')), ...(await words.getAll('waiting'))];
    const pictures = await files.getAll('waiting');
    const others = login === undefined ? 0 : waiting.filter(({ person }) => person !== login).length;
    const unsealed = (await tx.objectStore('entries').getAll()).filter(({ record }) => record === null);
    const parked = (await records.count('parked')) + (await words.count('parked')) + (await files.count('parked'));
    const times = [
      ...unsealed.map(({ entry }) => entry.at),
      ...waiting.map((one) => ('bytes' in one ? one.created_at : one.written_at)),
      ...[...pictures, ...(await files.getAll('draft'))].map(({ taken_at }) => taken_at),
    ].sort((a, b) => Date.parse(a) - Date.parse(b));
    const pause = await tx.objectStore('meta').get('pause');
    return {
      waiting: waiting.length - others,
      parked: parked + others,
      files: pictures.length,
      unsealed: new Set(unsealed.map(({ entry }) => entry.at)).size, // one tap has one time
      oldest: times[0] ?? null,
      full,
      sending: held.some(({ name }) => name === LOCK),
      stopped: (await tx.objectStore('meta').get('stopped')) ?? null,
      retry_at: pause && pause.until > Date.now() ? stamp(new Date(pause.until)) : null,
      last_sync: (await tx.objectStore('meta').get('last_sync')) ?? null,
    };
  });
}

/** @param {number} failures */
export const backoff = (failures) => Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);

/** @param {number|undefined} until */
export const isDue = (until) => !until || until <= Date.now() || until > Date.now() + TOO_FAR_MS;

/**
 * @param {Queue} queue
 * @param {any} one
 * @param {Retry} retrying
 */
export async function later(queue, one, { wait, problem }) {
  await transact([queue], 'readwrite', async (tx) => {
    const key = one.id ?? one.sha256;
    const now = await tx.objectStore(queue).get(key);
    if (!now) return;
    const failures = (now.failures ?? 0) + 1;
    await tx.objectStore(queue).put({ ...now, failures, retry_at: Date.now() + (wait ?? backoff(failures)), server_wait: wait !== null, ...(problem ? { problem } : {}) });
  });
}

/**
 * Change what is stored, as it is now.
 * @param {Queue} queue
 * @param {string} key
 * @param {(one: any) => any} change
 */
export async function update(queue, key, change) {
  await transact([queue], 'readwrite', async (tx) => {
    const one = await tx.objectStore(queue).get(key);
    if (one) await tx.objectStore(queue).put(change(one));
  });
}

/**
 * @param {Queue} queue
 * @param {string} key
 * @param {Problem} problem
 */
export const park = (queue, key, problem) => update(queue, key, (one) => ({ ...one, state: 'parked', problem }));
