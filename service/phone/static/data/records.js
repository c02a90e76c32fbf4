// Entries and records: what the technician wrote.

import { APP } from './app.js';
import { newId, sha256 } from './bytes.js';
import { now } from './clock.js';
import { StorageFull, get, takeReserve, transact, untilRoom } from './database.js';
import { me, sign } from './me.js';

/** @typedef {import('./types.d.ts').Entry} Entry */
/** @typedef {import('./types.d.ts').NewFile} NewFile */
/** @typedef {import('./types.d.ts').StoredEntry} StoredEntry */
/** @typedef {import('./types.d.ts').StoredFile} StoredFile */
/** @typedef {import('./types.d.ts').StoredRecord} StoredRecord */

const MAX_ENTRIES = 2000;
const MAX_BYTES = 2 ** 21 - 4096; // the rest is for what is around the entries
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sealed = new BroadcastChannel('doorstep-sealed');

/** Who writes: the enrolled person, also after the device was revoked. */
async function writer() {
  const who = await me().catch(() => null); // an entry does not wait for it
  return { who, login: who?.person.login ?? (await get('meta', 'owner')) ?? null };
}

/**
 * The text as the server takes it: no U+0000, no halves of surrogate pairs.
 * @param {any} value
 * @returns {any}
 */
function clean(value) {
  if (typeof value === 'string') return decoder.decode(encoder.encode(value)).replaceAll('\0', '');
  if (Array.isArray(value)) return value.map(clean);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, clean(one)]));
  return value;
}

/**
 * Write entries of a visit, with the files that they name, and drop the draft that they came from: all or nothing, on
 * disk when this returns. Fills in `id`, the clocks (unless `at` is given) and `by` (technician) where they are absent.
 * @param {string} visit
 * @param {Partial<Entry>[]} entries
 * @param {{files?: NewFile[], dropDraft?: string}} [also] `dropDraft`: the key that `saveDraft` had
 * @returns {Promise<Entry[]>}
 */
export async function addEntries(visit, entries, { files = [], dropDraft } = {}) {
  const clocks = now();
  const { login } = await writer();
  const written = entries.map(
    (entry) => /** @type {Entry} */ ({ id: newId(), by: 'technician', ...(entry.at ? {} : clocks), ...clean(entry) }),
  );
  // a photo that comes from a draft takes no more room than before
  const isLarge = files.some(({ kind }) => kind === 'photo') && dropDraft === undefined;
  const work = () =>
    transact(['entries', 'files', 'blobs', 'drafts'], 'readwrite', async (tx) => {
      const store = tx.objectStore('entries');
      for (const entry of written) {
        if ((await store.index('id').getKey(entry.id)) === undefined) {
          await store.add({ id: entry.id, visit, person: login, entry, record: null });
        }
      }
      for (const { blob, ...file } of files) {
        const known = await tx.objectStore('files').get(file.sha256);
        if (!known || known.state === 'parked') {
          await tx.objectStore('files').put({ ...file, visit, person: login, state: 'draft' });
          await tx.objectStore('blobs').put(blob, file.sha256);
        }
      }
      if (dropDraft !== undefined) await tx.objectStore('drafts').delete(`${visit}/${dropDraft}`);
    }, { isLarge });
  await withRoom(work);
  return written;
}

/**
 * Withdraw an entry that was a slip.
 * @param {string} visit
 * @param {string} entryId
 * @param {string} reason
 * @returns {Promise<Entry>}
 */
export async function withdraw(visit, entryId, reason) {
  return (await addEntries(visit, [{ withdraws: entryId, reason }]))[0];
}

/**
 * The technician's own words to a finding; sent like a record.
 * @param {string} visit
 * @param {string} finding its code
 * @param {string} text
 * @returns {Promise<void>}
 */
export async function explain(visit, finding, text) {
  const { at } = now();
  const { login } = await writer();
  const body = JSON.stringify({ finding, text: clean(text) });
  const explanation = { id: newId(), visit, person: login, finding, body, written_at: at, state: 'waiting' };
  await withRoom(() => transact(['explanations'], 'readwrite', (tx) => tx.objectStore('explanations').put(explanation)));
  sealed.postMessage(explanation.id);
}

/**
 * What the judge reads: the server's entries and the phone's own, each once, in the order of arrival, then of writing.
 * @param {string} visit
 * @returns {Promise<Entry[]>}
 */
export async function entriesOf(visit) {
  const { stored, own, records } = await transact(['visits', 'entries', 'records'], 'readonly', async (tx) => ({
    stored: await tx.objectStore('visits').get(visit),
    own: await tx.objectStore('entries').index('visit').getAll(visit),
    records: await tx.objectStore('records').index('visit').getAll(visit),
  }));
  /** @type {Entry[]} */
  const entries = stored?.view.entries ?? [];
  const known = new Set(entries.map(({ id }) => id.toLowerCase()));
  for (const { receipt } of records) for (const { entry } of receipt?.ignored ?? []) known.add(entry.toLowerCase());
  return [...entries, ...own.map(({ entry }) => entry).filter(({ id }) => !known.has(id.toLowerCase()))];
}

/**
 * Make a record of all entries of a visit that are in none, to be sent by the outbox: the id of the (last) record, or
 * null if there were none. `correction`: the id of the correction that the record answers; if what was asked for went
 * with another record already, one without entries says so.
 * @param {string} visit
 * @param {{correction?: string}} [also]
 * @returns {Promise<string|null>}
 */
export async function seal(visit, { correction } = {}) {
  for (;;) {
    const { open, checklist, answered } = await unsealed(visit);
    if (!open.length && (correction === undefined || answered.includes(correction))) return null;
    const parts = open.length ? divide(open) : [[]];
    const records = await Promise.all(
      parts.map((part, index) => encode(visit, checklist, part, index === parts.length - 1 ? correction : undefined)),
    );
    if (await withRoom(() => keep(open, parts, records))) {
      sealed.postMessage(visit);
      return records[records.length - 1].id;
    }
  }
}

/** Seal what is left of all visits. @returns {Promise<void>} */
export async function sealAll() {
  const open = await transact(['entries'], 'readonly', (tx) => tx.objectStore('entries').getAll());
  const visits = new Set(open.filter(({ record }) => record === null).map(({ visit }) => visit));
  for (const visit of visits) await seal(visit);
}

/** @param {string} visit */
async function unsealed(visit) {
  return transact(['entries', 'records', 'visits', 'checklists'], 'readonly', async (tx) => {
    /** @type {StoredEntry[]} */
    const entries = await tx.objectStore('entries').index('visit').getAll(visit);
    const stored = await tx.objectStore('visits').get(visit);
    const records = await tx.objectStore('records').index('visit').getAll(visit);
    const newest = (await tx.objectStore('checklists').getAllKeys()).pop();
    return {
      open: entries.filter(({ record }) => record === null),
      checklist: String(stored?.view.checklist ?? newest ?? 'onsite@1'),
      answered: records.map(({ correction }) => correction),
    };
  });
}

/**
 * Entries by record: of one person, and within the server's limits.
 * @param {StoredEntry[]} entries
 */
function divide(entries) {
  /** @type {StoredEntry[][]} */
  const parts = [];
  /** @type {StoredEntry[]} */
  let part = [];
  let size = 0;
  for (const one of entries) {
    const bytes = encoder.encode(JSON.stringify(one.entry)).length + 1;
    if (!part.length || part[0].person !== one.person || part.length >= MAX_ENTRIES || size + bytes > MAX_BYTES) {
      part = [];
      parts.push(part);
      size = 0;
    }
    part.push(one);
    size += bytes;
  }
  return parts;
}

/**
 * A record's bytes, digest and signature. These bytes are sent until there is a final answer.
 * @param {string} visit
 * @param {string} checklist
 * @param {StoredEntry[]} part
 * @param {string} [correction]
 * @returns {Promise<StoredRecord>}
 */
async function encode(visit, checklist, part, correction) {
  const id = newId();
  const clocks = now();
  const person = part.length ? part[0].person : (await writer()).login;
  const entries = part.map(({ entry }) => entry);
  const content = { id, visit, checklist, entries, ...(correction ? { correction } : {}), app: APP, device_clock: clocks };
  const bytes = /** @type {ArrayBuffer} */ (encoder.encode(JSON.stringify(content)).buffer);
  const who = await me().catch(() => null);
  const own = who?.person.login === person ? who : null;
  return {
    id,
    visit,
    person,
    number: 0,
    bytes,
    sha256: await sha256(bytes),
    signature: own && (await sign(own, bytes).catch(() => null)), // the server takes it without
    device: own && own.device.id,
    created_at: clocks.at,
    files: [...new Set(entries.flatMap(({ evidence }) => (evidence ?? []).flatMap(({ sha256: name }) => name || [])))],
    state: 'waiting',
    ...(correction ? { correction } : {}),
  };
}

/**
 * Store sealed records and mark their entries, all or nothing. False if another tab has sealed some of them.
 * @param {StoredEntry[]} open
 * @param {StoredEntry[][]} parts
 * @param {StoredRecord[]} records
 */
async function keep(open, parts, records) {
  return transact(['entries', 'records', 'files', 'meta'], 'readwrite', async (tx) => {
    if (await tx.objectStore('records').getKey(records[0].id)) return true; // committed before the connection was lost
    const store = tx.objectStore('entries');
    for (const { number } of open) if ((await store.get(Number(number)))?.record !== null) return false;
    let last = (await tx.objectStore('meta').get('records')) ?? 0;
    for (const [index, record] of records.entries()) {
      last += 1;
      await tx.objectStore('records').add({ ...record, number: last });
      for (const one of parts[index]) await store.put({ ...one, record: record.id });
      for (const name of record.files) {
        const file = await tx.objectStore('files').get(name);
        if (file?.state === 'draft') await tx.objectStore('files').put({ ...file, state: 'waiting' });
      }
    }
    await tx.objectStore('meta').put(last, 'records');
    return true;
  });
}

/**
 * Replace a record that is too large for the server by two with the same entries; false if it has only one.
 * @param {StoredRecord} record
 * @returns {Promise<boolean>}
 */
export async function split(record) {
  const { checklist } = JSON.parse(decoder.decode(record.bytes));
  const entries = await transact(['entries'], 'readonly', (tx) => tx.objectStore('entries').index('visit').getAll(record.visit));
  /** @type {StoredEntry[]} */
  const own = entries.filter((entry) => entry.record === record.id);
  if (own.length < 2) return false;
  const middle = Math.ceil(own.length / 2);
  const parts = [own.slice(0, middle), own.slice(middle)];
  const halves = [await encode(record.visit, checklist, parts[0]), await encode(record.visit, checklist, parts[1], record.correction)];
  await withRoom(() =>
    transact(['entries', 'records'], 'readwrite', async (tx) => {
      const records = tx.objectStore('records');
      if (!(await records.getKey(record.id))) return;
      await records.delete(record.id);
      const others = await records.index('visit').getAll(record.visit);
      const next = Math.min(record.number + 1, ...others.map(({ number }) => number).filter((number) => number > record.number));
      const numbers = [record.number, (record.number + next) / 2]; // in its place
      for (const [index, half] of halves.entries()) {
        await records.put({ ...half, number: numbers[index], created_at: record.created_at });
        for (const one of parts[index]) await tx.objectStore('entries').put({ ...one, record: half.id });
      }
    }),
  );
  return true;
}

/**
 * Do `work`; if the storage is full, do it again without the pictures that the server has for good.
 * @template T
 * @param {() => Promise<T>} work
 */
export async function withRoom(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StorageFull) || !(await makeRoom())) throw error;
    return untilRoom(work);
  }
}

/** Have the reserve again, if there is room for it. @returns {Promise<void>} */
export async function refillReserve() {
  try {
    await withRoom(takeReserve);
  } catch (error) {
    if (!(error instanceof StorageFull)) throw error;
  }
}

/** Drop the pictures of files that are in complete records; false if there are none. */
async function makeRoom() {
  return transact(['records', 'files', 'blobs'], 'readwrite', async (tx) => {
    const named = new Set();
    for (const record of await tx.objectStore('records').getAll()) {
      if (record.receipt?.state !== 'complete') for (const name of record.files) named.add(name);
    }
    let dropped = false;
    for (const file of await tx.objectStore('files').index('state').getAll('stored')) {
      if (file.dropped || named.has(file.sha256)) continue;
      await tx.objectStore('files').put({ ...file, dropped: true });
      await tx.objectStore('blobs').delete(file.sha256);
      dropped = true;
    }
    return dropped;
  });
}
