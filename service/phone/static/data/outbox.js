// The one sender: when it looks, in which order it sends, and how long it waits (docs/phone.md).

import { pull, resume, tidy } from './agenda.js';
import { get, onWrite, open, put, transact } from './database.js';
import { sendDepartures } from './departure.js';
import { sendFile, tellLost } from './file_sender.js';
import { forgetMe, me } from './me.js';
import { NoAnswer, Paused, Stopped } from './network.js';
import { LOCK, QUEUES, backoff, isDue, later } from './queue.js';
import { askReceipt, probe, sendRecord, sendWords } from './record_sender.js';
import { refillReserve, sealAll } from './records.js';

/** @typedef {import('./types.d.ts').Me} Me */
/** @typedef {import('./types.d.ts').Problem} Problem */
/** @typedef {import('./queue.js').Queue} Queue */
/** @typedef {import('./queue.js').Retry} Retry */

const REGULAR_MS = 5 * 60_000;
const FAILURES_IN_A_ROW = 3; // then it is not about what is sent

const sealed = new BroadcastChannel('doorstep-sealed');
/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;
/** @type {Promise<void>|null} */
let running = null;
let again = false;
let hurried = false;
let pulled = 0;

/**
 * Begin to send, now and whenever there is a reason to. `onChange` is called after each change of what `status` says,
 * and of visits, records and files, also by another tab.
 * @param {{onChange?: () => unknown}} [options]
 * @returns {Promise<void>}
 */
export async function start({ onChange } = {}) {
  await open();
  await resume();
  await refillReserve();
  if (onChange) onWrite(onChange);
  navigator.storage?.persist?.().catch(() => {});
  sealed.onmessage = () => run({});
  addEventListener('online', () => run({ hurry: true, fetch: true }));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') run({ hurry: true, fetch: true });
  });
  run({ hurry: true, fetch: true });
}

/** Send what there is, and fetch the agenda, now. @returns {Promise<void>} */
export async function kick() {
  await run({ hurry: true, fetch: true });
}

/**
 * Send a parked record or file again.
 * @param {string} id of a record or an explanation, or the sha256 of a file
 * @returns {Promise<void>}
 */
export async function retry(id) {
  await transact(['records', 'files', 'explanations'], 'readwrite', async (tx) => {
    for (const name of QUEUES) {
      const found = await tx.objectStore(name).get(id);
      if (found?.state !== 'parked') continue;
      const { problem, lost, reported, retry_at, failures, server_wait, ...rest } = found;
      await tx.objectStore(name).put({ ...rest, state: 'waiting' });
    }
  });
  await kick();
}

/**
 * A file that will never be sent: the server gets the reason with the next sending.
 * @param {string} name its sha256
 * @param {string} reason
 * @returns {Promise<void>}
 */
export async function giveUp(name, reason) {
  await transact(['files'], 'readwrite', async (tx) => {
    const file = await tx.objectStore('files').get(name);
    if (file && file.state !== 'stored') await tx.objectStore('files').put({ ...file, state: 'parked', lost: reason });
  });
  await kick();
}

/**
 * Drop something parked, or of another person, from the phone, because a person says so: of a record also the files that
 * only it names and the server does not have. Entries stay until the visit is gone.
 * @param {string} id of a record or an explanation, or the sha256 of a file
 * @returns {Promise<void>}
 */
export async function discard(id) {
  const login = (await me().catch(() => null))?.person.login;
  await transact(['records', 'files', 'blobs', 'explanations'], 'readwrite', async (tx) => {
    for (const queue of QUEUES) {
      const found = await tx.objectStore(queue).get(id);
      const isOthers = found?.state === 'waiting' && login !== undefined && found.person !== login;
      if (found?.state !== 'parked' && !isOthers) continue;
      await tx.objectStore(queue).delete(id);
      if (queue === 'files') await tx.objectStore('blobs').delete(id);
      if (queue !== 'records') continue;
      const others = await tx.objectStore('records').index('visit').getAll(found.visit);
      for (const name of found.files) {
        if (others.some(({ files }) => files.includes(name))) continue;
        if ((await tx.objectStore('files').get(name))?.state === 'stored') continue;
        await tx.objectStore('files').delete(name);
        await tx.objectStore('blobs').delete(name);
      }
    }
  });
}

/**
 * Send, unless it goes on already, here or in another tab. `hurry`: do not wait for the end of a pause, unless the
 * server has asked for it. `fetch`: the agenda too, however new it is.
 * @param {{hurry?: boolean, fetch?: boolean}} reasons
 * @returns {Promise<void>}
 */
function run({ hurry = false, fetch = false }) {
  if (fetch) pulled = 0;
  hurried ||= hurry;
  again = true;
  running ??= turns().finally(() => {
    running = null;
    if (again) run({});
  });
  return running;
}

async function turns() {
  while (again) {
    again = false;
    try {
      // another tab that sends looks for all that is waiting: this one waits for it and looks again
      await navigator.locks.request(LOCK, () => {
        const now = hurried;
        hurried = false;
        return turn(now);
      });
      await refillReserve();
      await schedule();
    } catch (error) {
      console.error(error); // the storage: the next write will tell the screens
      timer = setTimeout(() => run({}), REGULAR_MS);
    }
  }
}

/** @param {boolean} hurry */
async function turn(hurry) {
  const who = await me().catch(() => null);
  if (!who) return;
  const stopped = await get('meta', 'stopped');
  if (stopped && !hurry && stopped.device === who.device.id) return;
  const pause = await get('meta', 'pause');
  if (pause && !isDue(pause.until) && (pause.by_server || !hurry)) return;
  try {
    await send(who, hurry);
    if (Date.now() - pulled > REGULAR_MS) {
      pulled = Date.now(); // who asks from now on wants another one
      try {
        await pull();
      } catch (error) {
        pulled = 0;
        throw error;
      }
      await send(who, false); // what the agenda says about records
    }
    await transact(['meta'], 'readwrite', async (tx) => {
      await tx.objectStore('meta').delete('pause');
      await tx.objectStore('meta').delete('stopped');
    });
  } catch (error) {
    if (error instanceof Stopped) await stop(who, error.problem);
    else await rest(error instanceof Paused ? error.wait : null);
    if (!(error instanceof Stopped || error instanceof Paused || error instanceof NoAnswer)) console.error(error);
  }
}

/**
 * Nothing is sent any more. A revoked device seals what there is, while it has its key, and forgets who it is.
 * @param {Me} who
 * @param {Problem} problem
 */
async function stop(who, { code, title, at }) {
  await put('meta', { code, title, at, device: who.device.id }, 'stopped');
  if (code !== 'device-revoked') return;
  await sealAll();
  await forgetMe();
}

/**
 * Nothing is sent for a while, by any tab.
 * @param {number|null} wait what the server said
 */
async function rest(wait) {
  const failures = ((await get('meta', 'pause'))?.failures ?? 0) + 1;
  await put('meta', { until: Date.now() + (wait ?? backoff(failures)), by_server: wait !== null, failures }, 'pause');
}

/** Look again when something is due, or after some minutes. */
async function schedule() {
  const { times, pause } = await transact(['meta', 'records', 'files', 'explanations'], 'readonly', async (tx) => {
    const waiting = await Promise.all(QUEUES.map((name) => tx.objectStore(name).index('state').getAll('waiting')));
    return { times: waiting.flat().map(({ retry_at }) => retry_at), pause: await tx.objectStore('meta').get('pause') };
  });
  const until = Math.min(...times.filter((time) => time > Date.now()), Date.now() + REGULAR_MS);
  const wait = Math.max(until, pause && !isDue(pause.until) ? pause.until : 0) - Date.now();
  clearTimeout(timer);
  timer = setTimeout(() => run({}), Math.max(wait, 1000));
}

/**
 * Send what is due: that somebody is on the way, records, what they need, words, then signatures, then photos. In a hurry, send also what waits only
 * because this phone chose to wait. After each step it starts again from the top,
 * so that a record that was sealed meanwhile goes before the next photo, or the next part of one.
 * @param {Me} who
 * @param {boolean} hurry
 */
async function send(who, hurry) {
  await probe();
  await sendDepartures(who);
  const tried = new Set();
  let failed = 0;
  for (;;) {
    const step = await next(who, hurry, tried);
    if (!step) break;
    const wait = await step();
    failed = wait ? failed + 1 : 0;
    if (failed >= FAILURES_IN_A_ROW) throw new Paused(null);
  }
  await tidy();
}

/**
 * The next thing to do; it resolves to true if it failed and will be tried later.
 * @param {Me} who
 * @param {boolean} hurry
 * @param {Set<string>} tried what has failed in this round
 * @returns {Promise<(() => Promise<boolean>)|null>}
 */
async function next(who, hurry, tried) {
  const { login } = who.person;
  return transact(['records', 'files', 'explanations'], 'readonly', async (tx) => {
    /** @param {any} one */
    const due = (one) => one.person === login && !tried.has(one.id ?? one.sha256) && (isDue(one.retry_at) || (hurry && !one.server_wait && !one.missed));
    /**
     * @param {Queue} queue
     * @param {any} one
     * @param {(one: any) => Promise<Retry|null>} work
     */
    const step = (queue, one, work) => async () => {
      const retrying = await work(one);
      if (retrying) {
        tried.add(one.id ?? one.sha256);
        await later(queue, one, retrying);
      }
      return retrying !== null;
    };
    const records = tx.objectStore('records');
    for (let at = await records.index('order').openCursor(IDBKeyRange.bound(['waiting'], ['waiting', []])); at; at = await at.continue()) {
      const one = at.value;
      if (due(one)) return step('records', one, (record) => sendRecord(who, record));
    }
    for (const one of await records.index('ask').getAll()) if (due(one)) return step('records', one, (record) => askReceipt(who, record));
    for (const one of await tx.objectStore('explanations').index('state').getAll('waiting')) {
      if (due(one)) return step('explanations', one, (words) => sendWords(who, words));
    }
    for (const one of await tx.objectStore('files').index('state').getAll('parked')) {
      if (!one.lost || one.reported || !due(one)) continue;
      const naming = (await records.index('visit').getAll(one.visit)).filter(({ state, files }) => state === 'stored' && files.includes(one.sha256));
      if (naming.length) return step('files', one, (file) => tellLost(who, file, naming));
    }
    for (const kind of ['signature', 'photo']) {
      const range = IDBKeyRange.bound(['waiting', kind], ['waiting', kind, []]);
      for (let at = await tx.objectStore('files').index('order').openCursor(range); at; at = await at.continue()) {
        const one = at.value;
        if (due(one)) return step('files', one, (file) => sendFile(who, file));
      }
    }
    return null;
  });
}

