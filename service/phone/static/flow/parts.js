/** What an act needs besides the tap, and the entries that it becomes. */

import { REPEATED } from './table.js';
/** @import {Entry, Evidence} from '../judge/types.d.ts' */
/** @import {CompiledChecklist} from '../judge/rules.js' */
/** @import {Answers, Form, Part} from './types.d.ts' */

/** Where the phone was is asked for at these. */
const PLACED = ['arrived', 'left', 'nobody_home'];
/** @type {Form} */
const NOTHING = { photo: false, photoToo: false, text: false, number: false, gps: false, signature: false, fields: {} };

/**
 * What the acts of some parts need: of those that are done, only what they lack.
 * @param {CompiledChecklist} rules
 * @param {Part[]} parts
 * @returns {Form}
 */
export function formOf(rules, parts) {
  const form = { ...NOTHING, fields: { ...NOTHING.fields } };
  for (const part of parts) {
    const kinds = kindsOf(rules, part);
    form.photo ||= kinds.includes('photo');
    form.photoToo ||= rules.byId.get(part.what)?.item.evidence?.strong.includes('photo') === true;
    form.number ||= kinds.includes('number') || kinds.includes('notice');
    form.gps ||= kinds.includes('gps');
    form.signature ||= part.by === 'customer';
    const fields = rules.byId.get(part.what)?.fields ?? new Map();
    form.text ||= kinds.includes('text') && !fields.size;
    if (!part.lacking.length || kinds.includes('text')) Object.assign(form.fields, Object.fromEntries(fields));
  }
  form.photoToo &&= !form.photo;
  return form;
}

/** @param {Form} form */
export function needsOf({ photo, text, number, gps, signature, fields }) {
  if (signature) return 'signature';
  if (photo) return 'photo';
  if (Object.keys(fields).length) return 'fields';
  if (text || number) return 'text';
  return gps ? 'gps' : 'tap';
}

/**
 * @param {CompiledChecklist} rules
 * @param {Part} part
 */
function kindsOf(rules, { what, lacking }) {
  if (lacking.length) return lacking;
  const item = rules.byId.get(what)?.item;
  return item ? (item.evidence?.min ?? []) : PLACED.includes(what) ? ['gps'] : [];
}

/**
 * The entries of some parts, with what was given put where it is needed: at the parts that require it, else at the first
 * that may have it.
 * @param {CompiledChecklist} rules
 * @param {Part[]} parts
 * @param {Answers} answers
 * @returns {Partial<Entry>[]}
 */
export function entriesOf(rules, parts, answers) {
  /** @param {string[]} kinds */
  const takers = kinds => {
    const some = (/** @type {Part} */ part) => kinds.some(kind => kindsOf(rules, part).includes(kind));
    const strong = (/** @type {Part} */ { what }) =>
      kinds.some(kind => rules.byId.get(what)?.item.evidence?.strong.includes(kind));
    const required = parts.filter(some);
    return required.length ? required : [parts.find(strong) ?? parts[parts.length - 1]];
  };
  const { photos = [], text = '', number = '', fields = {}, place, signature } = answers;
  return parts.flatMap(part => {
    const { what, thing, by } = part;
    /** @type {Evidence[]} */
    const evidence = [];
    if (photos.length && takers(['photo']).includes(part)) {
      evidence.push(...photos.map(photo => ({ kind: 'photo', ...photo })));
    }
    if (text.trim() && takers(['text']).includes(part)) evidence.push({ kind: 'text', text: text.trim() });
    if (number.trim() && takers(['number', 'notice']).includes(part)) {
      evidence.push({ kind: kindsOf(rules, part).includes('notice') ? 'notice' : 'number', number: number.trim() });
    }
    const isPlaced = PLACED.includes(what) || kindsOf(rules, part).includes('gps');
    if (place && isPlaced) evidence.push({ kind: 'gps', ...place });
    if (signature && by === 'customer') evidence.push(signature);
    const own = [...(rules.byId.get(what)?.fields.keys() ?? [])].filter(name => name in fields);
    const entry = {
      what,
      by,
      ...(thing !== null && { thing }),
      ...(rules.facts.get(what)?.type === 'declared' && { holds: true }),
      ...(evidence.length && { evidence }),
      ...(own.length && { fields: Object.fromEntries(own.map(name => [name, fields[name]])) }),
      ...(place && (isPlaced || photos.length) && { place }),
    };
    return [...withdrawalsOf(part), entry];
  });
}

/**
 * What was done before it has to be repeated counts no longer.
 * @param {Part} part
 * @returns {Partial<Entry>[]}
 */
export const withdrawalsOf = ({ repeats = [] }) => repeats.map(id => ({ withdraws: id, by: 'technician', reason: REPEATED }));
