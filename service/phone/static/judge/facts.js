/** The agreed window of a visit, and the names that are true of it, which the conditions of items are about. */

import { toMicroseconds } from './moments.js';
import { own } from './texts.js';
/** @import {Entry, Visit} from './types.d.ts' */
/** @import {CompiledChecklist} from './rules.js' */
/** @import {Timeline} from './timeline.js' */

/** @typedef {{from: bigint, to: bigint}} Bounds */

/** The end of the agreed window, as an entry that order rules can refer to. @type {Entry} */
export const WINDOW_END = { id: '-', at: '9999-12-31T23:59:59Z', by: 'office', what: 'window_end' };

/** @param {{from: string, to: string}} window @returns {Bounds} */
const boundsOf = ({ from, to }) => ({ from: toMicroseconds(from), to: toMicroseconds(to) });

/**
 * The window in force on arrival, and whether the visit was rescheduled. The end of the first window becomes an
 * occurrence of the timeline, and a change that is still to come a moment when the result can change.
 * @param {Visit} visit
 * @param {Timeline} timeline
 */
export function windowInForce(visit, timeline) {
  const arrived = timeline.occurrences.get('arrived')?.time;
  let window = visit.window ? boundsOf(visit.window) : null;
  if (window) timeline.occurrences.set('window_end', { time: window.to, position: -1, entry: WINDOW_END });
  let moved = false;
  /** @type {bigint | null} */
  let last = null;
  for (const change of visit.rescheduled ?? []) {
    const at = toMicroseconds(change.at);
    if (at > timeline.now) {
      timeline.changesAt(at);
      continue;
    }
    moved = true;
    if ((arrived === undefined || at <= arrived) && (last === null || at >= last)) {
      last = at;
      window = boundsOf(change);
    }
  }
  return { window, moved };
}

/**
 * Whether the arrival is outside the window by more than the tolerance.
 * @param {Timeline} timeline
 * @param {Bounds | null} window
 * @param {bigint} tolerance
 */
export function isOutside(timeline, window, tolerance) {
  const arrived = timeline.occurrences.get('arrived')?.time;
  if (!window || arrived === undefined) return false;
  return arrived < window.from - tolerance || arrived > window.to + tolerance;
}

/**
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Timeline} timeline
 * @param {boolean} isTimeChanged
 */
export function trueFacts(rules, visit, timeline, isTimeChanged) {
  const facts = new Set(timeline.namedThings.keys());
  for (const [name, { type }] of rules.facts) {
    const happened = (type === 'event' || type === 'declared') && timeline.occurrences.has(name);
    if (happened || (type === 'assigned' && own(visit.assigned, name))) facts.add(name);
  }
  if (isTimeChanged) facts.add('time_changed');
  facts.add(`visit_type=${visit.type}`);
  return facts;
}

/**
 * Those that are true for a thing: facts with things only if they name it.
 * @param {CompiledChecklist} rules
 * @param {Timeline} timeline
 * @param {Set<string>} facts of the visit
 * @param {string} thing
 */
export function factsOf(rules, timeline, facts, thing) {
  const found = new Set([...facts].filter(name => !rules.thingFacts.has(name)));
  for (const [fact, things] of timeline.namedThings) {
    if (things.has(thing)) found.add(fact);
  }
  return found;
}
