import { compile, parse } from './condition.js';
import { DAY, MINUTE } from './moments.js';
/** @import {Checklist, ChecklistSettings, Field, Item, OrderRule, Severity, TimeLimit} from './types.d.ts' */
/** @import {Predicate} from './condition.js' */

/** The field that each kind of evidence requires. @type {Record<string, 'sha256'|'text'|'lat'|'number'|'channel'|'kind'>} */
const NEEDS = {
  photo: 'sha256',
  signature: 'sha256',
  text: 'text',
  gps: 'lat',
  notice: 'number',
  number: 'number',
  message_log: 'channel',
  customer_confirm: 'kind',
};
/** Kinds of evidence that are the entry itself. */
const ENTRY_ITSELF = ['confirm', 'consent', 'time'];

/**
 * An order rule. `part` is the end of the finding's code; `perThing`: about the item or fact `than`.
 * @typedef {object} CompiledOrder
 * @property {boolean} after
 * @property {string} than
 * @property {boolean} perThing
 * @property {Severity} severity
 * @property {string} part
 * @property {[string, string] | null} onlyIf
 */

/**
 * One item. `names`: the facts whose things an act of this item names.
 * @typedef {object} CompiledItem
 * @property {string} id
 * @property {Item} item
 * @property {Predicate} applies
 * @property {boolean} perThing
 * @property {string} thingsOf
 * @property {Severity} severity
 * @property {string[]} attestedBy
 * @property {string[]} satisfiedByAny
 * @property {{kind: string, field: 'sha256'|'text'|'lat'|'number'|'channel'|'kind', severity: Severity}[]} needs
 * @property {Map<string, Field>} fields
 * @property {CompiledOrder[]} order
 * @property {{start: string, length: bigint, severity: Severity} | null} limit
 * @property {string[]} names
 */

/** A published checklist, compiled for judging: whatever does not depend on the visit is computed once. */
export class CompiledChecklist {
  /** @param {Checklist} checklist */
  constructor(checklist) {
    this.checklist = checklist;
    this.name = `${checklist.id}@${checklist.version}`;
    this.facts = new Map(Object.entries(checklist.facts));
    this.visitTypes = new Map(Object.entries(checklist.visit_types));
    this.statements = checklist.statements ?? [];
    this.thingFacts = new Set([...this.facts].filter(([, fact]) => fact.per_thing).map(([name]) => name));
    const items = new Map(checklist.items.map(item => [item.id, item]));
    this.items = checklist.items.map(item => this.#compileItem(item, items));
    this.byId = new Map(this.items.map(rule => [rule.id, rule]));
    const { defaults } = checklist;
    this.grace = BigInt(defaults.arrival_grace_minutes) * MINUTE;
    this.movedAfter = BigInt(defaults.moved_after_minutes) * MINUTE;
    this.lateEntry = BigInt(defaults.late_entry_minutes) * MINUTE;
    this.settle = BigInt(defaults.settle_days) * DAY;
  }

  /**
   * @param {Item} item
   * @param {Map<string, Item>} items
   * @returns {CompiledItem}
   */
  #compileItem(item, items) {
    const { defaults } = this.checklist;
    const gap = defaults.evidence_gap;
    const condition = parse(item.when);
    return {
      id: item.id,
      item,
      applies: compile(condition),
      perThing: item.per === 'thing',
      thingsOf: item.things_of ?? '',
      severity: item.lowered?.to ?? item.if_missing,
      attestedBy: item.attested_by ?? [],
      satisfiedByAny: item.satisfied_by_any ?? [],
      needs: (item.evidence?.min ?? [])
        .filter(kind => !ENTRY_ITSELF.includes(kind))
        .map(kind => ({ kind, field: NEEDS[kind], severity: gap[kind] ?? gap.other })),
      fields: new Map(Object.entries(item.fields ?? {})),
      order: (item.order ?? []).map(edge => this.#compileOrder(edge, items.get(edge.than))),
      limit: item.time_limit ? compileLimit(item.time_limit, defaults) : null,
      names: item.per === 'thing' ? this.#namedFacts(item, condition) : [],
    };
  }

  /**
   * @param {OrderRule} edge
   * @param {Item | undefined} other
   * @returns {CompiledOrder}
   */
  #compileOrder(edge, other) {
    return {
      after: edge.rel === 'after',
      than: edge.than,
      perThing: other ? other.per === 'thing' : this.thingFacts.has(edge.than),
      severity: edge.lowered?.to ?? edge.sev,
      part: `${edge.rel}.${edge.than}`,
      onlyIf: edge.only_if ? [edge.only_if[0], edge.only_if[2]] : null,
    };
  }

  /**
   * `things_of`, and the facts that the condition requires: an act implies that they hold for its thing.
   * @param {Item} item
   * @param {import('./condition.js').Condition} condition
   */
  #namedFacts(item, condition) {
    const required = condition.op === 'and' ? condition.parts : [condition];
    const names = new Set(item.things_of ? [item.things_of] : []);
    for (const part of required) {
      if (part.op === 'name' && this.thingFacts.has(part.name)) names.add(part.name);
    }
    return [...names];
  }
}

/**
 * @param {TimeLimit} limit
 * @param {ChecklistSettings} settings
 */
function compileLimit(limit, settings) {
  const minutes = limit.setting ? Number(settings[limit.setting]) : (limit.minutes ?? 0);
  const length = BigInt(limit.days ?? 0) * DAY + BigInt(minutes) * MINUTE;
  return { start: limit.from, length, severity: limit.sev ?? /** @type {const} */ ('warning') };
}
