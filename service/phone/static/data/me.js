// Who this phone is (docs/device.md), and the device's signature.

import { drop, read } from '../shared/device.js';

import { toBase64 } from './bytes.js';

/** @typedef {import('./types.d.ts').Me} Me */

/** This phone's person, token and key; null where it is not enrolled (any more). @returns {Promise<Me|null>} */
export async function me() {
  return (await read('me')) ?? null;
}

/** Forget the token and the key of a revoked device. */
export async function forgetMe() {
  await drop('me');
}

/**
 * The device's signature of a record's bytes, for X-Signature.
 * @param {Me} who
 * @param {ArrayBuffer} bytes
 */
export async function sign(who, bytes) {
  return toBase64(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, who.keys.privateKey, bytes));
}
