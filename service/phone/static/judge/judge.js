/**
 * The judge applies a checklist to a visit. It is pure: no clock, no network, no storage.
 *
 * docs/judging.md describes it. The numbers in `#checkItem` are those of its steps.
 */

import { compute, signedDigests } from './computed.js';
import { hasEvidence, hasPhoto, isValidAnswer, isValidRefusal, isValidWaiver } from './evidence.js';
import { factsOf, isOutside, trueFacts, WINDOW_END, windowInForce } from './facts.js';
import { toMicroseconds } from './moments.js';
import { hasOwn, isBlank, own } from './texts.js';
import { latest, occurrenceKey, Timeline } from './timeline.js';
/** @import {Entry, Finding, FindingKind, Judgement, Severity, TimedEntry, Verdict, Visit} from './types.d.ts' */
/** @import {CompiledChecklist, CompiledItem} from './rules.js' */

const APPOINTMENT = 'appointment_agreed';

/**
 * Judges a visit by the entries that count at `now`.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Entry[]} entries in order of arrival
 * @param {string} now RFC 3339 with an offset
 * @returns {Promise<Judgement>}
 */
export async function judge(rules, visit, entries, now) {
  const timeline = new Timeline(rules, entries, toMicroseconds(now));
  return new Evaluation(rules, visit, timeline, await signedDigests(rules, visit, timeline)).evaluate();
}

/**
 * The verdict of a visit that has begun; open and info findings do not affect it.
 * @param {Finding[]} findings
 * @returns {Verdict}
 */
function verdictOf(findings) {
  const worst = new Set(findings.map(({ severity }) => severity));
  if (worst.has('violation')) return 'non_compliant';
  return worst.has('warning') ? 'compliant_with_remarks' : 'compliant';
}

/** The state of judging one visit. */
class Evaluation {
  /** @type {Finding[]} */
  findings = [];
  /** @type {Map<string, bigint>} */
  due = new Map();

  /**
   * @param {CompiledChecklist} rules
   * @param {Visit} visit
   * @param {Timeline} timeline
   * @param {string[] | null} signed
   */
  constructor(rules, visit, timeline, signed) {
    this.rules = rules;
    this.visit = visit;
    this.timeline = timeline;
    this.signed = signed;
    const { window, moved } = windowInForce(visit, timeline);
    this.window = window;
    this.facts = trueFacts(rules, visit, timeline, moved || isOutside(timeline, window, rules.movedAfter));
  }

  /**
   * Judges the visit; call it once.
   * @returns {Judgement}
   */
  evaluate() {
    const { findings, timeline, facts, due } = this;
    if (!timeline.hasBegun) {
      return { verdict: null, findings, until: timeline.nextChange, facts: new Set(), labels: new Map(), due };
    }
    this.#checkExemption();
    this.#checkUndeclared();
    this.#checkItems();
    const { nextChange: until, labels } = timeline;
    return { verdict: verdictOf(findings), findings, until, facts, labels, due };
  }

  #checkExemption() {
    if (!this.facts.has('appointment_exempt') || !this.rules.byId.has(APPOINTMENT)) return;
    if (isBlank(this.visit.exempt_reason)) this.#add('bad_waiver', APPOINTMENT, 'violation');
    else this.#add('waived', APPOINTMENT, 'info');
  }

  #checkUndeclared() {
    const { rules, visit, timeline, facts } = this;
    const type = rules.visitTypes.get(visit.type);
    if (!type) return;
    for (const [name, fact] of rules.facts) {
      if (timeline.declaredFacts.has(name)) continue;
      const mustTell = facts.has('work_started') && type.must_tell.includes(name);
      const isIncident =
        type.incidents.includes(name) &&
        fact.type === 'declared' &&
        fact.must_declare !== false &&
        !timeline.namedThings.has(name);
      if (mustTell || isIncident) this.#add('undeclared', name, 'warning');
    }
  }

  #checkItems() {
    for (const rule of this.rules.items) {
      const { id, item } = rule;
      if (item.class === 'policy' && !(own(this.visit.policies, id) ?? item.default ?? true)) continue;
      if (!rule.perThing) {
        if (rule.applies(this.facts)) this.#checkItem(rule, null);
        continue;
      }
      for (const thing of this.timeline.thingsOf(rule.thingsOf)) {
        if (rule.applies(factsOf(this.rules, this.timeline, this.facts, thing))) this.#checkItem(rule, thing);
      }
    }
  }

  /**
   * @param {FindingKind} kind
   * @param {string} item
   * @param {Severity} severity
   * @param {TimedEntry[]} [timed]
   * @param {string | null} [thing]
   * @param {string} [part]
   */
  #add(kind, item, severity, timed = [], thing = null, part = '') {
    const code = `${kind}.${occurrenceKey(item, thing)}${part && '.'}${part}`;
    const entries = timed.filter(({ entry }) => entry !== WINDOW_END).map(({ entry }) => entry.id);
    this.findings.push({ code, kind, item, thing, severity, entries: [...new Set(entries)], part });
    return code;
  }

  /**
   * @param {CompiledItem} rule
   * @param {string | null} thing
   */
  #checkItem(rule, thing) {
    const { timeline } = this;
    const { id, item, severity } = rule;
    const key = occurrenceKey(id, thing);
    const answer = timeline.customerAnswers.get(key) ?? timeline.customerAnswers.get(id); // 1
    if (answer?.entry.says === 'no') this.#add('disputed', id, severity, [answer], thing);
    if (item.kind === 'prohibition') return; // 2
    if (item.kind === 'computed') {
      this.#checkComputed(rule); // 3
      return;
    }
    const act = timeline.occurrences.get(key); // 4
    if (!act) {
      this.#checkMissing(rule, key, thing); // 5 to 7
      return;
    }
    const isAct = !rule.satisfiedByAny.length;
    if (isAct) {
      if (!rule.attestedBy.includes(act.entry.by)) {
        this.#add('attest', id, severity, [act], thing); // 8
        return;
      }
      this.#checkActs(rule, act, timeline.acts.get(key) ?? [], thing); // 9 to 11
    }
    this.#checkOrder(rule, act, thing); // 12
    if (isAct) {
      const date = this.#dueDate(rule, thing); // 13
      if (date !== null && act.time > date) this.#add('late', id, rule.limit?.severity ?? 'warning', [act], thing);
    }
  }

  /**
   * @param {CompiledItem} rule
   * @param {string} key
   * @param {string | null} thing
   */
  #checkMissing(rule, key, thing) {
    const { timeline } = this;
    const { id, item, severity } = rule;
    if (item.refusal) {
      const refused = (timeline.refusals.get(key) ?? []).filter(({ entry }) => isValidRefusal(entry)); // 5
      if (refused.length) {
        this.#add('open', id, 'open', refused, thing);
        return;
      }
    }
    const waived = timeline.waivers.get(key); // 6
    if (waived) {
      const valid = waived.filter(({ entry }) => isValidWaiver(rule, entry));
      if (valid.length) this.#add('waived', id, waiverResult(rule), valid, thing);
      else this.#add('bad_waiver', id, 'violation', waived, thing);
      return;
    }
    const date = item.may_stay_open ? this.#openUntil(rule, thing) : null; // 7
    const isOpen = date !== null && timeline.now < date;
    const code = isOpen ? this.#add('open', id, 'open', [], thing) : this.#add('missing', id, severity, [], thing);
    if (date !== null) this.due.set(code, date);
    if (isOpen) timeline.changesAt(date);
  }

  /**
   * Until when a duty may stay open.
   * @param {CompiledItem} rule
   * @param {string | null} thing
   */
  #openUntil(rule, thing) {
    const date = this.#dueDate(rule, thing);
    if (date !== null || thing === null) return date;
    const named = this.timeline.namedThings.get(rule.thingsOf)?.get(thing);
    return named ? named.time + this.rules.settle : null;
  }

  /**
   * What the acts of an item have to show.
   * @param {CompiledItem} rule
   * @param {TimedEntry} act
   * @param {TimedEntry[]} acts
   * @param {string | null} thing
   */
  #checkActs({ id, needs, fields }, act, acts, thing) {
    for (const need of needs) {
      if (!acts.some(({ entry }) => hasEvidence(entry, need))) {
        this.#add('evidence', id, need.severity, acts, thing, need.kind); // 9
      }
    }
    for (const [name, field] of fields) {
      const answers = acts.filter(({ entry }) => hasOwn(entry.fields ?? {}, name));
      if (!answers.length) continue;
      const last = latest(answers);
      if (!isValidAnswer(field, (last.entry.fields ?? {})[name])) {
        this.#add('value', id, 'warning', [last], thing, name); // 10
      }
    }
    const { at, claimed_at: claimed } = act.entry;
    if (claimed == null || toMicroseconds(at) - toMicroseconds(claimed) <= this.rules.lateEntry) return;
    if (!acts.some(({ entry }) => hasPhoto(entry))) this.#add('late_entry', id, 'warning', [act], thing); // 11
  }

  /**
   * @param {CompiledItem} rule
   * @param {TimedEntry} act
   * @param {string | null} thing
   */
  #checkOrder(rule, act, thing) {
    for (const { after, than, perThing, severity, part, onlyIf } of rule.order) {
      const other = this.#occurrence(than, perThing ? thing : null);
      if (!other || (after ? act.time >= other.time : act.time <= other.time)) continue;
      if (onlyIf && this.#isReversed(...onlyIf)) continue;
      this.#add('order', rule.id, severity, [act, other], thing, part);
    }
  }

  /**
   * The occurrence of an item or fact: for the thing, else without a thing.
   * @param {string} name
   * @param {string | null} thing
   */
  #occurrence(name, thing) {
    const { occurrences } = this.timeline;
    return occurrences.get(occurrenceKey(name, thing)) ?? occurrences.get(name);
  }

  /**
   * @param {string} first
   * @param {string} second
   */
  #isReversed(first, second) {
    const [earlier, later] = [this.#occurrence(first, null), this.#occurrence(second, null)];
    return earlier !== undefined && later !== undefined && earlier.time > later.time;
  }

  /**
   * The visit's own date for the item, else the end of its time limit.
   * @param {CompiledItem} rule
   * @param {string | null} thing
   */
  #dueDate({ id, limit }, thing) {
    const date = own(this.visit.due, occurrenceKey(id, thing)) ?? own(this.visit.due, id);
    if (date != null) return toMicroseconds(date);
    const start = limit ? this.#occurrence(limit.start, thing) : undefined;
    return limit && start ? start.time + limit.length : null;
  }

  /** @param {CompiledItem} rule */
  #checkComputed(rule) {
    const result = compute(rule, this);
    if (!result) return;
    const [kind, timed] = result;
    const waived = this.timeline.waivers.get(rule.id) ?? [];
    const valid = waived.filter(({ entry }) => isValidWaiver(rule, entry));
    if (valid.length) this.#add('waived', rule.id, waiverResult(rule), valid);
    else this.#add(kind, rule.id, rule.severity, timed);
  }
}

/** @param {CompiledItem} rule */
const waiverResult = rule => rule.item.waiver?.result ?? 'violation';
