/**
 * The steps of a visit, in the order of the norm, from the published checklist. Pure: no page, no clock, no storage.
 *
 * An item of a new version that no table here knows appears by itself, as one step.
 */

import { occurrenceKey } from '../judge/timeline.js';
import { alternativesOf } from './alternatives.js';
import { Foresight, sorted } from './order.js';
import { entriesOf, formOf, needsOf } from './parts.js';
import { happenings, partsOf, reopened } from './placed.js';
import { Situation } from './situation.js';
import { GROUPS, INCIDENT_WEIGHT, nameOf, STAGE_WEIGHTS, STAGES, WEIGHTS } from './table.js';
/** @import {Entry, Judgement, Text, Visit} from '../judge/types.d.ts' */
/** @import {CompiledChecklist} from '../judge/rules.js' */
/** @import {Placed} from './placed.js' */
/** @import {Stage, Step} from './types.d.ts' */

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
 * What would break if this were recorded now.
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
    const { zh, en } = nameOf(rules, fact);
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
