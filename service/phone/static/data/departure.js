// "I am on the way": kept here, and sent as long as it is true and nobody has arrived.

import { now } from './clock.js';
import { get, transact } from './database.js';
import { me } from './me.js';
import { request } from './network.js';

/** @typedef {import('./types.d.ts').Checklist} Checklist */
/** @typedef {import('./types.d.ts').Departure} Departure */
/** @typedef {import('./types.d.ts').Entry} Entry */
/** @typedef {import('./types.d.ts').Me} Me */

const KEY = 'departures'; // in `meta`: by visit
const TRUE_MS = 30 * 60_000; // the customer would wait for somebody who may have come long ago
const EARLY_MS = 60_000; // the clock was set back since

/**
 * Whether a technician has recorded anything but what is done before setting out.
 * @param {Checklist} checklist
 * @param {Entry[]} entries
 */
export function hasCome({ items }, entries) {
  const before = new Set(items.filter(({ stage }) => stage === 'plan').map(({ id }) => id));
  return entries.some(({ by, what }) => by === 'technician' && what !== undefined && !before.has(what));
}

/**
 * Set out for a visit; on disk when this returns. Another one replaces it. `minutes`: until the arrival.
 * @param {string} visit
 * @param {number} [minutes]
 */
export async function depart(visit, minutes) {
  const { at } = now();
  const person = (await me())?.person.login ?? null;
  await change((all) => ({ ...all, [visit]: { at, person, ...(minutes && { minutes }) } }));
}

/** What is not sent, or was not taken. @param {string} visit @returns {Promise<Departure|undefined>} */
export const departureOf = async (visit) => (await get('meta', KEY))?.[visit];

/** Not so. @param {string} visit */
export const stay = (visit) => change(({ [visit]: _, ...others }) => others);

/** @param {(all: Record<string, Departure>) => Record<string, Departure>} work */
const change = (work) =>
  transact(['meta'], 'readwrite', async (tx) => tx.objectStore('meta').put(work((await tx.objectStore('meta').get(KEY)) ?? {}), KEY));

/**
 * Send what is still true. What is not, or what the server does not take, stays with the reason until the person has
 * seen it.
 * @param {Me} who
 */
export async function sendDepartures({ token, person }) {
  /** @type {Record<string, Departure>} */
  const all = (await get('meta', KEY)) ?? {};
  for (const [id, departure] of Object.entries(all)) {
    const { at, minutes } = departure;
    const known = await get('visits', id);
    if (departure.person !== person.login || !known || known.gone) {
      await stay(id);
      continue;
    }
    if (departure.problem) continue;
    if (!(await isTrue(id, at))) {
      await fail(id, departure, { code: 'not-sent', title: '' });
      continue;
    }
    const body = JSON.stringify({ at, ...(minutes && { minutes }) });
    const headers = { 'Content-Type': 'application/json' };
    const { ok, status, json, problem } = await request(token, 'PUT', `/v1/visits/${id}/departure`, { body, headers });
    if (!ok && status >= 500) continue;
    if (problem) {
      await fail(id, departure, problem);
      continue;
    }
    await transact(['meta', 'visits'], 'readwrite', async (tx) => {
      const visit = await tx.objectStore('visits').get(id);
      if (visit) await tx.objectStore('visits').put({ ...visit, view: { ...visit.view, departure: json } });
      const { [id]: sent, ...others } = (await tx.objectStore('meta').get(KEY)) ?? {};
      if (sent?.at === at) await tx.objectStore('meta').put(others, KEY); // not one that came meanwhile
    });
  }
}

/**
 * The customer was not told; unless the person has set out again, or taken it back, meanwhile.
 * @param {string} id
 * @param {Departure} departure
 * @param {{code: string, title: string}} problem
 */
const fail = (id, { at, person }, { code, title }) =>
  change((all) => (all[id]?.at === at ? { ...all, [id]: { at, person, problem: { code, title } } } : all));

/**
 * @param {string} id
 * @param {string} at
 */
async function isTrue(id, at) {
  const since = Date.now() - Date.parse(at);
  if (since > TRUE_MS || since < -EARLY_MS) return false;
  return transact(['visits', 'entries', 'checklists'], 'readonly', async (tx) => {
    const visit = await tx.objectStore('visits').get(id);
    if (!visit || visit.gone || visit.view.cancelled) return false;
    const own = await tx.objectStore('entries').index('visit').getAll(id);
    const checklist = await tx.objectStore('checklists').get(visit.view.checklist);
    return !hasCome(checklist ?? { items: [] }, [...visit.view.entries, ...own.map(({ entry }) => entry)]);
  });
}
