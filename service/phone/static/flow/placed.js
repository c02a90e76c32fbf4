/** What a technician does in a visit, part by part, and where each belongs. */

import { occurrenceKey } from '../judge/timeline.js';
import { incidentsOfItem } from './situation.js';
import { AGAIN, denied, STAGE_OF } from './table.js';
/** @import {CompiledChecklist, CompiledItem} from '../judge/rules.js' */
/** @import {Situation} from './situation.js' */
/** @import {Part} from './types.d.ts' */

/**
 * A part with where it belongs. `incident`: the fact that it happens besides.
 * @typedef {Part & {stage: string, incident: string | null, optional: boolean}} Placed
 */
/** @typedef {{fact: string, thing: string | null}} Happening */

/**
 * What happened besides: facts, with each of their things.
 * @param {Situation} situation
 * @returns {Happening[]}
 */
export function happenings({ rules, timeline }) {
  return [...rules.facts].flatMap(([fact, { type, per_thing: perThing, things_of: of }]) => {
    if (type !== 'declared' || of) return [];
    /** @type {(string | null)[]} */
    const things = perThing ? timeline.thingsOf(fact) : timeline.occurrences.has(fact) ? [null] : [];
    return things.map(thing => ({ fact, thing }));
  });
}

/**
 * @param {Situation} situation
 * @returns {Placed[]}
 */
export function partsOf(situation) {
  const { rules } = situation;
  const happened = happenings(situation);
  /** @type {Placed[]} */
  const parts = [];
  for (const [name, fact] of rules.facts) {
    if (fact.type === 'event' && !fact.per_thing) parts.push(...eventPart(situation, name));
    if (!fact.things_of) continue;
    for (const { thing } of happened.filter(each => each.fact === fact.things_of)) {
      const done = situation.timeline.occurrences.has(occurrenceKey(name, thing));
      const optional = fact.type === 'declared';
      const own = { what: name, thing, label: fact, by: /** @type {const} */ ('technician'), done, lacking: [] };
      parts.push({ ...own, stage: 'inside', incident: fact.things_of, optional });
    }
  }
  for (const rule of rules.items) {
    if (!isTechnicians(rules, rule)) continue;
    const facts = rule.perThing ? [rule.thingsOf] : incidentsOfItem(rules, rule);
    const mine = happened.filter(({ fact }) => facts.includes(fact));
    const places = rule.perThing || mine.length ? (rule.perThing ? mine : mine.slice(0, 1)) : [null];
    if (rule.perThing && !mine.length) continue;
    for (const place of places) parts.push(...itemPart(situation, rule, place));
  }
  return parts;
}

/**
 * @param {Situation} situation
 * @param {string} name
 * @returns {Placed[]}
 */
function eventPart(situation, name) {
  const label = situation.rules.facts.get(name) ?? { zh: name, en: name };
  const own = { what: name, thing: null, by: /** @type {const} */ ('technician'), lacking: [], incident: null };
  const stage = 'inside';
  if (situation.isDenied(name)) return [{ ...own, label: denied(label), done: true, stage, optional: false }];
  const answer = situation.expects(name);
  if (answer === 'no') return [];
  return [{ ...own, label, done: situation.happened(name), stage, optional: answer === 'maybe' }];
}

/**
 * @param {Situation} situation
 * @param {CompiledItem} rule
 * @param {Happening | null} place
 * @returns {Placed[]}
 */
function itemPart(situation, rule, place) {
  const { id, item } = rule;
  const thing = rule.perThing ? (place?.thing ?? null) : null;
  const isRecorded = situation.isRecorded(rule, thing);
  const answer = situation.applies(rule, thing);
  if (answer === 'no' && !isRecorded) return [];
  if (place === null && incidentsOfItem(situation.rules, rule).length && !isRecorded && answer !== 'yes') return [];
  const lacking = (situation.lacking.get(occurrenceKey(id, thing)) ?? []).filter(kind => kind !== 'customer_confirm');
  const by = rule.attestedBy.includes('technician') ? 'technician' : 'customer';
  const mayStay = item.may_stay_open === true && item.kind === 'outcome' && !situation.isDue(rule, thing);
  const repeats = situation.repeats.get(occurrenceKey(id, thing));
  return [
    {
      what: id,
      thing,
      label: repeats ? AGAIN[by](item.screen) : item.screen,
      by,
      done: isRecorded && !lacking.length && !repeats,
      lacking: isRecorded && !repeats ? lacking : [],
      ...(repeats && { repeats }),
      stage: STAGE_OF[item.stage] ?? 'inside',
      incident: place?.fact ?? null,
      optional: !isRecorded && (answer === 'maybe' || mayStay),
    },
  ];
}

/**
 * Whether a technician does this, or has it signed: no prohibitions, nothing that dispatch or the judge answers.
 * @param {CompiledChecklist} rules
 * @param {CompiledItem} rule
 */
function isTechnicians(rules, { id, item, attestedBy, satisfiedByAny }) {
  if (item.kind === 'prohibition' || item.kind === 'computed' || satisfiedByAny.length) return false;
  if (item.who === 'dispatcher') return false;
  if (attestedBy.includes('technician')) return item.who !== 'office' || item.per === 'thing';
  return rules.statements.some(({ signs }) => signs === id);
}

/**
 * Only the parts that are asked for again.
 * @param {Placed[]} parts
 * @param {{item: string, thing?: string | null}[]} items
 * @returns {Placed[]}
 */
export function reopened(parts, items) {
  const isAsked = (/** @type {Placed} */ { what, thing }) =>
    items.some(each => each.item === what && (each.thing ?? null) === thing);
  return parts.filter(isAsked).map(part => ({ ...part, done: false, optional: false }));
}
