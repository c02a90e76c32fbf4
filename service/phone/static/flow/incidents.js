/** What can happen besides the work: the eight big buttons, and whatever else the checklist asks about. */

import { entriesOf, formOf } from './parts.js';
import { unanswered } from './missing.js';
import { Situation } from './situation.js';
import { INCIDENTS, nameOf } from './table.js';
/** @import {Entry, Judgement, Visit} from '../judge/types.d.ts' */
/** @import {CompiledChecklist} from '../judge/rules.js' */
/** @import {Answers, Incident, Part, Stage, Step} from './types.d.ts' */

/**
 * All that may be said to have happened: the eight first, then what this type of visit asks about, then the rest.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Entry[]} entries
 * @param {Judgement} judgement
 * @param {string} now
 * @returns {Incident[]}
 */
export function incidentsOf(rules, visit, entries, judgement, now) {
  const situation = new Situation(rules, visit, entries, judgement, now);
  const asked = new Set(situation.type?.incidents);
  const declared = [...rules.facts].filter(([, { type, things_of: of }]) => type === 'declared' && !of);
  const known = INCIDENTS.map(({ fact }) => fact);
  /** @param {string} fact */
  const place = fact => (known.includes(fact) ? known.indexOf(fact) : asked.has(fact) ? 100 : 200);
  return declared
    .sort(([a], [b]) => place(a) - place(b))
    .map(([name, fact]) => {
      const own = INCIDENTS.find(each => each.fact === name);
      const parts = togetherParts(situation, name, null);
      return {
        fact: name,
        label: nameOf(rules, name),
        main: own !== undefined,
        asked: asked.has(name) && fact.must_declare !== false,
        perThing: fact.per_thing === true,
        answer: situation.happened(name) ? 'yes' : situation.isDenied(name) ? 'no' : null,
        suggestions: own?.things ?? [],
        form: { ...formOf(rules, []), photo: own?.photo === true },
        together: own?.said && parts.length ? { label: own.said, parts: parts.map(({ what }) => what) } : null,
      };
    });
}

/**
 * The entries that say that something happened. `thing`: the key and name of the thing, see `newThing`. `together`:
 * also what is usually done with it.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Entry[]} entries
 * @param {Judgement} judgement
 * @param {string} now
 * @param {string} fact
 * @param {Answers & {thing?: {key: string, label: string} | null, together?: boolean}} answers
 * @returns {Partial<Entry>[]}
 */
export function raise(rules, visit, entries, judgement, now, fact, { thing = null, together = false, ...answers }) {
  const situation = new Situation(rules, visit, entries, judgement, now);
  const label = nameOf(rules, fact);
  const part = { what: fact, thing: thing?.key ?? null, label, by: /** @type {const} */ ('technician'), done: false, lacking: [] };
  const first = together ? togetherParts(situation, fact, thing?.key ?? null) : [];
  const named = thing ? { label: thing.label } : {};
  return [
    ...first.map(each => ({ ...entriesOf(rules, [each], {})[0], ...(each.thing !== null && named) })),
    ...entriesOf(rules, [part], answers).map(entry => ({ ...entry, ...named })),
  ];
}

/**
 * @param {Situation} situation
 * @param {string} fact
 * @param {string | null} thing
 * @returns {Part[]}
 */
function togetherParts({ rules, timeline }, fact, thing) {
  const own = INCIDENTS.find(each => each.fact === fact)?.together ?? [];
  return own.flatMap(what => {
    const rule = rules.byId.get(what);
    const by = /** @type {const} */ ('technician');
    const used = rules.facts.get(what);
    if (used) return [{ what, thing, label: used, by, done: false, lacking: [] }];
    if (!rule || (!rule.perThing && timeline.acts.has(what))) return [];
    return [{ what, thing: rule.perThing ? thing : null, label: rule.item.screen, by, done: false, lacking: [] }];
  });
}

/**
 * A key for a new thing: unique in the visit, as the server takes it.
 * @param {string} fact
 * @param {Entry[]} entries all of the visit, the withdrawn ones too
 */
export function newThing(fact, entries) {
  const taken = new Set(entries.map(({ thing }) => thing));
  const stem = fact.replace(/[^a-z0-9_-]/g, '').slice(0, 30);
  let number = 1;
  while (taken.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

/**
 * Says of everything that has to be answered and was not that it did not happen.
 * @param {CompiledChecklist} rules
 * @param {Judgement} judgement
 * @returns {Partial<Entry>[]}
 */
export function noneOfThese(rules, judgement) {
  return unanswered(rules, judgement).map(fact => ({ what: fact, by: 'technician', holds: false }));
}

/**
 * Thanks and "none of these" with one tap, where both are what remains to be said.
 * @param {CompiledChecklist} rules
 * @param {Judgement} judgement
 * @param {Stage[]} stages
 * @returns {{thanks: Step | null, entries: Partial<Entry>[]}}
 */
export function partingOf(rules, judgement, stages) {
  const steps = stages.flatMap(stage => stage.steps);
  const thanks = steps.find(({ id, done, needs, optional }) => id === 'thank' && !done && !optional && needs === 'tap');
  const isReady = steps.every(({ id, done }) => id !== 'finish' || done);
  const none = noneOfThese(rules, judgement);
  return thanks && isReady ? { thanks, entries: [...thanks.entries(), ...none] } : { thanks: null, entries: none };
}
