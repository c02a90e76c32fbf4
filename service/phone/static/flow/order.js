/** The order of the norm: where each step belongs, and what would break if one were tapped now. */
import { judge } from '../judge/judge.js';
import { FindingFormatter } from '../judge/messages.js';
import { entriesOf } from './parts.js';
import { lostSignature } from './signed.js';
/** @import {CompiledChecklist} from '../judge/rules.js' */
/** @import {Entry, Finding, Visit} from '../judge/types.d.ts' */
/** @import {Step, Warning} from './types.d.ts' */
/** @import {Situation} from './situation.js' */

/**
 * Sorts steps so that no order rule is broken, otherwise by weight.
 * @template {{weight: number, parts: {what: string, thing: string | null}[]}} T
 * @param {CompiledChecklist} rules
 * @param {T[]} steps
 * @returns {T[]}
 */
export function sorted(rules, steps) {
  /** @type {Map<T, Set<T>>} */
  const before = new Map(steps.map(step => [step, new Set()]));
  for (const step of steps) {
    for (const { what, thing } of step.parts) {
      for (const { after, than, perThing } of rules.byId.get(what)?.order ?? []) {
        for (const other of steps) {
          if (other === step) continue;
          if (!other.parts.some(part => part.what === than && (!perThing || part.thing === thing))) continue;
          if (after) before.get(step)?.add(other);
          else before.get(other)?.add(step);
        }
      }
    }
  }
  const waiting = [...steps].sort((a, b) => a.weight - b.weight);
  /** @type {T[]} */
  const result = [];
  while (waiting.length) {
    const ready = waiting.findIndex(step => waiting.every(other => !before.get(step)?.has(other)));
    result.push(...waiting.splice(Math.max(ready, 0), 1)); // a circle is cut at its lightest
  }
  return result;
}

/**
 * Says what would break if something were recorded now and whatever is still to be done after it: the judge compares
 * that with a visit that goes on in the order of the norm.
 */
export class Foresight {
  /** @type {Map<string, Promise<Set<string>>>} */
  #usual = new Map();

  /**
   * @param {Situation} situation
   * @param {Step[]} steps all of them
   */
  constructor(situation, steps) {
    this.situation = situation;
    this.all = steps;
    this.steps = [...steps].filter(({ done }) => !done).sort((a, b) => a.rank - b.rank);
    this.start = Number(situation.lastTime / 1000n) + 1000;
  }

  /**
   * The signature that would be void, else the orders that would break, or who may not say so: findings in the words of
   * the buttons. What is withdrawn is thought to be done again at once.
   * @param {Partial<Entry>[]} added
   * @param {{optional?: boolean, stage?: string}} [step]
   * @returns {Promise<Warning | null>}
   */
  async warning(added, { optional = false, stage = '' } = {}) {
    const { live, withdrawn } = this.situation;
    const lost = lostSignature(this.situation, added);
    if (lost) return lost;
    const back = live.filter(({ id }) => added.some(({ withdraws }) => withdraws === id));
    const steps = this.steps.filter(step => !step.optional || (optional && step.stage === stage));
    const rest = steps.flatMap(step => step.entries());
    const key = optional ? stage : '';
    if (!this.#usual.has(key)) this.#usual.set(key, this.#judge(rest).then(({ codes }) => codes));
    const usual = /** @type {Set<string>} */ (await this.#usual.get(key));
    const same = (/** @type {Partial<Entry>} */ a) => added.some(b => a.what === b.what && a.thing === b.thing);
    const redone = back.flatMap(entry => {
      const part = this.all.flatMap(step => step.parts).find(each => each.what === entry.what && each.thing === (entry.thing ?? null));
      return part ? entriesOf(this.situation.rules, [part], {}) : [];
    });
    const { findings, labels } = await this.#judge([...added, ...redone, ...rest.filter(entry => !same(entry))]);
    // what was withdrawn and comes later than before breaks what was done meanwhile, however the visit goes on
    const late = added.filter(({ what }) => what && withdrawn.some(entry => entry.what === what)).map(({ what }) => what);
    const now = late.length ? (await this.#judge([])).codes : usual;
    const isFresh = (/** @type {Finding} */ { code, item, part }) =>
      !(late.includes(item) || late.includes(part.split('.')[1]) ? now : usual).has(code);
    const fresh = findings.filter(finding => (finding.kind === 'order' || finding.kind === 'attest') && isFresh(finding));
    if (!fresh.length) return null;
    const texts = fresh.map(finding => this.#words(finding, added, labels));
    const all = (/** @type {'zh' | 'en'} */ language, /** @type {string} */ between) => [...new Set(texts.map(text => text[language]))].join(between);
    return { kind: fresh[0].kind === 'order' ? 'order' : 'attest', zh: all('zh', '；'), en: all('en', '; ') };
  }

  /**
   * A broken order with what the buttons call its two acts, or the norm's name of one that no button stands for.
   * @param {Finding} finding
   * @param {Partial<Entry>[]} added
   * @param {Map<string, string>} labels
   */
  #words(finding, added, labels) {
    const { checklist } = this.situation.rules;
    const { kind, item, thing, part } = finding;
    if (kind !== 'order') return new FindingFormatter(checklist).format([finding], labels)[0].message;
    const other = part.split('.')[1] ?? '';
    const isIn = (/** @type {string} */ what, /** @type {Step} */ step) =>
      step.parts.some(each => each.what === what && (each.thing ?? thing) === thing);
    const named = (/** @type {string} */ what) => {
      const step = this.all.find(each => isIn(what, each));
      if (!step) return undefined;
      const own = step.parts.find(each => each.what === what);
      const given = new Set(added.map(each => each.what));
      const isPart = given.has(what) && step.parts.some(each => !each.done && !given.has(each.what));
      return isPart || isIn(what === item ? other : item, step) ? own?.label : step.label;
    };
    const items = checklist.items.map(each => ({ ...each, label: ([item, other].includes(each.id) && named(each.id)) || each.label }));
    const facts = { ...checklist.facts, [other]: { ...checklist.facts[other], ...named(other) } };
    return new FindingFormatter({ ...checklist, items, facts }).format([finding], labels)[0].message;
  }

  /** @param {Partial<Entry>[]} added */
  async #judge(added) {
    const { rules, visit, entries } = this.situation;
    const later = added.map((entry, n) => {
      const at = new Date(this.start + 1000 * n).toISOString();
      return /** @type {Entry} */ ({ reason: '-', ...entry, id: `-${n}`, at, by: entry.by ?? 'technician' });
    });
    const now = new Date(this.start + 3_600_000).toISOString();
    const { findings, labels } = await judge(rules, /** @type {Visit} */ (visit), [...entries, ...later], now);
    return { findings, labels, codes: new Set(findings.map(({ code }) => code)) };
  }
}
