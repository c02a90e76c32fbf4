import { toMicroseconds } from './moments.js';
import { isBlank, wellFormed } from './texts.js';
/** @import {Entry, TimedEntry} from './types.d.ts' */
/** @import {CompiledChecklist, CompiledItem} from './rules.js' */

/**
 * The key of an item or fact, or of one of its things.
 * @param {string} name
 * @param {string | null} [thing]
 */
export const occurrenceKey = (name, thing) => (thing == null ? name : `${name}[${thing}]`);

/**
 * Compares by time, then by position in the list.
 * @param {{time: bigint, position: number}} a
 * @param {{time: bigint, position: number}} b
 */
export const compare = (a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.position - b.position);

/** @param {TimedEntry[]} timed */
export const earliest = timed => timed.reduce((first, other) => (compare(other, first) < 0 ? other : first));

/** @param {TimedEntry[]} timed */
export const latest = timed => timed.reduce((last, other) => (compare(other, last) > 0 ? other : last));

/**
 * The entries of a visit that count at `now`, by subject.
 *
 * `occurrences`: the act of each item that counts, and the earliest entry of each fact. `namedThings`: per fact, the
 * entry by which each thing was first named. `nextChange`: the next moment at which an entry starts to count.
 */
export class Timeline {
  /** @type {bigint | null} */
  nextChange = null;
  hasBegun = false;
  /** @type {Map<string, TimedEntry[]>} */
  acts = new Map();
  /** @type {Map<string, TimedEntry>} */
  customerAnswers = new Map();
  /** @type {Map<string, TimedEntry[]>} */
  waivers = new Map();
  /** @type {Map<string, TimedEntry[]>} */
  refusals = new Map();
  /** @type {Map<string, TimedEntry>} */
  occurrences = new Map();
  /** @type {Set<string>} */
  declaredFacts = new Set();
  /** @type {Map<string, Map<string, TimedEntry>>} */
  namedThings = new Map();
  /** @type {Map<string, string>} */
  labels = new Map();

  /**
   * @param {CompiledChecklist} rules
   * @param {Entry[]} entries
   * @param {bigint} now
   */
  constructor(rules, entries, now) {
    this.now = now;
    this.rules = rules;
    for (const timed of correctTimes(withoutWithdrawn(this.#select(entries)))) this.#index(timed);
    this.#chooseActs();
    this.#resolveAlternatives();
  }

  /**
   * Notes that the judgement may change at this moment.
   * @param {bigint} moment
   */
  changesAt(moment) {
    if (this.nextChange === null || moment < this.nextChange) this.nextChange = moment;
  }

  /**
   * The things that a fact has, in the order in which they were first named.
   * @param {string} fact
   */
  thingsOf(fact) {
    const named = [...(this.namedThings.get(fact) ?? [])];
    return named.sort(([, a], [, b]) => compare(a, b)).map(([thing]) => thing);
  }

  /** @param {Entry[]} entries */
  #select(entries) {
    const ids = new Set();
    /** @type {TimedEntry[]} */
    const selected = [];
    entries.forEach((entry, position) => {
      const time = toMicroseconds(entry.at);
      // an entry counts once it has arrived, even if the phone's clock was ahead
      const received = entry.received_at == null ? time : toMicroseconds(entry.received_at);
      const countsFrom = received < time ? received : time;
      if (countsFrom > this.now) {
        this.changesAt(countsFrom);
        return;
      }
      const id = entry.id.toLowerCase();
      if (ids.has(id)) return;
      ids.add(id);
      if (entry.withdraws != null || this.#isKnown(entry)) selected.push({ time, position, entry });
    });
    return selected;
  }

  /**
   * Whether an entry is about an item or fact, and says something that can be said about it.
   * @param {Entry} entry
   */
  #isKnown({ what = '', by, thing, holds, says, waived, refused }) {
    if (this.rules.byId.has(what)) return holds !== false && (says == null || by === 'customer');
    if (!this.rules.facts.has(what) || says != null || waived != null || refused != null) return false;
    return thing != null || holds === false || !this.rules.thingFacts.has(what);
  }

  /** @param {TimedEntry} timed */
  #index(timed) {
    const { what = '', by, thing, holds } = timed.entry;
    if (by === 'technician') this.hasBegun = true;
    const rule = this.rules.byId.get(what);
    if (rule) {
      this.#indexItem(rule, timed);
      return;
    }
    this.declaredFacts.add(what);
    if (holds === false) return;
    const fact = this.rules.facts.get(what);
    const ofThing = fact?.per_thing ? thing : null;
    if (ofThing != null) {
      this.#name(what, ofThing, timed);
      if (fact?.things_of) this.#name(fact.things_of, ofThing, timed);
    }
    const key = occurrenceKey(what, ofThing);
    const first = this.occurrences.get(key);
    if (!first || compare(timed, first) < 0) this.occurrences.set(key, timed);
  }

  /**
   * @param {CompiledItem} rule
   * @param {TimedEntry} timed
   */
  #indexItem(rule, timed) {
    const { thing, says, waived, refused } = timed.entry;
    const ofThing = rule.perThing ? thing : null;
    if (rule.perThing && thing == null && says == null) return;
    const key = occurrenceKey(rule.id, ofThing);
    if (says != null) {
      const last = this.customerAnswers.get(key);
      if (!last || compare(timed, last) > 0) this.customerAnswers.set(key, timed);
    }
    if (waived != null) append(this.waivers, key, timed);
    if (refused != null) append(this.refusals, key, timed);
    if (says != null || waived != null || refused != null) return;
    append(this.acts, key, timed);
    if (ofThing != null) {
      for (const fact of rule.names) this.#name(fact, ofThing, timed);
    }
  }

  /**
   * @param {string} fact
   * @param {string} thing
   * @param {TimedEntry} timed
   */
  #name(fact, thing, timed) {
    const { label } = timed.entry;
    if (label && !this.labels.has(thing)) this.labels.set(thing, wellFormed(label));
    let things = this.namedThings.get(fact);
    if (!things) this.namedThings.set(fact, (things = new Map()));
    const first = things.get(thing);
    if (!first || compare(timed, first) < 0) things.set(thing, timed);
  }

  /** The act that counts: the earliest (or latest) by somebody who may attest the item, else of all. */
  #chooseActs() {
    for (const [key, acts] of this.acts) {
      const rule = this.rules.byId.get(acts[0].entry.what ?? '');
      const attested = acts.filter(({ entry }) => rule?.attestedBy.includes(entry.by));
      const candidates = attested.length ? attested : acts;
      this.occurrences.set(key, rule?.item.counts === 'last' ? lastAct(candidates) : earliest(candidates));
    }
  }

  /** An item with `satisfied_by_any` has the acts of those items, and none of its own. */
  #resolveAlternatives() {
    for (const { id, satisfiedByAny } of this.rules.items) {
      if (!satisfiedByAny.length) continue;
      const acts = satisfiedByAny.flatMap(other => this.acts.get(other) ?? []);
      if (acts.length) {
        this.occurrences.set(id, earliest(acts));
        this.acts.set(id, acts);
      } else if (this.acts.delete(id)) {
        this.occurrences.delete(id);
      }
    }
  }
}

/**
 * @param {Map<string, TimedEntry[]>} lists
 * @param {string} key
 * @param {TimedEntry} timed
 */
function append(lists, key, timed) {
  const list = lists.get(key);
  if (list) list.push(timed);
  else lists.set(key, [timed]);
}

/**
 * The latest act; of equal times the first in the list.
 * @param {TimedEntry[]} acts
 */
const lastAct = acts => acts.reduce((last, other) => (other.time > last.time ? other : last));

/**
 * What is left when withdrawals and what they withdraw are taken out.
 *
 * A withdrawal has a reason and names an earlier entry by the same author: earlier by `received_at`, then by position;
 * where either has no `received_at`, not later by `at` (uncorrected). A withdrawal cannot be withdrawn.
 * @param {TimedEntry[]} selected
 */
function withoutWithdrawn(selected) {
  const others = selected.filter(({ entry }) => entry.withdraws == null);
  if (others.length === selected.length) return selected;
  const byId = new Map(others.map(timed => [timed.entry.id.toLowerCase(), timed]));
  const withdrawn = new Set();
  for (const withdrawal of selected) {
    const { withdraws, reason, by } = withdrawal.entry;
    if (withdraws == null || isBlank(reason)) continue;
    const target = byId.get(withdraws.toLowerCase());
    if (target && target.entry.by === by && isWrittenBefore(target, withdrawal)) withdrawn.add(target);
  }
  return others.filter(timed => !withdrawn.has(timed));
}

/**
 * @param {TimedEntry} target
 * @param {TimedEntry} withdrawal
 */
function isWrittenBefore(target, withdrawal) {
  const [first, second] = [target.entry.received_at, withdrawal.entry.received_at];
  if (first == null || second == null) return target.time <= withdrawal.time;
  const [came, later] = [toMicroseconds(first), toMicroseconds(second)];
  return came < later || (came === later && target.position < withdrawal.position);
}

/**
 * Corrects times by monotonic clock: each is the `at` of its session's first entry plus the difference in ticks.
 * @param {TimedEntry[]} entries
 */
function correctTimes(entries) {
  /** @type {Map<string, {tick: number, time: bigint}>} */
  const anchors = new Map();
  for (const { time, entry: { session, tick } } of entries) {
    if (session == null || tick == null) continue;
    const anchor = anchors.get(session);
    if (!anchor || tick < anchor.tick) anchors.set(session, { tick, time });
  }
  return entries.map(timed => {
    const { session, tick } = timed.entry;
    const anchor = session != null && tick != null ? anchors.get(session) : undefined;
    if (!anchor || tick == null) return timed;
    return { ...timed, time: anchor.time + (BigInt(tick) - BigInt(anchor.tick)) * 1000n };
  });
}
