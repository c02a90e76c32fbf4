/** What is still missing before leaving, in the words of the findings. */

import { FindingFormatter } from '../judge/messages.js';
import { movedBy } from './situation.js';
/** @import {Entry, Judgement, Visit} from '../judge/types.d.ts' */
/** @import {CompiledChecklist} from '../judge/rules.js' */
/** @import {Missing, Stage, Step} from './types.d.ts' */

const MENDABLE = ['missing', 'evidence', 'undeclared', 'open', 'bad_waiver', 'value', 'changed_after_signature', 'order'];

/**
 * The findings that something can still be done about, each with the step that does it.
 *
 * What is only to be answered with yes or no (`undeclared`, of what happens besides) is left to `unanswered`.
 * @param {CompiledChecklist} rules
 * @param {Judgement} judgement
 * @param {Stage[]} stages
 * @returns {Missing[]}
 */
export function missingOf(rules, judgement, stages) {
  const steps = stages.flatMap(stage => stage.steps);
  const views = new FindingFormatter(rules.checklist).format(judgement.findings, judgement.labels);
  return judgement.findings.flatMap((finding, n) => {
    const { kind, item, thing, part } = finding;
    if (!MENDABLE.includes(kind) || unanswered(rules, judgement).includes(item)) return [];
    const whats = [rules.byId.get(item)?.item.signs ?? item]; // whose content has changed is signed again
    if (kind === 'order') whats.push(part.split('.')[1]);
    const isAbout = (/** @type {Step} */ step) => step.parts.some(({ what, repeats }) => whats.includes(what) && (kind !== 'order' || repeats));
    const own = steps.filter(step => isAbout(step) && step.done === (kind === 'value')); // a wrong value is written again
    if (kind === 'order' && !own.length) return []; // it cannot be mended
    return [{ finding, view: views[n], step: own.find(step => thing === null || step.thing === thing) ?? null }];
  });
}

const OFFICE = ['dispatcher', 'office'];

/**
 * Whether a finding is about what the office does, and not the technician. An arrival far off is theirs.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Entry[]} entries
 * @param {Judgement} judgement
 * @param {string} now
 * @param {{item: string, kind: string}} finding
 */
export const isOffices = (rules, visit, entries, judgement, now, { item, kind }) =>
  OFFICE.includes(rules.byId.get(item)?.item.who ?? '') && kind !== 'disputed' && !movedBy(rules, visit, entries, judgement, now, item);

/**
 * What may have happened besides and was not answered.
 * @param {CompiledChecklist} rules
 * @param {Judgement} judgement
 */
export function unanswered(rules, judgement) {
  return judgement.findings
    .filter(({ kind, item }) => kind === 'undeclared' && rules.facts.get(item)?.type === 'declared')
    .map(({ item }) => item);
}
