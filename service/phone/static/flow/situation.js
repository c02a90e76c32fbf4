import { parse } from '../judge/condition.js';
import { factsOf } from '../judge/facts.js';
import { toMicroseconds } from '../judge/moments.js';
import { own } from '../judge/texts.js';
import { occurrenceKey, Timeline } from '../judge/timeline.js';
import { DENIALS, NOBODY } from './table.js';
/** @import {Condition} from '../judge/condition.js' */
/** @import {CompiledChecklist, CompiledItem} from '../judge/rules.js' */
/** @import {Entry, Finding, Judgement, Visit, Window} from '../judge/types.d.ts' */

/** How a visit stands: what was recorded, and what is still to be expected of one that goes as it should. */
export class Situation {
  /**
   * @param {CompiledChecklist} rules
   * @param {Visit} visit
   * @param {Entry[]} entries in order of arrival
   * @param {Judgement} judgement of these entries
   * @param {string} now
   */
  constructor(rules, visit, entries, judgement, now) {
    this.rules = rules;
    this.visit = visit;
    this.entries = entries;
    this.type = rules.visitTypes.get(visit.type);
    this.timeline = new Timeline(rules, entries, toMicroseconds(now));
    this.facts = new Set([...judgement.facts, `visit_type=${visit.type}`]);
    for (const [name, { type }] of rules.facts) {
      if (type === 'assigned' && own(visit.assigned, name)) this.facts.add(name);
    }
    /** @type {Map<string, string[]>} */
    this.lacking = new Map();
    for (const { kind, item, thing, part } of judgement.findings) {
      if (kind !== 'evidence') continue;
      const key = occurrenceKey(item, thing);
      this.lacking.set(key, [...(this.lacking.get(key) ?? []), part]);
    }
    const { acts, occurrences, now: moment } = this.timeline;
    const timed = [...occurrences.values(), ...[...acts.values()].flat()].filter(({ position }) => position >= 0);
    /** The last time of an entry, or now: microseconds. */
    this.lastTime = timed.reduce((last, { time }) => (time > last ? time : last), moment);
    const gone = new Set(entries.flatMap(({ withdraws }) => withdraws?.toLowerCase() ?? []));
    this.assumedFacts = { yes: this.#assumed('yes'), maybe: this.#assumed('maybe') };
    this.live = entries.filter(({ id, withdraws }) => withdraws == null && !gone.has(id.toLowerCase()));
    this.withdrawn = entries.filter(({ id }) => gone.has(id.toLowerCase()));
    this.repeats = this.#repeats(judgement.findings);
    this.overdue = new Set(judgement.findings.flatMap(({ kind, item, thing }) => (kind === 'missing' ? occurrenceKey(item, thing) : [])));
  }

  /** @param {string} fact */
  happened(fact) {
    return this.timeline.occurrences.has(fact) || this.timeline.namedThings.has(fact);
  }

  /** Whether it was said that this did not happen. @param {string} fact */
  isDenied(fact) {
    return this.timeline.declaredFacts.has(fact) && !this.happened(fact);
  }

  /**
   * Whether an event has happened or belongs to a visit of this type.
   * @param {string} fact
   * @returns {'yes' | 'maybe' | 'no'}
   */
  expects(fact) {
    if (this.happened(fact)) return 'yes';
    if (this.isDenied(fact)) return 'no';
    if (this.happened(NOBODY) && fact !== 'arrived' && fact !== 'left') return 'no';
    const isOpen = fact in DENIALS && this.type && !this.type.must_tell.includes(fact);
    if (fact !== 'entered') return isOpen ? 'maybe' : 'yes';
    const began = ['door_signal', 'entry_consent', 'shoe_covers_on'].some(item => this.timeline.acts.has(item));
    return began || !isOpen || this.type?.entry === 'always' ? 'yes' : 'maybe';
  }

  /**
   * What is true now, with the events that are expected.
   * @param {'yes' | 'maybe'} least
   */
  #assumed(least) {
    const events = [...this.rules.facts].filter(([, { type, per_thing: perThing }]) => type === 'event' && !perThing);
    const expected = events.map(([name]) => name).filter(name => {
      const answer = this.expects(name);
      return answer === 'yes' || answer === least;
    });
    return new Set([...this.facts, ...expected]);
  }

  /**
   * Whether an item applies: always once it does, `maybe` if only what may still happen makes it apply.
   * @param {CompiledItem} rule
   * @param {string | null} thing
   * @returns {'yes' | 'maybe' | 'no'}
   */
  applies(rule, thing) {
    if (this.#isOff(rule)) return 'no';
    if (rule.applies(this.#of(thing, this.assumedFacts.yes))) return 'yes';
    return rule.applies(this.#of(thing, this.assumedFacts.maybe)) ? 'maybe' : 'no';
  }

  /** @param {CompiledItem} rule */
  #isOff({ id, item }) {
    return item.class === 'policy' && !(own(this.visit.policies, id) ?? item.default ?? true);
  }

  /**
   * @param {string | null} thing
   * @param {Set<string>} facts
   */
  #of(thing, facts) {
    return thing === null ? facts : factsOf(this.rules, this.timeline, facts, thing);
  }

  /**
   * The live entries about an item or fact.
   * @param {string} what
   * @param {string | null} thing
   */
  about(what, thing) {
    return this.live.filter(entry => entry.what === what && (thing === null || entry.thing === thing));
  }

  /**
   * What was done and has to be done once more, with the entries that count no longer then: a signature on what has
   * changed since, and what rests on something that was withdrawn and done after it.
   * @param {Finding[]} findings
   */
  #repeats(findings) {
    /** @type {Map<string, string[]>} */
    const found = new Map();
    for (const { kind, item, thing, part } of findings) {
      const signs = this.rules.byId.get(item)?.item.signs;
      const [rel, other = ''] = part.split('.');
      if (kind === 'changed_after_signature' && signs) this.#repeat(found, signs, thing, null);
      if (kind === 'order') this.#repeat(found, rel === 'after' ? item : other, thing, rel === 'after' ? other : item);
    }
    return found;
  }

  /**
   * @param {Map<string, string[]>} found
   * @param {string} what
   * @param {string | null} of
   * @param {string | null} base what it rests on, if that has to have been withdrawn
   */
  #repeat(found, what, of, base) {
    const rule = this.rules.byId.get(what);
    const thing = rule?.perThing ? of : null;
    const key = occurrenceKey(what, thing);
    const act = this.timeline.occurrences.get(key);
    const acts = this.timeline.acts.get(key) ?? [];
    if (!rule || !act || this.timeline.refusals.get(key)?.some(({ time }) => time > act.time)) return;
    const rested = this.withdrawn.some(entry => entry.what === base && (of === null || (entry.thing ?? of) === of) && toMicroseconds(entry.at) <= act.time);
    const own = acts.filter(({ entry }) => entry.by === 'technician').map(({ entry }) => entry.id);
    const counts = own.length === acts.length || rule.item.counts === 'last';
    if (counts && (base === null || rested)) found.set(key, own);
  }

  /**
   * Whether something that may stay open is due: its time is over, or it is the customer's word about what is done.
   * @param {CompiledItem} rule
   * @param {string | null} thing
   */
  isDue({ id, order, attestedBy }, thing) {
    if (this.overdue.has(occurrenceKey(id, thing))) return true;
    const before = order.filter(({ after }) => after);
    const isDone = before.every(({ than, perThing }) => this.timeline.occurrences.has(occurrenceKey(than, perThing ? thing : null)));
    return !attestedBy.includes('technician') && before.length > 0 && isDone;
  }

  /**
   * Whether an item was done, waived or refused.
   * @param {CompiledItem} rule
   * @param {string | null} thing
   */
  isRecorded({ id }, thing) {
    const key = occurrenceKey(id, thing);
    const { acts, waivers, refusals } = this.timeline;
    return acts.has(key) || waivers.has(key) || refusals.has(key);
  }
}

/** The names that a condition requires, `not` aside. @type {WeakMap<CompiledItem, string[]>} */
const REQUIRED = new WeakMap();

/** @param {CompiledItem} rule */
function required(rule) {
  let found = REQUIRED.get(rule);
  if (!found) {
    found = names(parse(rule.item.when));
    REQUIRED.set(rule, found);
  }
  return found;
}

/**
 * The facts that happen besides the work and make an item apply.
 * @param {CompiledChecklist} rules
 * @param {CompiledItem} rule
 */
export const incidentsOfItem = (rules, rule) => required(rule).filter(name => rules.facts.get(name)?.type === 'declared');

/**
 * The arrival and the window, if an item applies only because the one is far outside the other: its words are about a
 * change of the appointment, and nobody has changed it.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Entry[]} entries
 * @param {Judgement} judgement
 * @param {string} now
 * @param {string} item
 */
export function movedBy(rules, visit, entries, judgement, now, item) {
  const rule = rules.byId.get(item);
  if (!visit.window || visit.rescheduled?.length || !rule || !required(rule).includes('time_changed')) return null;
  const arrival = new Situation(rules, visit, entries, judgement, now).timeline.occurrences.get('arrived');
  return arrival ? { arrived: arrival.entry.at, ...visit.window } : null;
}

/**
 * Whether who arrives then is so far outside the window that it counts as a change of it.
 * @param {CompiledChecklist} rules
 * @param {Window} window
 * @param {string} at
 */
export function isFarOff({ movedAfter }, { from, to }, at) {
  const time = toMicroseconds(at);
  return time < toMicroseconds(from) - movedAfter || time > toMicroseconds(to) + movedAfter;
}

/**
 * @param {Condition} condition
 * @returns {string[]}
 */
function names(condition) {
  if (condition.op === 'name') return [condition.name];
  return condition.op === 'and' || condition.op === 'or' ? condition.parts.flatMap(names) : [];
}
