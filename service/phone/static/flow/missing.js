/** What is still missing before leaving, in the words of the findings. */

import { FindingFormatter } from '../judge/messages.js';
/** @import {Judgement} from '../judge/types.d.ts' */
/** @import {CompiledChecklist} from '../judge/rules.js' */
/** @import {Missing, Stage} from './types.d.ts' */

const MENDABLE = ['missing', 'evidence', 'undeclared', 'open', 'bad_waiver', 'value', 'changed_after_signature'];
/** What is mended by doing again what was done. */
const AGAIN = ['value', 'changed_after_signature'];

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
    const { kind, item, thing } = finding;
    if (!MENDABLE.includes(kind) || unanswered(rules, judgement).includes(item)) return [];
    const what = rules.byId.get(item)?.item.signs ?? item; // whose content has changed is signed again
    const own = steps.filter(step => [...step.items, ...step.facts].includes(what) && step.done === AGAIN.includes(kind));
    return [{ finding, view: views[n], step: own.find(step => thing === null || step.thing === thing) ?? null }];
  });
}

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
