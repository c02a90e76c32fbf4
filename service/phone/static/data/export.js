// Files with all that is not sent, for the desk ("接收手机导出的文件").

import { APP } from './app.js';
import { toBase64 } from './bytes.js';
import { now } from './clock.js';
import { get, transact } from './database.js';
import { sealAll } from './records.js';

/** @typedef {import('./types.d.ts').StoredFile} StoredFile */
/** @typedef {import('./types.d.ts').StoredRecord} StoredRecord */

const FORMAT = 'doorstep-export@1';
const MAX_BYTES = 11 * 2 ** 20; // of one file, as the desk takes it; a single photo is smaller

/**
 * The files to hand to a supervisor: usually one, more where it would be too large. Entries that are in no record yet
 * are sealed first. `all`: also what the server already has.
 * @param {{all?: boolean}} [also]
 * @returns {Promise<File[]>}
 */
export async function exportFiles({ all = false } = {}) {
  await sealAll();
  const { at } = now();
  const { records, names } = await transact(['records', 'files'], 'readonly', async (tx) => {
    /** @type {StoredFile[]} */
    const files = await tx.objectStore('files').getAll();
    /** @type {StoredRecord[]} */
    const found = await tx.objectStore('records').getAll();
    const unsent = new Set(files.filter(({ state }) => state !== 'stored').map(({ sha256 }) => sha256));
    return {
      // a record that the server has, too, if it lacks files: for whom they are is in the record
      records: found
        .filter(({ state, files: named }) => all || state !== 'stored' || named.some((name) => unsent.has(name)))
        .sort((a, b) => a.number - b.number),
      names: files.filter(({ state, dropped }) => !dropped && (all || state !== 'stored')).map(({ sha256 }) => sha256),
    };
  });
  /** @type {File[]} */
  const found = [];
  const head = { format: FORMAT, exported_at: at, app: APP, person: (await get('meta', 'owner')) ?? null };
  /** @type {{records: string[], files: string[], size: number}} */
  let part = { records: [], files: [], size: 0 };
  const close = () => {
    const text = `${JSON.stringify(head).slice(0, -1)},"records":[${part.records}],"files":[${part.files}]}`;
    found.push(new File([text], `doorstep-${at.slice(0, 16).replace(/[-:]/g, '')}-${found.length + 1}.json`, { type: 'application/json' }));
    part = { records: [], files: [], size: 0 };
  };
  /**
   * @param {'records'|'files'} kind
   * @param {object} content
   */
  const add = (kind, content) => {
    const text = JSON.stringify(content);
    if (part.size && part.size + text.length > MAX_BYTES) close();
    part[kind].push(text);
    part.size += text.length + 1;
  };
  for (const { id, visit, person, sha256, signature, created_at, state, bytes } of records) {
    add('records', { id, visit, person, sha256, signature, created_at, state, bytes: toBase64(bytes) });
  }
  for (const name of names) {
    /** @type {StoredFile|undefined} */
    const file = await get('files', name); // one after the other: a phone has little memory
    /** @type {Blob|undefined} */
    const blob = await get('blobs', name);
    const bytes = await blob?.arrayBuffer().catch(() => null);
    if (!file || !bytes) continue;
    const { sha256, visit, kind, taken_at, state } = file;
    add('files', { sha256, visit, kind, taken_at, state, bytes: toBase64(bytes) });
  }
  if (part.size || !found.length) close();
  return found;
}
