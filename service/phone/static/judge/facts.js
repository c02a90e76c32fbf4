/** The names that are true of a visit, which the conditions of items are about. */

import { own } from './texts.js';
/** @import {Visit} from './types.d.ts' */
/** @import {CompiledChecklist} from './rules.js' */
/** @import {Timeline} from './timeline.js' */

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
