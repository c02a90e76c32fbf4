/**
 * The steps of a visit, in the order of the norm, from the published checklist. Pure: no page, no clock, no storage.
 *
 * An item of a new version that no table here knows appears by itself, as one step.
 */

import { occurrenceKey } from '../judge/timeline.js';
import { Foresight, sorted } from './order.js';
import { entriesOf, formOf, needsOf } from './parts.js';
import { incidentsOfItem, Situation } from './situation.js';
import {
  ALTERNATIVES,
  denied,
  DENIALS,
  GROUPS,
  INCIDENT_WEIGHT,
  NOBODY,
  STAGE_OF,
  STAGE_WEIGHTS,
  STAGES,
  WEIGHTS,
} from './table.js';
/** @import {Entry, Judgement, Text, Visit} from '../judge/types.d.ts' */
/** @import {CompiledChecklist, CompiledItem} from '../judge/rules.js' */
/** @import {Alternative, Answers, Part, Stage, Step} from './types.d.ts' */

/**
 * A part with where it belongs. `incident`: the fact that it happens besides.
 * @typedef {Part & {stage: string, incident: string | null, optional: boolean}} Placed
 */
/** @typedef {{fact: string, thing: string | null}} Happening */

/**
 * The stages with their steps: those that belong to every visit, and one for each thing that happened besides.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Entry[]} entries in order of arrival
 * @param {Judgement} judgement of these entries
 * @param {string} now RFC 3339
 * @param {{reopen?: {item: string, thing?: string | null}[]}} [options] `reopen`: only these, as if they were not done
 * @returns {Promise<Stage[]>}
 */
export async function stepsOf(rules, visit, entries, judgement, now, { reopen } = {}) {
  const situation = new Situation(rules, visit, entries, judgement, now);
  let parts = partsOf(situation);
  if (reopen) parts = reopened(parts, reopen);
  const steps = grouped(situation, parts);
  const foresight = new Foresight(situation, steps);
  for (const step of steps) {
    if (!step.done) step.warning = await foresight.warning(step.entries(), step);
  }
  return staged(situation, steps);
}

/**
 * What would break if this were recorded now, in the words of the finding.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Entry[]} entries
 * @param {Judgement} judgement
 * @param {string} now
 * @param {Stage[]} stages
 * @param {Partial<Entry>[]} added
 */
export function warningOf(rules, visit, entries, judgement, now, stages, added) {
  const situation = new Situation(rules, visit, entries, judgement, now);
  return new Foresight(situation, stages.flatMap(({ steps }) => steps)).warning(added);
}

/**
 * What comes next in the order of the norm.
 * @param {Stage[]} stages
 * @returns {Step | null}
 */
export function nextOf(stages) {
  const steps = stages.flatMap(stage => stage.steps).filter(({ done, optional }) => !done && !optional);
  return steps.reduce((/** @type {Step | null} */ first, step) => (first && first.rank < step.rank ? first : step), null);
}

/**
 * What happened besides: facts, with each of their things.
 * @param {Situation} situation
 * @returns {Happening[]}
 */
function happenings({ rules, timeline }) {
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
function partsOf(situation) {
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
  const mayStay = item.may_stay_open === true && item.kind === 'outcome';
  return [
    {
      what: id,
      thing,
      label: item.screen,
      by: rule.attestedBy.includes('technician') ? 'technician' : 'customer',
      done: isRecorded && !lacking.length,
      lacking: isRecorded ? lacking : [],
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
function reopened(parts, items) {
  const isAsked = (/** @type {Placed} */ { what, thing }) =>
    items.some(each => each.item === what && (each.thing ?? null) === thing);
  return parts.filter(isAsked).map(part => ({ ...part, done: false, optional: false }));
}

/**
 * @param {Situation} situation
 * @param {Placed[]} parts
 * @returns {Step[]}
 */
function grouped(situation, parts) {
  /** @type {Map<string, {id: string, stage: string, weight: number, label: Text | null, parts: Placed[]}>} */
  const found = new Map();
  parts.forEach((part, position) => {
    const group = GROUPS.find(each => each.parts.includes(part.what));
    const id = occurrenceKey(group?.id ?? part.what, part.thing);
    const stage = part.incident ?? group?.stage ?? part.stage;
    let step = found.get(id);
    if (!step) {
      const usual = part.incident ? INCIDENT_WEIGHT : (STAGE_WEIGHTS[stage] ?? INCIDENT_WEIGHT);
      const weight = (group?.weight ?? WEIGHTS[part.what] ?? usual) + position / 1000;
      found.set(id, (step = { id, stage, weight, label: group?.label ?? null, parts: [] }));
    }
    const place = group?.parts.indexOf(part.what) ?? 0;
    const index = step.parts.findIndex(({ what }) => (group?.parts.indexOf(what) ?? 0) > place);
    step.parts.splice(index < 0 ? step.parts.length : index, 0, part);
  });
  return sorted(situation.rules, [...found.values()]).map((step, rank) => stepFrom(situation, step, rank));
}

/**
 * @param {Situation} situation
 * @param {{id: string, stage: string, label: Text | null, parts: Placed[]}} group
 * @param {number} rank
 * @returns {Step}
 */
function stepFrom(situation, { id, stage, label, parts }, rank) {
  const { rules } = situation;
  const undone = parts.filter(({ done }) => !done);
  const form = formOf(rules, undone);
  const isWhole = !undone.length || undone.length === parts.length;
  const shown = label && isWhole && isComplete(id, parts) ? label : joined(undone.length ? undone : parts);
  return {
    id,
    stage,
    items: parts.map(({ what }) => what).filter(what => rules.byId.has(what)),
    facts: parts.map(({ what }) => what).filter(what => rules.facts.has(what)),
    thing: parts[0].thing,
    label: shown,
    done: !undone.length,
    optional: undone.length > 0 && undone.every(({ optional }) => optional),
    needs: needsOf(form),
    form,
    warning: null,
    recorded: parts.flatMap(({ what, thing }) => situation.about(what, thing)),
    parts,
    alternatives: alternativesOf(situation, id, undone),
    rank,
    entries: (answers = {}) => entriesOf(rules, undone, answers),
  };
}

/**
 * Whether the label of a group speaks of all that is in the step, and of nothing else.
 * @param {string} id
 * @param {Placed[]} parts
 */
function isComplete(id, parts) {
  const group = GROUPS.find(each => each.id === id.replace(/\[.*/, ''));
  const core = (group?.parts ?? []).filter(what => !what.startsWith('p_'));
  return core.length === parts.length && core.every(what => parts.some(part => part.what === what));
}

/** @param {Placed[]} parts @returns {Text} */
const joined = parts => ({
  zh: parts.map(({ label }) => label.zh).join('、'),
  en: parts.map(({ label }) => label.en).join(', '),
});

/**
 * What else may be said instead of doing a step.
 * @param {Situation} situation
 * @param {string} id
 * @param {Placed[]} undone
 * @returns {Alternative[]}
 */
function alternativesOf(situation, id, undone) {
  const { rules } = situation;
  /** @type {Alternative[]} */
  const found = [];
  for (const [fact, { groups, label }] of Object.entries(DENIALS)) {
    if (!undone.length || !groups.includes(id) || !rules.facts.has(fact) || situation.expects(fact) === 'no') continue;
    if (situation.happened(fact) || situation.happened(NOBODY)) continue;
    const entry = { what: fact, by: /** @type {const} */ ('technician'), holds: false };
    found.push({ id: `not.${fact}`, label, needs: 'tap', entries: () => [entry] });
  }
  for (const part of undone) {
    const { what, thing, label, by } = part;
    const own = { what, by: /** @type {const} */ ('technician'), ...(thing !== null && { thing }) };
    const item = rules.byId.get(what)?.item;
    if (undone.length > 1) {
      const entries = (/** @type {Answers} */ answers) => entriesOf(rules, [part], answers);
      found.push({ id: `only.${what}`, label: ALTERNATIVES.only(label), needs: 'tap', entries });
    }
    if (!item || part.lacking.length) continue;
    for (const who of ['customer', 'technician'].filter(each => item.waiver?.by.includes(each))) {
      found.push({
        id: `${who}.${what}`,
        label: ALTERNATIVES[who](item.label),
        needs: 'reason',
        entries: ({ reason = '' }) => [{ ...own, waived: { by: who, reason } }],
      });
    }
    if (item.refusal) {
      found.push({
        id: `refused.${what}`,
        label: ALTERNATIVES.refused(item.label),
        needs: 'refusal',
        entries: ({ reason = '', outcome, photos = [] }) => [
          {
            ...own,
            refused: { reason, outcome: outcome || 'refused' },
            ...(photos.length && { evidence: photos.map(photo => ({ kind: 'photo', ...photo })) }),
          },
        ],
      });
    } else if (by === 'customer') {
      const entries = () => [own];
      found.push({ id: `instead.${what}`, label: ALTERNATIVES.instead(item.label), needs: 'tap', entries });
    }
  }
  return found;
}

/**
 * @param {Situation} situation
 * @param {Step[]} steps in the order of the norm
 * @returns {Stage[]}
 */
function staged(situation, steps) {
  const { rules, timeline } = situation;
  /** @param {string} id */
  const stage = id => ({ id, title: STAGES[id], incident: null, steps: steps.filter(step => step.stage === id) });
  const happened = happenings(situation);
  const incidents = happened.map(incident => {
    const { fact, thing } = incident;
    const isFirst = happened.find(each => each.fact === fact) === incident;
    const { zh, en } = rules.facts.get(fact) ?? { zh: fact, en: fact };
    const name = thing === null ? '' : (timeline.labels.get(thing) ?? thing);
    return {
      id: occurrenceKey(fact, thing),
      title: name ? { zh: `${zh}：${name}`, en: `${en}: ${name}` } : { zh, en },
      incident,
      steps: steps.filter(step => step.stage === fact && (step.thing === thing || (isFirst && step.thing === null))),
    };
  });
  const [before, door, inside, closing] = Object.keys(STAGES).map(stage);
  return [before, door, inside, ...incidents, closing].filter(({ incident, steps: own }) => incident || own.length);
}
