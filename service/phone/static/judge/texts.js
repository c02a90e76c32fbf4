/**
 * Whether nothing is left of a text after `trim`.
 * @param {string | null | undefined} text
 */
export const isBlank = text => text == null || text.trim() === '';

/**
 * The text with U+FFFD for each half of a character, as the server reads it.
 * @param {string} text
 */
export const wellFormed = text => text.replace(/\p{Surrogate}/gu, '\ufffd');

/**
 * The value of an object's own key. Keys come from entries, and `constructor` is as good a key as any.
 * @template T
 * @param {Record<string, T> | null | undefined} object
 * @param {string} key
 * @returns {T | undefined}
 */
export const own = (object, key) => (object != null && hasOwn(object, key) ? object[key] : undefined);

/**
 * @param {object} object
 * @param {string} key
 */
export const hasOwn = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
