/** What a customer signs: which items it covers, what of them is not complete yet, and what would void a signature. */

import { FindingFormatter } from '../judge/messages.js';
import { occurrenceKey } from '../judge/timeline.js';
/** @import {Entry, Judgement} from '../judge/types.d.ts' */
/** @import {CompiledChecklist} from '../judge/rules.js' */
/** @import {Situation} from './situation.js' */
/** @import {Missing, Stage, Step, Warning} from './types.d.ts' */

const INCOMPLETE = ['missing', 'evidence', 'open', 'bad_waiver', 'value'];

/**
 * The items that a signature covers.
 * @param {CompiledChecklist} rules
 * @param {string} signs the item that is the signature
 */
function coveredBy(rules, signs) {
  const lines = rules.statements.filter(table => table.signs === signs).flatMap(table => table.lines);
  const locked = rules.items.flatMap(({ item }) => (item.signs === signs && item.covers) || []);
  return new Set([...lines.map(({ item }) => item), ...locked].filter(item => item !== signs));
}

/**
 * What a customer would sign although it is not complete: to complete it later voids the signature.
 * @param {CompiledChecklist} rules
 * @param {Judgement} judgement
 * @param {Stage[]} stages
 * @param {Step} step whose signature it is
 * @returns {Missing[]}
 */
export function unfinishedOf(rules, judgement, stages, { items, thing }) {
  const covered = new Set(items.flatMap(signs => [...coveredBy(rules, signs)]));
  const steps = stages.flatMap(stage => stage.steps);
  const found = judgement.findings.filter(
    finding => INCOMPLETE.includes(finding.kind) && covered.has(finding.item) && (finding.thing ?? thing) === thing,
  );
  const views = new FindingFormatter(rules.checklist).format(found, judgement.labels);
  return found.map((finding, n) => {
    const own = steps.find(step => step.items.includes(finding.item) && (step.thing ?? thing) === thing);
    return { finding, view: views[n], step: own ?? null };
  });
}

/**
 * What is said before something is added to, or taken from, what a customer has signed.
 * @param {Situation} situation
 * @param {Partial<Entry>[]} added
 * @returns {Warning | null}
 */
export function lostSignature({ rules, timeline, live }, added) {
  const changed = added.flatMap(entry => (entry.withdraws ? live.filter(({ id }) => id === entry.withdraws) : [entry]));
  for (const { signs, title } of rules.statements) {
    if (!signs) continue;
    const covered = coveredBy(rules, signs);
    for (const { what = '', thing = null } of changed) {
      if (!covered.has(what)) continue;
      const own = rules.byId.get(signs)?.perThing ? thing : null;
      const signature = timeline.occurrences.get(occurrenceKey(signs, own));
      if (!signature) continue;
      const keys = [...covered].map(item => occurrenceKey(item, rules.byId.get(item)?.perThing ? own : null));
      const isVoid = keys.some(key => timeline.acts.get(key)?.some(({ time }) => time > signature.time));
      if (isVoid) continue;
      return {
        kind: 'signed',
        zh: `客户已在「${title.zh}」上签字。内容一改，签字就不作数，要请客户重签`,
        en: `The customer has signed “${title.en}”. A change voids the signature: they have to sign again`,
      };
    }
  }
  return null;
}

const LEAST = 24; // pixels of the screen

/**
 * Whether strokes can be seen as a signature, not as a dot.
 * @param {{points: {x: number, y: number}[]}[]} strokes
 */
export function isVisible(strokes) {
  const points = strokes.flatMap(stroke => stroke.points);
  const extent = (/** @type {number[]} */ places) => Math.max(...places) - Math.min(...places);
  return points.length > 0 && extent(points.map(({ x }) => x)) + extent(points.map(({ y }) => y)) >= LEAST;
}
