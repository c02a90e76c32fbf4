/** Findings in words, with the checklist's messages and labels. */
/** @import {Checklist, Finding, FindingView, Language, Text} from './types.d.ts' */

/** @type {Record<string, Text>} */
const RELATIONS = { after: { zh: '之后', en: 'after' }, before: { zh: '之前', en: 'before' } };
const WINDOW_END = { zh: '约定时段结束', en: 'end of the agreed window' };

/** Puts findings into words. */
export class FindingFormatter {
  /** @param {Checklist} checklist */
  constructor(checklist) {
    this.checklist = checklist;
    this.items = new Map(checklist.items.map(item => [item.id, item]));
  }

  /**
   * Findings as people read them, and as the server sends them.
   * @param {Finding[]} findings
   * @param {Map<string, string>} labels the names of things
   * @returns {FindingView[]}
   */
  format(findings, labels) {
    return findings.map(finding => {
      const { code, kind, item, thing, severity, entries } = finding;
      const name = thing === null ? null : (labels.get(thing) ?? thing);
      const message = { zh: this.#message(finding, name, 'zh'), en: this.#message(finding, name, 'en') };
      return { code, kind, item, thing, severity, clause: this.items.get(item)?.clause ?? null, message, entries };
    });
  }

  /**
   * @param {Finding} finding
   * @param {string | null} thing
   * @param {Language} language
   */
  #message({ kind, item: id, part }, thing, language) {
    const { messages, facts, evidence_kinds: kinds } = this.checklist;
    const template = messages[kind][language];
    const item = this.items.get(id);
    if (!item) return fill(template, { fact: facts[id][language] });
    const suffix = thing === null ? '' : language === 'zh' ? `（${thing}）` : ` (${thing})`;
    /** @type {Record<string, string>} */
    const values = {
      label: item.label[language] + suffix,
      clause: item.clause,
      supervisor: item.supervisor[language] + suffix,
    };
    if (kind === 'order') {
      const [relation, other] = part.split('.');
      values.rel = RELATIONS[relation][language];
      values.other = this.#name(other)[language];
    }
    if (kind === 'evidence') values.kind = kinds[part][language];
    if (kind === 'value') values.field = (item.fields ?? {})[part][language];
    return fill(template, values);
  }

  /**
   * @param {string} name
   * @returns {Text}
   */
  #name(name) {
    if (name === 'window_end') return WINDOW_END;
    return this.items.get(name)?.label ?? this.checklist.facts[name];
  }
}

/**
 * Puts values where a template has `{name}`; `{{` and `}}` are brackets.
 * @param {string} template
 * @param {Record<string, string>} values
 */
function fill(template, values) {
  return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (found, name) => (name ? values[name] : found[0]));
}
