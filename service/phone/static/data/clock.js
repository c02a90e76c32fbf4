// The phone's clocks: what each entry carries, and the server's time as far as it is known.

import { put } from './database.js';

const DRIFT_MS = 1500; // what a wall clock that is being adjusted may differ in a session

let session = '';
let started = { wall: 0, tick: 0 };
let offset = 0;

/** @returns {string} */
function newSession() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A moment as RFC 3339 with the phone's own offset and milliseconds.
 * @param {Date} moment
 */
export function stamp(moment) {
  const minutes = -moment.getTimezoneOffset();
  const two = (/** @type {number} */ value) => String(Math.floor(Math.abs(value))).padStart(2, '0');
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, -1);
  return `${local}${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/**
 * The clocks now. A session is a run of the monotonic clock in this page. That clock stands still while some phones
 * sleep: when the wall clock has gone further, a new session begins, because the ticks would no longer tell the time.
 * @returns {{at: string, tick: number, session: string}}
 */
export function now() {
  const wall = Date.now();
  const tick = Math.round(performance.now());
  if (!session || wall - started.wall > tick - started.tick + DRIFT_MS) {
    session = newSession();
    started = { wall, tick };
  }
  return { at: stamp(new Date(wall)), tick, session };
}

/** The server's time, as far as it is known. */
export function server() {
  return new Date(Date.now() + offset);
}

/** @param {number} known what was learnt in an earlier run */
export function remember(known) {
  offset = known;
}

/**
 * Learn the server's time from an answer. `asked_at`, `answered_at`: `Date.now()` before and after the request.
 * @param {string} server_time
 * @param {number} asked_at
 * @param {number} answered_at
 */
export async function learn(server_time, asked_at, answered_at) {
  const taken = answered_at - asked_at;
  if (taken < 0 || taken > 10_000) return; // it says too little
  offset = Math.round(Date.parse(server_time) - (asked_at + answered_at) / 2);
  await put('meta', offset, 'offset_ms');
}
