import { parseMoment } from './moments.js';
import { isBlank } from './texts.js';
/** @import {Entry, Field, FieldValue} from './types.d.ts' */
/** @import {CompiledItem} from './rules.js' */

/**
 * Whether the evidence of an entry includes a photo.
 * @param {Entry} entry
 */
export const hasPhoto = entry =>
  (entry.evidence ?? []).some(piece => piece.kind === 'photo' && piece.sha256 != null && !piece.lost);

/**
 * Whether an entry has evidence of a kind with its required field.
 * @param {Entry} entry
 * @param {CompiledItem['needs'][number]} need
 */
export function hasEvidence(entry, { kind, field }) {
  if (kind === 'text' && Object.keys(entry.fields ?? {}).length) return true;
  if (kind === 'customer_confirm' && entry.via === 'record') return false;
  return (entry.evidence ?? []).some(piece => piece.kind === kind && piece[field] != null && !piece.lost);
}

/**
 * A refusal needs a reason, and a photo if the technician wrote it.
 * @param {Entry} entry
 */
export function isValidRefusal(entry) {
  if (isBlank(entry.refused?.reason)) return false;
  return entry.by === 'customer' || (entry.by === 'technician' && hasPhoto(entry));
}

/**
 * A waiver needs a reason and is written by somebody who may give it; the technician may write the customer's.
 * @param {CompiledItem} rule
 * @param {Entry} entry
 */
export function isValidWaiver(rule, { waived, by }) {
  if (!waived || isBlank(waived.reason) || !rule.item.waiver?.by.includes(waived.by)) return false;
  return by === waived.by || (waived.by === 'customer' && by === 'technician');
}

/**
 * Whether a typed answer has the field's type and is within its bounds.
 * @param {Field} field
 * @param {FieldValue} value
 */
export function isValidAnswer({ type, min, max, choices = [] }, value) {
  if (type === 'number') {
    return typeof value === 'number' && (min == null || value >= min) && (max == null || value <= max);
  }
  if (typeof value !== 'string') return false;
  if (type === 'choice') return choices.some(choice => choice.id === value);
  return type !== 'time' || parseMoment(value) !== null;
}
