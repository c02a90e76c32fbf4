// What is sent, in which order, and what happens on each answer (docs/phone.md).

import { askForRecent, pull, resume, tidy } from './agenda.js';
import { sha256, toBase64 } from './bytes.js';
import { stamp } from './clock.js';
import { get, onWrite, open, put, transact } from './database.js';
import { forgetMe, me, sign } from './me.js';
import { NoAnswer, Paused, Stopped, request } from './network.js';
import { sealAll, split } from './records.js';

/** @typedef {import('./network.js').Answer} Answer */
/** @typedef {import('./types.d.ts').Me} Me */
/** @typedef {import('./types.d.ts').OutboxStatus} OutboxStatus */
/** @typedef {import('./types.d.ts').Problem} Problem */
/** @typedef {import('./types.d.ts').Receipt} Receipt */
/** @typedef {import('./types.d.ts').StoredExplanation} StoredExplanation */
/** @typedef {import('./types.d.ts').StoredFile} StoredFile */
/** @typedef {import('./types.d.ts').StoredRecord} StoredRecord */
/** @typedef {'records'|'files'|'explanations'} Queue */

const LOCK = 'doorstep-outbox';
const WHOLE = 256 * 1024; // a larger file is sent in parts of this size
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 15 * 60_000;
const TOO_FAR_MS = 26 * 3_600_000; // the clock was set back since
const REGULAR_MS = 5 * 60_000;
const PROBE_MS = 3_600_000;
const FAILURES_IN_A_ROW = 3; // then it is not about what is sent
const NEVER = ['not-photo', 'photo-unreadable', 'file-too-large']; // these bytes will not be taken
const TUS = { 'Tus-Resumable': '1.0.0' };

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
 * @param {{onChange?: () => void}} [options]
 * @returns {Promise<void>}
 */
export async function start({ onChange } = {}) {
  await open();
  await resume();
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

/** @returns {Promise<OutboxStatus>} */
export async function status() {
  const login = (await me().catch(() => null))?.person.login;
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
      unsealed: unsealed.length,
      oldest: times[0] ?? null,
      sending: held.some(({ name }) => name === LOCK),
      stopped: (await tx.objectStore('meta').get('stopped')) ?? null,
      retry_at: pause && pause.until > Date.now() ? stamp(new Date(pause.until)) : null,
      last_sync: (await tx.objectStore('meta').get('last_sync')) ?? null,
    };
  });
}

/**
 * Send a parked record or file again.
 * @param {string} id of a record or an explanation, or the sha256 of a file
 * @returns {Promise<void>}
 */
export async function retry(id) {
  await transact(['records', 'files', 'explanations'], 'readwrite', async (tx) => {
    for (const name of /** @type {Queue[]} */ (['records', 'files', 'explanations'])) {
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
 * Drop something parked from the phone, because a person says so. Entries stay until the visit is gone.
 * @param {string} id of a record or an explanation, or the sha256 of a file
 * @returns {Promise<void>}
 */
export async function discard(id) {
  await transact(['records', 'files', 'blobs', 'explanations'], 'readwrite', async (tx) => {
    for (const name of /** @type {Queue[]} */ (['records', 'files', 'explanations'])) {
      if ((await tx.objectStore(name).get(id))?.state !== 'parked') continue;
      await tx.objectStore(name).delete(id);
      if (name === 'files') await tx.objectStore('blobs').delete(id);
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

/** @param {number} failures */
const backoff = (failures) => Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);

/** @param {number|undefined} until */
const isDue = (until) => !until || until <= Date.now() || until > Date.now() + TOO_FAR_MS;

/** Look again when something is due, or after some minutes. */
async function schedule() {
  const { times, pause } = await transact(['meta', 'records', 'files', 'explanations'], 'readonly', async (tx) => {
    const queues = /** @type {Queue[]} */ (['records', 'files', 'explanations']);
    const waiting = await Promise.all(queues.map((name) => tx.objectStore(name).index('state').getAll('waiting')));
    return { times: waiting.flat().map(({ retry_at }) => retry_at), pause: await tx.objectStore('meta').get('pause') };
  });
  const until = Math.min(...times.filter((time) => time > Date.now()), Date.now() + REGULAR_MS);
  const wait = Math.max(until, pause && !isDue(pause.until) ? pause.until : 0) - Date.now();
  clearTimeout(timer);
  timer = setTimeout(() => run({}), Math.max(wait, 1000));
}

/**
 * Send what is due: records, what they need, words, then signatures, then photos. In a hurry, send also what waits only
 * because this phone chose to wait. After each step it starts again from the top,
 * so that a record that was sealed meanwhile goes before the next photo, or the next part of one.
 * @param {Me} who
 * @param {boolean} hurry
 */
async function send(who, hurry) {
  await probe();
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

/**
 * Why something is sent again later: what the server said, if anything.
 * @typedef {{wait: number|null, problem: Problem|null}} Retry
 */

/**
 * @param {Queue} queue
 * @param {any} one
 * @param {Retry} retrying
 */
async function later(queue, one, { wait, problem }) {
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
async function update(queue, key, change) {
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
const park = (queue, key, problem) => update(queue, key, (one) => ({ ...one, state: 'parked', problem }));

/**
 * @param {Me} who
 * @param {StoredRecord} record
 * @returns {Promise<Retry|null>}
 */
async function sendRecord(who, record) {
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
  if (problem.quarantine) {
    await park('records', id, problem);
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
async function askReceipt(who, record) {
  const answer = await request(who.token, 'GET', `/v1/records/${record.id}`);
  if (answer.ok) {
    await received(record, answer.json);
    return null;
  }
  if (answer.status !== 404) return { wait: answer.wait, problem: null };
  // a stored one is gone: the server was restored from a backup, and gets this one and the others again
  await transact(['records'], 'readwrite', async (tx) => {
    const store = tx.objectStore('records');
    const { ask, ...one } = await store.get(record.id);
    if (one.state === 'stored') {
      await askForRecent(store);
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
    await tx.objectStore('records').put({ ...record, state: 'stored', receipt, stored_at: Date.now() });
    for (const name of record.files) {
      const file = await tx.objectStore('files').get(name);
      if (!file || file.lost) continue;
      const missing = receipt.missing_evidence.includes(name);
      if (!missing && file.state !== 'stored') await tx.objectStore('files').put({ ...sent(file), state: 'stored' });
      if (missing && file.state === 'stored') await tx.objectStore('files').put(missed(file));
    }
  });
}

/** @param {StoredFile} file */
function sent({ upload, problem, retry_at, failures, server_wait, ...file }) {
  return file;
}

/**
 * The server does not have a file that was sent: again, if it is still here; later, if it was so before.
 * @param {StoredFile} file
 * @returns {StoredFile}
 */
function missed(file) {
  if (file.dropped) return { ...file, state: 'parked', problem: noLongerHere() };
  const times = (file.missed ?? 0) + 1;
  const again = times > 1 ? { retry_at: Date.now() + backoff(times) } : {};
  return { ...sent(file), ...again, state: 'waiting', missed: times };
}

/**
 * The phone itself does not have a file any more.
 * @returns {Problem}
 */
const noLongerHere = () => ({ status: 0, code: 'no-longer-here', title: '手机上已没有这个文件', at: stamp(new Date()) });

/**
 * @param {Me} who
 * @param {StoredExplanation} words
 * @returns {Promise<Retry|null>}
 */
async function sendWords(who, { id, visit, body }) {
  const headers = { 'Content-Type': 'application/json' };
  const { ok, status: number, problem, wait } = await request(who.token, 'PUT', `/v1/visits/${visit}/explanations/${id}`, { body, headers });
  if (ok) await update('explanations', id, (one) => ({ ...one, state: 'stored' }));
  else if (problem && [400, 403, 404, 409, 422].includes(number)) await park('explanations', id, problem);
  else return { wait, problem };
  return null;
}

/**
 * Send a file, or the next part of it.
 * @param {Me} who
 * @param {StoredFile} file
 * @returns {Promise<Retry|null>}
 */
async function sendFile(who, file) {
  /** @type {Blob|undefined} */
  const blob = await get('blobs', file.sha256);
  const bytes = (await blob?.arrayBuffer().catch(() => null)) ?? null;
  if (!bytes || (await sha256(bytes)) !== file.sha256) {
    // this phone's storage is damaged
    await update('files', file.sha256, (one) => ({ ...one, state: 'parked', problem: noLongerHere(), lost: noLongerHere().title }));
    return null;
  }
  return bytes.byteLength <= WHOLE ? sendWhole(who, file, bytes) : sendParts(who, file, bytes);
}

/**
 * @param {Me} who
 * @param {StoredFile} file
 * @param {ArrayBuffer} bytes
 * @returns {Promise<Retry|null>}
 */
async function sendWhole(who, file, bytes) {
  const headers = { 'Content-Type': 'application/octet-stream' };
  const answer = await request(who.token, 'PUT', `/v1/evidence/${file.sha256}`, { body: bytes, size: bytes.byteLength, headers });
  if (answer.ok) await arrived(file);
  else return refused(file, answer);
  return null;
}

/**
 * In parts (tus 1.0): a cut costs at most one.
 * @param {Me} who
 * @param {StoredFile} file
 * @param {ArrayBuffer} bytes
 * @returns {Promise<Retry|null>}
 */
async function sendParts(who, file, bytes) {
  let { upload } = file;
  if (upload) {
    const answer = await request(who.token, 'HEAD', upload.url, { headers: TUS });
    if (!answer.ok && answer.status !== 404) return refused(file, answer);
    upload = answer.ok ? { ...upload, offset: offsetOf(answer) } : undefined;
  }
  if (!upload) {
    const headers = { ...TUS, 'Upload-Length': String(bytes.byteLength), 'Upload-Metadata': `sha256 ${btoa(file.sha256)}` };
    const answer = await request(who.token, 'POST', '/v1/uploads', { headers });
    const url = answer.headers.get('Location');
    if (!answer.ok) return refused(file, answer);
    if (!url) throw new NoAnswer('no upload');
    upload = { url: new URL(url, location.origin).pathname, offset: 0 };
    await update('files', file.sha256, (one) => ({ ...one, upload }));
  }
  while (upload.offset < bytes.byteLength) {
    const part = bytes.slice(upload.offset, upload.offset + WHOLE);
    const headers = {
      ...TUS,
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(upload.offset),
      'Upload-Checksum': `sha256 ${toBase64(await crypto.subtle.digest('SHA-256', part))}`,
    };
    const answer = await request(who.token, 'PATCH', upload.url, { body: part, size: part.byteLength, headers });
    if (!answer.ok) return refused(file, answer);
    upload = { ...upload, offset: offsetOf(answer) };
    if (upload.offset >= bytes.byteLength) break;
    await update('files', file.sha256, ({ failures, retry_at, server_wait, ...one }) => ({ ...one, upload }));
    if (await transact(['records'], 'readonly', (tx) => tx.objectStore('records').index('state').count('waiting'))) return null;
  }
  await arrived(file);
  return null;
}

/** @param {Answer} answer */
function offsetOf({ headers }) {
  const offset = headers.get('Upload-Offset');
  if (offset === null) throw new NoAnswer('no offset');
  return Number(offset);
}

/**
 * A file has arrived. When all of a record's have, the server is asked what it still misses.
 * @param {StoredFile} file
 */
async function arrived({ sha256: name, visit }) {
  await transact(['records', 'files'], 'readwrite', async (tx) => {
    const file = await tx.objectStore('files').get(name);
    if (file?.state !== 'waiting') return;
    await tx.objectStore('files').put({ ...sent(file), state: 'stored' });
    for (const record of await tx.objectStore('records').index('visit').getAll(visit)) {
      if (record.state !== 'stored' || !record.files.includes(name)) continue;
      const files = await Promise.all(record.files.map((/** @type {string} */ one) => tx.objectStore('files').get(one)));
      if (files.every((one) => one?.state !== 'waiting')) await tx.objectStore('records').put({ ...record, ask: 1 });
    }
  });
}

/**
 * A file was not taken: never, or not now.
 * @param {StoredFile} file
 * @param {Answer} answer
 * @returns {Promise<Retry|null>}
 */
async function refused(file, { problem, wait }) {
  if (problem && NEVER.includes(problem.code)) {
    await update('files', file.sha256, (one) => ({ ...sent(one), state: 'parked', problem, lost: `服务器不收：${problem.title}` }));
    return null;
  }
  if (problem?.code === 'not-found') await update('files', file.sha256, ({ upload, ...one }) => one);
  return { wait, problem };
}

/**
 * Tell the server that a file will never come, for each record that names it and has arrived.
 * @param {Me} who
 * @param {StoredFile} file
 * @param {StoredRecord[]} records
 * @returns {Promise<Retry|null>}
 */
async function tellLost(who, file, records) {
  for (const { id } of records) {
    const body = JSON.stringify({ reason: file.lost });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await request(who.token, 'PUT', `/v1/records/${id}/lost/${file.sha256}`, { body, headers });
    // 409: it was given up for another reason; 404: the record does not name it
    if (!answer.ok && ![404, 409].includes(answer.status)) return { wait: answer.wait, problem: null };
  }
  await update('files', file.sha256, (one) => ({ ...sent(one), problem: one.problem, reported: true }));
  return null;
}

/** Once in an hour, see whether the server still has the newest record: it may have been restored from a backup. */
async function probe() {
  await transact(['meta', 'records'], 'readwrite', async (tx) => {
    const now = Date.now();
    const before = (await tx.objectStore('meta').get('probed')) ?? 0;
    if (before <= now && now - before < PROBE_MS) return;
    await tx.objectStore('meta').put(now, 'probed');
    /** @type {StoredRecord[]} */
    const stored = await tx.objectStore('records').index('state').getAll('stored');
    const newest = stored.reduce((a, b) => ((a?.stored_at ?? 0) > (b.stored_at ?? 0) ? a : b), /** @type {StoredRecord|null} */ (null));
    if (newest) await tx.objectStore('records').put({ ...newest, ask: 1 });
  });
}
