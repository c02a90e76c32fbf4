/** Items that nobody records: the judge computes them. */

import { isOutside } from './facts.js';
import { digest, render } from './statement.js';
/** @import {FindingKind, TimedEntry, Visit} from './types.d.ts' */
/** @import {CompiledChecklist, CompiledItem} from './rules.js' */
/** @import {Timeline} from './timeline.js' */
/** @import {Bounds} from './facts.js' */

/**
 * What they are computed from. `signed`: see `signedDigests`.
 * @typedef {object} Known
 * @property {CompiledChecklist} rules
 * @property {Visit} visit
 * @property {Timeline} timeline
 * @property {Set<string>} facts
 * @property {Bounds | null} window
 * @property {string[] | null} signed
 */

const SIGNED_CONTENT = 'signed_content_fixed';

/**
 * The digests of the statements that could have been signed, as of the time of the signature: all that the judge
 * cannot compute at once, because browsers digest in the background. Null where the signature names none.
 * @param {CompiledChecklist} rules
 * @param {Visit} visit
 * @param {Timeline} timeline
 */
export async function signedDigests(rules, visit, timeline) {
  const act = timeline.occurrences.get(rules.byId.get(SIGNED_CONTENT)?.item.signs ?? '');
  if (!act || !namedDigests(act).length) return null;
  const tables = rules.statements.filter(({ signs }) => signs != null && signs === act.entry.what);
  if (!tables.length) return null;
  return Promise.all(tables.map(table => digest(render(rules, table, visit.id, timeline, { until: act.time }))));
}

/** @param {TimedEntry} act */
const signatures = act => (act.entry.evidence ?? []).filter(({ kind }) => kind === 'signature');

/** @param {TimedEntry} act */
const namedDigests = act => signatures(act).flatMap(piece => piece.statement_sha256 ?? []);

/**
 * What is wrong about an item that is computed, and the acts that show it.
 * @param {CompiledItem} rule
 * @param {Known} known
 * @returns {[FindingKind, TimedEntry[]] | null}
 */
export function compute({ id, item }, { rules, visit, timeline, facts, window, signed }) {
  const { occurrences, acts } = timeline;
  const signature = occurrences.get(item.signs ?? '');
  switch (id) {
    case 'arrival_in_window': {
      const arrival = occurrences.get('arrived');
      return arrival && isOutside(timeline, window, rules.grace) ? ['late', [arrival]] : null;
    }
    case 'p_two_inspectors': {
      const count = visit.inspectors ?? (facts.has('inspector_on_site') ? 1 : 0);
      return count < 2 ? ['missing', []] : null;
    }
    case 'signer_is_customer': {
      if (!signature) return null;
      const isAllowed = signatures(signature).every(({ relation }) => item.allowed_signers?.includes(relation ?? ''));
      return isAllowed ? null : ['signer', [signature]];
    }
    case SIGNED_CONTENT: {
      if (!signature) return null;
      const covered = (item.covers ?? []).flatMap(other => acts.get(other) ?? []);
      const later = covered.filter(({ time }) => time > signature.time);
      const isGenuine = !signed || namedDigests(signature).every(named => signed.includes(named));
      return later.length || !isGenuine ? ['changed_after_signature', [signature, ...later]] : null;
    }
    default:
      throw new Error(`this judge cannot compute ${id}`);
  }
}
