/** What else may be said than what a step suggests. */

import { entriesOf, withdrawalsOf } from './parts.js';
import { ALTERNATIVES, DENIALS, NOBODY } from './table.js';
/** @import {Situation} from './situation.js' */
/** @import {Placed} from './placed.js' */
/** @import {Alternative, Answers} from './types.d.ts' */

/**
 * What else may be said instead of doing a step.
 * @param {Situation} situation
 * @param {string} id
 * @param {Placed[]} undone
 * @returns {Alternative[]}
 */
export function alternativesOf(situation, id, undone) {
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
        entries: ({ reason = '' }) => [...withdrawalsOf(part), { ...own, waived: { by: who, reason } }],
      });
    }
    if (item.refusal) {
      found.push({
        id: `refused.${what}`,
        label: ALTERNATIVES.refused(item.label),
        needs: 'refusal',
        entries: ({ reason = '', outcome, photos = [] }) => [
          ...withdrawalsOf(part),
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
