// What the server has for this technician.

import { learn, remember } from './clock.js';
import { get, transact } from './database.js';
import { me } from './me.js';
import { NoAnswer, request } from './network.js';
import { seal } from './records.js';

/** @typedef {import('./types.d.ts').OpenCorrection} OpenCorrection */
/** @typedef {import('./types.d.ts').StoredRecord} StoredRecord */
/** @typedef {import('./types.d.ts').StoredVisit} StoredVisit */
/** @typedef {import('./types.d.ts').VisitView} VisitView */
/**
 * @typedef {{cursor: string, server_time: string, full: boolean, more: boolean, visits: VisitView[], gone: string[],
 *   checklists: string[], corrections: OpenCorrection[], unreadable: string[],
 *   price_list: string, door_keys: Record<string, import('./types.d.ts').DoorKey>}} Page
 */

const PAGE_BYTES = 4 * 2 ** 20; // of an answer, for how long to wait
const RECENT_MS = 14 * 86_400_000; // a server that was restored may not have these records any more
const DRAFT_MS = 7 * 86_400_000; // after so long nobody finishes it

/**
 * Fetch what changed. Rejects when the server cannot be reached or refuses; what came until then is stored.
 * @returns {Promise<void>}
 */
export async function pull() {
  const who = await me();
  if (!who) return;
  for (let more = true; more; ) {
    const cursor = await get('meta', 'cursor');
    const asked = Date.now();
    const path = `/v1/agenda${cursor ? `?since=${encodeURIComponent(cursor)}` : ''}`;
    const { ok, json } = await request(who.token, 'GET', path, { size: PAGE_BYTES });
    if (!ok || !json?.cursor) throw new NoAnswer('no agenda');
    await learn(json.server_time, asked, Date.now());
    const stored = await store(json, cursor, asked, who.person.login);
    more = !stored || json.more; // not stored: another tab has fetched it
  }
  await fetchChecklists(who.token);
  await sealEnded();
  await tidy();
}

/** Know again what an earlier run has learnt. */
export async function resume() {
  remember((await get('meta', 'offset_ms')) ?? 0);
}

/**
 * Store a page with its cursor, all or nothing; false if it was asked with a cursor that is no longer the stored one.
 * @param {Page} page
 * @param {string|undefined} cursor
 * @param {number} asked
 * @param {string} login
 */
async function store(page, cursor, asked, login) {
  return transact(['meta', 'visits', 'records', 'explanations'], 'readwrite', async (tx) => {
    const meta = tx.objectStore('meta');
    const visits = tx.objectStore('visits');
    const current = await meta.get('cursor');
    if (current !== cursor) return current === page.cursor; // that one: committed before the connection was lost
    // a full answer names all visits of this phone, in several pages: the others go when it is complete
    const named = page.full ? new Set() : await meta.get('named');
    for (const id of [...page.visits.map((view) => view.id), ...page.unreadable]) named?.add(id);
    for (const id of page.gone) named?.delete(id);
    for (const view of page.visits) {
      await visits.put({ id: view.id, view, door_key: page.door_keys[view.id], corrections: [] });
      await compare(tx.objectStore('records'), view, asked);
    }
    for (const id of page.gone) await leave(visits, id);
    if (named && !page.more) for (const id of await visits.getAllKeys()) if (!named.has(String(id))) await leave(visits, String(id));
    if (page.full) await askForRecent(tx);
    await correct(visits, page.corrections);
    if (named && page.more) await meta.put(named, 'named');
    else await meta.delete('named');
    await meta.put(page.cursor, 'cursor');
    await meta.put(login, 'owner');
    await meta.put(page.price_list, 'price_list');
    if (!page.more) await meta.put(page.server_time, 'last_sync');
    return true;
  });
}

/**
 * @typedef {import('../vendor/idb/build/index.js').IDBPObjectStore<unknown, any, any, 'readwrite'>} Writable
 * @param {Writable} visits
 * @param {string} id
 */
async function leave(visits, id) {
  const visit = await visits.get(id);
  if (visit) await visits.put({ ...visit, gone: true, corrections: [] });
}

/**
 * Each page has all open corrections.
 * @param {Writable} visits
 * @param {OpenCorrection[]} open
 */
async function correct(visits, open) {
  for (const visit of await visits.getAll()) {
    const corrections = open.filter((one) => one.visit === visit.id);
    if (corrections.length || visit.corrections.length) await visits.put({ ...visit, corrections });
  }
}

/**
 * Ask for the receipts of records of which phone and server do not think the same: the server has one that was parked
 * here (a supervisor has taken it) or whose answer was lost; or it does not have one that was stored.
 * @param {Writable} records
 * @param {VisitView} view
 * @param {number} asked
 */
async function compare(records, view, asked) {
  const there = new Map(view.records.map(({ record, sha256 }) => [record, sha256]));
  for (const record of /** @type {StoredRecord[]} */ (await records.index('visit').getAll(view.id))) {
    const has = there.get(record.id) === record.sha256;
    const differs = record.state === 'stored' ? !has && (record.stored_at ?? 0) < asked : has;
    if (differs) await records.put({ ...record, ask: 1 });
  }
}

/**
 * The server may have been restored from a backup. There is no receipt of words: they are sent again, which is harmless.
 * @param {import('./database.js').Transaction<'readwrite'>} tx with `visits`, `records` and `explanations`
 */
export async function askForRecent(tx) {
  const records = tx.objectStore('records');
  const explanations = tx.objectStore('explanations');
  for (const words of /** @type {import('./types.d.ts').StoredExplanation[]} */ (await explanations.index('state').getAll('stored'))) {
    if (Date.parse(words.written_at) < Date.now() - RECENT_MS) continue;
    const visit = await tx.objectStore('visits').get(words.visit);
    if (visit && !visit.gone) await explanations.put({ ...words, state: 'waiting' });
  }
  for (const record of /** @type {StoredRecord[]} */ (await records.index('state').getAll('stored'))) {
    if ((record.stored_at ?? 0) > Date.now() - RECENT_MS) await records.put({ ...record, ask: 1 });
  }
}

/**
 * What was recorded of a visit that was handed over meanwhile, or for a correction that is no longer asked for, is sent
 * as it is: nobody hands it in here.
 */
async function sealEnded() {
  for (const { id, gone, view, corrections } of await transact(['visits'], 'readonly', (tx) => tx.objectStore('visits').getAll())) {
    if (gone || (!corrections.length && view.entries.some((/** @type {import('./types.d.ts').Entry} */ { what }) => what === 'left'))) await seal(id);
  }
}

/** @param {string} token */
async function fetchChecklists(token) {
  const { needed, known } = await transact(['visits', 'checklists'], 'readonly', async (tx) => ({
    needed: new Set((await tx.objectStore('visits').getAll()).map(({ view }) => view.checklist)),
    known: await tx.objectStore('checklists').getAllKeys(),
  }));
  for (const name of needed) {
    if (known.includes(name)) continue;
    const { ok, json } = await request(token, 'GET', `/v1/checklists/${name.replace('@', '/')}`, { size: PAGE_BYTES });
    if (!ok || !json?.items) throw new NoAnswer('no checklist');
    await transact(['checklists'], 'readwrite', (tx) => tx.objectStore('checklists').put(json, name));
  }
}

/**
 * Delete visits that are gone, with all that belongs to them, once nothing of them is unsent: they contain personal
 * data.
 * @returns {Promise<void>}
 */
export async function tidy() {
  const gone = await transact(['visits'], 'readonly', (tx) => tx.objectStore('visits').getAll());
  for (const visit of gone) if (visit.gone) await forget(visit.id);
}

/** @param {string} id */
async function forget(id) {
  return transact(['visits', 'entries', 'records', 'files', 'blobs', 'explanations', 'drafts'], 'readwrite', async (tx) => {
    const visit = await tx.objectStore('visits').get(id);
    const entries = await tx.objectStore('entries').index('visit').getAll(id);
    const records = await tx.objectStore('records').index('visit').getAll(id);
    const files = await tx.objectStore('files').index('visit').getAll(id);
    const explanations = await tx.objectStore('explanations').index('visit').getAll(id);
    const drafts = await tx.objectStore('drafts').index('visit').getAll(id);
    const unsent =
      entries.some(({ record }) => record === null) ||
      records.some(({ state, ask }) => state !== 'stored' || ask) ||
      files.some(({ state, lost }) => state === 'waiting' || (state === 'parked' && !lost)) ||
      explanations.some(({ state }) => state !== 'stored') ||
      drafts.some(({ saved_at }) => saved_at > Date.now() - DRAFT_MS);
    if (!visit?.gone || unsent) return;
    const elsewhere = new Set(); // a picture that a record of another visit names too
    for (const record of await tx.objectStore('records').getAll()) if (record.visit !== id) for (const name of record.files) elsewhere.add(name);
    for (const { number } of entries) await tx.objectStore('entries').delete(number);
    for (const one of records) await tx.objectStore('records').delete(one.id);
    for (const { sha256 } of files) {
      if (elsewhere.has(sha256)) continue;
      await tx.objectStore('files').delete(sha256);
      await tx.objectStore('blobs').delete(sha256);
    }
    for (const one of explanations) await tx.objectStore('explanations').delete(one.id);
    for (const one of drafts) await tx.objectStore('drafts').delete(one.id);
    await tx.objectStore('visits').delete(id);
  });
}
