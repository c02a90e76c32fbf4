// A text in the language of the screen.

import { signal } from "./state.js";
import { PROBLEM_WORDS, WORDS } from "./texts.js";

/** @typedef {"zh" | "en"} Language */

/** The language of the screen. */
export const language = signal(/** @type {Language} */ (document.documentElement.lang === "en" ? "en" : "zh"));

/**
 * A text in the language of the screen, which is drawn again when the language is switched.
 * @param {keyof typeof WORDS} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = WORDS[key];
  if (!text) throw new Error(`no text ${key}`);
  return text[language.value === "en" ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * A text of the checklist or of a problem; Chinese if it has no English.
 * @param {{zh: string, en?: string}} text
 */
export const inLanguage = text => (language.value === "en" && text.en) || text.zh;

/** What something is, and what about it. @param {string} name @param {string} value */
export const pair = (name, value) => (language.value === "en" ? `${name}: ${value}` : `${name}：${value}`);

/** @param {string} text @param {string | number} more */
export const inBrackets = (text, more) => (language.value === "en" ? `${text} (${more})` : `${text}（${more}）`);

/** @param {string[]} texts */
export const enumerated = texts => texts.join(language.value === "en" ? ", " : "、");

/**
 * Why something was not accepted, in the technician's words; the server's own where the app has none.
 * @param {{code: string, title: string}} problem
 */
export const problemText = ({ code, title }) => (PROBLEM_WORDS[code] ? inLanguage({ zh: PROBLEM_WORDS[code][0], en: PROBLEM_WORDS[code][1] }) : title);

/**
 * Date and time as people write them: 11月28日 09:30, 28 November 09:30.
 * @param {string | Date} moment
 */
export const timeText = moment =>
  new Intl.DateTimeFormat(language.value === "en" ? "en-GB" : "zh-CN", {
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(moment));
