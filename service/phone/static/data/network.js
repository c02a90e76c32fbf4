// One request to the server, and what its answer means for what was sent.

import { APP } from './app.js';
import { stamp } from './clock.js';

/** @typedef {import('./types.d.ts').Problem} Problem */

const PATIENCE_MS = 30_000;
const SLOWEST = 8; // bytes in a millisecond: 8 KB/s
const LONGEST_WAIT_MS = 25 * 3_600_000;
const STOPS = ['device-revoked', 'not-signed-in', 'not-allowed'];

/**
 * An answer of the server. `problem`: what it says is wrong. `wait`: ms of Retry-After.
 * @typedef {{status: number, ok: boolean, headers: Headers, json: any, problem: Problem|null, wait: number|null}} Answer
 */

/** No answer of the server: no network, cut off, too slow, or something between that is not the server. */
export class NoAnswer extends Error {
  name = 'NoAnswer';
}

/** Nothing is sent any more until a person does something. */
export class Stopped extends Error {
  name = 'Stopped';
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** Nothing is sent for a while. */
export class Paused extends Error {
  name = 'Paused';
  /** @param {number|null} wait what the server asks for, in ms */
  constructor(wait) {
    super('paused');
    this.wait = wait;
  }
}

/**
 * Send a request of this phone; `size`: bytes that go or come, for how long to wait. Rejects with NoAnswer, Stopped or Paused where that is not about what was sent.
 * @param {string} token
 * @param {string} method
 * @param {string} path
 * @param {{body?: BodyInit, size?: number, headers?: Record<string, string>}} [content]
 * @returns {Promise<Answer>}
 */
export async function request(token, method, path, { body, size = 0, headers = {} } = {}) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS + size / SLOWEST);
  try {
    const answer = await fetch(path, {
      method,
      body,
      headers: { Authorization: `Bearer ${token}`, 'X-App': APP, 'Accept-Language': document.documentElement.lang || 'zh-CN', ...headers },
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error', // a page to sign in to a network is not the server
      signal: patience.signal,
    });
    const kind = (answer.headers.get('Content-Type') ?? '').split(';')[0];
    const explained = kind === 'application/problem+json' && method !== 'HEAD';
    const json = explained || (kind === 'application/json' && method !== 'HEAD') ? await answer.json() : null;
    if (method === 'HEAD' && [401, 403].includes(answer.status)) await request(token, 'GET', '/v1/me'); // it says why
    return judged(answer, json, explained);
  } catch (error) {
    if (error instanceof Stopped || error instanceof Paused || error instanceof NoAnswer) throw error;
    throw new NoAnswer(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {Response} answer
 * @param {any} json
 * @param {boolean} explained
 * @returns {Answer}
 */
function judged(answer, json, explained) {
  const { status, ok, headers } = answer;
  const wait = retryAfter(headers.get('Retry-After'), Date.now());
  /** @type {Problem|null} */
  let problem = null;
  if (!ok) {
    const { code = status === 413 ? 'body-too-large' : `http-${status}`, title = '', quarantine = null } = explained ? json : {};
    problem = { status, code, title, quarantine, at: stamp(new Date()) };
    if (!quarantine) {
      if (explained && STOPS.includes(code)) throw new Stopped(problem);
      if ([408, 502, 503, 504].includes(status) || code === 'too-many-requests') throw new Paused(wait);
      // not in the server's words: something between us, except that answers to HEAD have none
      if (!explained && status !== 413 && headers.get('Tus-Resumable') === null) throw new Paused(wait);
    }
  }
  return { status, ok, headers, json, problem, wait };
}

/**
 * Retry-After, in seconds or as a date, in ms; null without it.
 * @param {string|null} text
 * @param {number} now
 */
export function retryAfter(text, now) {
  if (text === null) return null;
  const wait = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS);
}
