// Sends photos and signatures, and tells the server which of them will never come.

import { sha256 } from './bytes.js';
import { stamp } from './clock.js';
import { get, transact } from './database.js';
import { request } from './network.js';
import { backoff, update } from './queue.js';
import { PART, sendParts } from './upload.js';

/** @typedef {import('./network.js').Answer} Answer */
/** @typedef {import('./types.d.ts').Me} Me */
/** @typedef {import('./types.d.ts').Problem} Problem */
/** @typedef {import('./types.d.ts').StoredFile} StoredFile */
/** @typedef {import('./types.d.ts').StoredRecord} StoredRecord */
/** @typedef {import('./queue.js').Retry} Retry */

const NEVER = ['not-photo', 'photo-unreadable', 'file-too-large', 'erased']; // these bytes will not be taken

/** Reasons are in the language of the screen, as are the server's. @param {string} zh @param {string} en */
const inLanguage = (zh, en) => (document.documentElement.lang === 'en' ? en : zh);

/**
 * Send a file, or the next part of it.
 * @param {Me} who
 * @param {StoredFile} file
 * @returns {Promise<Retry|null>}
 */
export async function sendFile(who, file) {
  /** @type {Blob|undefined} */
  const blob = await get('blobs', file.sha256);
  const bytes = (await blob?.arrayBuffer().catch(() => null)) ?? null;
  if (!bytes || (await sha256(bytes)) !== file.sha256) {
    // this phone's storage is damaged
    await update('files', file.sha256, (one) => ({ ...one, state: 'parked', problem: noLongerHere(), lost: noLongerHere().title }));
    return null;
  }
  const answer = bytes.byteLength <= PART ? await sendWhole(who, file, bytes) : await sendParts(who, file, bytes);
  if (answer && !answer.ok) return refused(file, answer);
  if (answer) await arrived(file);
  return null;
}

/**
 * @param {Me} who
 * @param {StoredFile} file
 * @param {ArrayBuffer} body
 */
function sendWhole({ token }, { sha256: name }, body) {
  const headers = { 'Content-Type': 'application/octet-stream' };
  return request(token, 'PUT', `/v1/evidence/${name}`, { body, size: body.byteLength, headers });
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
    await update('files', file.sha256, (one) => never(one, problem));
    return null;
  }
  if (problem?.code === 'not-found') await update('files', file.sha256, ({ upload, ...one }) => one);
  return { wait, problem };
}

/**
 * A file that the server will never take.
 * @param {StoredFile} file
 * @param {Problem} problem
 * @returns {StoredFile}
 */
const never = (file, problem) => ({ ...sent(file), state: 'parked', problem, lost: `${inLanguage('服务器不收：', 'The server refuses it: ')}${problem.title}` });

/**
 * The visit of a record was erased: what the server never had of it does not get there either.
 * @param {StoredRecord} record
 * @param {Problem} problem
 */
export async function keepBack({ visit, files }, problem) {
  await transact(['records', 'files'], 'readwrite', async (tx) => {
    const elsewhere = (await tx.objectStore('records').getAll()).filter((one) => one.visit !== visit);
    for (const name of files) {
      const file = await tx.objectStore('files').get(name);
      if (file?.state !== 'waiting' || elsewhere.some((one) => one.files.includes(name))) continue;
      await tx.objectStore('files').put(never(file, problem));
    }
  });
}

/** @param {StoredFile} file */
export function sent({ upload, problem, retry_at, failures, server_wait, ...file }) {
  return file;
}

/**
 * The server does not have a file that was sent: again, if it is still here; later, if it was so before.
 * @param {StoredFile} file
 * @returns {StoredFile}
 */
export function missed(file) {
  if (file.dropped) return { ...file, state: 'parked', problem: noLongerHere() };
  const times = (file.missed ?? 0) + 1;
  const again = times > 1 ? { retry_at: Date.now() + backoff(times) } : {};
  return { ...sent(file), ...again, state: 'waiting', missed: times };
}

/**
 * The phone itself does not have a file any more.
 * @returns {Problem}
 */
const noLongerHere = () => ({ status: 0, code: 'no-longer-here', title: inLanguage('手机上已没有这个文件', 'The file is no longer on the phone'), at: stamp(new Date()) });

/**
 * Tell the server that a file will never come, for each record that names it and has arrived.
 * @param {Me} who
 * @param {StoredFile} file
 * @param {StoredRecord[]} records
 * @returns {Promise<Retry|null>}
 */
export async function tellLost(who, file, records) {
  for (const { id } of records) {
    const body = JSON.stringify({ reason: file.lost });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await request(who.token, 'PUT', `/v1/records/${id}/lost/${file.sha256}`, { body, headers });
    // 409: it was given up for another reason; 404: the record does not name it; 410: it was erased
    if (!answer.ok && ![404, 409, 410].includes(answer.status)) return { wait: answer.wait, problem: null };
  }
  await update('files', file.sha256, (one) => ({ ...sent(one), problem: one.problem, reported: true }));
  return null;
}
