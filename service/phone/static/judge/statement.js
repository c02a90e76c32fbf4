/**
 * Statements: the documents that customers sign, generated from the entries (docs/statement.md).
 *
 * A signature names the digest of a statement's canonical bytes (RFC 8785).
 */

import { compare, occurrenceKey } from './timeline.js';
import { hasOwn, wellFormed } from './texts.js';
/** @import {Field, FieldValue, Line, StatementTable, TimedEntry} from './types.d.ts' */
/** @import {CompiledChecklist, CompiledItem} from './rules.js' */
/** @import {Timeline} from './timeline.js' */

const FORMAT = 'doorstep-statement/1';
const TIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2})/;

/** @typedef {{label: string, value?: string[], photos?: string[]}} StatementLine */
/**
 * @typedef {object} Document
 * @property {string} form
 * @property {string} checklist
 * @property {string} visit
 * @property {string} statement
 * @property {string} title
 * @property {StatementLine[]} lines
 * @property {string} [thing]
 * @property {string} [declaration]
 */

/**
 * The statements that apply, in the order of the checklist.
 * @param {CompiledChecklist} rules
 * @param {string} visit the visit's id
 * @param {Timeline} timeline
 * @param {Set<string>} facts see `Judgement.facts`
 */
export function statements(rules, visit, timeline, facts) {
  return rules.statements.flatMap(table =>
    things(rules, table, timeline, facts)
      .map(thing => ({ table, thing, document: render(rules, table, visit, timeline, { thing }) }))
      .filter(({ document }) => table.signs || document.lines.length),
  );
}

/**
 * @param {CompiledChecklist} rules
 * @param {StatementTable} table
 * @param {Timeline} timeline
 * @param {Set<string>} facts
 * @returns {(string | null)[]}
 */
function things(rules, table, timeline, facts) {
  const rule = rules.byId.get(table.signs ?? '');
  if (!rule) return [null];
  if (rule.perThing) return timeline.thingsOf(rule.thingsOf);
  return rule.applies(facts) ? [null] : [];
}

/**
 * The statement from the acts up to `until` (inclusive), or from all.
 * @param {CompiledChecklist} rules
 * @param {StatementTable} table
 * @param {string} visit the visit's id
 * @param {Timeline} timeline
 * @param {{thing?: string | null, until?: bigint}} [options]
 * @returns {Document}
 */
export function render(rules, table, visit, timeline, { thing = null, until } = {}) {
  const lines = table.lines.map(line => {
    const rule = /** @type {CompiledItem} */ (rules.byId.get(line.item));
    const acts = (timeline.acts.get(occurrenceKey(rule.id, rule.perThing ? thing : null)) ?? [])
      .filter(act => until === undefined || act.time <= until)
      .sort(compare);
    return renderLine(rule, line, acts);
  });
  return {
    form: FORMAT,
    checklist: rules.name,
    visit,
    statement: table.id,
    title: plainText(table.title.zh),
    lines: lines.flatMap(line => line ?? []),
    ...(thing !== null && { thing }),
    ...(table.declares && { declaration: plainText(table.declares.zh) }),
  };
}

/**
 * @param {CompiledItem} rule
 * @param {Line} line
 * @param {TimedEntry[]} acts
 * @returns {StatementLine | null}
 */
function renderLine(rule, line, acts) {
  const name = line.field ?? '';
  const field = rule.fields.get(name);
  const label = plainText((line.label ?? field ?? rule.item.label).zh);
  const value = field ? lastAnswer(field, name, acts) : evidence(line, acts);
  if (!value.length) return null;
  return line.evidence === 'photo' ? { label, photos: value } : { label, value };
}

/**
 * The last answer: it replaces earlier ones.
 * @param {Field} field
 * @param {string} name
 * @param {TimedEntry[]} acts
 */
function lastAnswer(field, name, acts) {
  const answers = acts.map(({ entry }) => entry.fields ?? {}).filter(fields => hasOwn(fields, name));
  const text = answers.length ? plainText(answerText(field, answers[answers.length - 1][name])) : '';
  return text ? [text] : [];
}

/**
 * @param {Field} field
 * @param {FieldValue} value
 */
function answerText({ type, unit = '', choices = [] }, value) {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (typeof value === 'number') return `${value} ${unit}`;
  const time = type === 'time' ? TIME.exec(value) : null;
  if (time) return `${time[1]}年${Number(time[2])}月${Number(time[3])}日 ${time[4]}`; // as written, in its own offset
  return choices.find(choice => choice.id === value)?.zh ?? value;
}

/**
 * The distinct pieces of the line's kind from all acts, in order.
 * @param {Line} line
 * @param {TimedEntry[]} acts
 */
function evidence(line, acts) {
  const pieces = acts.flatMap(({ entry }) => entry.evidence ?? []).filter(piece => piece.kind === line.evidence);
  const texts = pieces.map(({ kind, sha256, text, number }) =>
    plainText((kind === 'photo' ? sha256 : kind === 'text' ? text : number) ?? ''),
  );
  return [...new Set(texts)].filter(text => text !== '');
}

/** @param {string} text */
const plainText = text => wellFormed(text).normalize('NFC').trim();

/**
 * The canonical text (RFC 8785) of texts, lists and objects.
 * @param {unknown} value
 * @returns {string}
 */
export function canonicalText(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([key, each]) => `${JSON.stringify(key)}:${canonicalText(each)}`).join(',')}}`;
}

/**
 * The SHA-256 of a document's canonical bytes, in hex.
 * @param {Document} document
 */
export async function digest(document) {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalText(document)));
  return Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('');
}
