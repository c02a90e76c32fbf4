/**
 * Moments, as microseconds since 1970 UTC.
 *
 * They are BigInt: a monotonic clock can put an entry 2^53 milliseconds after another, and a number holds microseconds
 * exactly only until the year 2255.
 */

export const MINUTE = 60_000_000n;
export const DAY = 1440n * MINUTE;
const LAST_SECOND = Date.parse('9999-12-31T23:59:59Z');
const MOMENT = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):?([0-5]\d))$/;

/**
 * Reads RFC 3339 with an offset; null if the text is something else. Fractions are rounded to microseconds, half up.
 * @param {string} text
 */
export function parseMoment(text) {
  const found = MOMENT.exec(text);
  if (!found || text.startsWith('0000')) return null;
  const [, date, clock, fraction = '', sign, hours, minutes] = found;
  const written = `${date}T${clock}`;
  const local = Date.parse(`${written}Z`);
  // engines differ on days that do not exist: some refuse them, some go on counting
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== written) return null;
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0')) + (fraction.charAt(6) >= '5' ? 1 : 0);
  if (local === LAST_SECOND && micros === 1_000_000) return null;
  const offset = sign ? Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) : 0;
  return BigInt(local) * 1000n + BigInt(micros) - BigInt(offset) * MINUTE;
}

/**
 * Microseconds since 1970 UTC. RangeError if the text is no moment.
 * @param {string} text
 */
export function toMicroseconds(text) {
  const moment = parseMoment(text);
  if (moment === null) throw new RangeError(`not a moment with an offset: ${text}`);
  return moment;
}
