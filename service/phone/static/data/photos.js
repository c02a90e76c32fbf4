// Photos, signatures, and whatever is half done.

import { sha256 } from './bytes.js';
import { now } from './clock.js';
import { get, transact } from './database.js';
import { withRoom } from './records.js';

/** @typedef {import('./types.d.ts').NewFile} NewFile */

const LONGEST = 1600; // pixels
const QUALITY = 0.8;
const MAX_BYTES = 8 * 2 ** 20;

/** A file that the server would never take: not a picture, or too large. */
export class NotAPhoto extends Error {
  name = 'NotAPhoto';
}

/**
 * A photo as it is sent: scaled to at most 1600 pixels, which also takes out what the camera wrote into it. One that
 * cannot be scaled here goes as it is.
 * @param {File|Blob} file
 * @returns {Promise<NewFile>}
 */
export async function takeIn(file) {
  const { at } = now();
  const original = await file.arrayBuffer(); // now: the camera's file may be gone later
  const scaled = await scale(file).catch(() => null);
  const original_sha256 = await sha256(original);
  if (scaled) return { ...(await named(await scaled.arrayBuffer(), 'photo', at)), original_sha256 };
  if (!mediaType(new Uint8Array(original)) || original.byteLength > MAX_BYTES) throw new NotAPhoto();
  return { ...(await named(original, 'photo', at)), original_sha256 };
}

/**
 * A signature's picture as it is sent.
 * @param {Blob} blob a PNG
 * @returns {Promise<NewFile>}
 */
export async function signature(blob) {
  return named(await blob.arrayBuffer(), 'signature', now().at);
}

/**
 * The bytes of a stored file, to be shown; undefined once there was no space for them.
 * @param {string} name its sha256
 * @returns {Promise<Blob|undefined>}
 */
export async function blobOf(name) {
  return get('blobs', name);
}

/**
 * @param {ArrayBuffer} bytes
 * @param {'photo'|'signature'} kind
 * @param {string} taken_at
 * @returns {Promise<NewFile>}
 */
async function named(bytes, kind, taken_at) {
  return { sha256: await sha256(bytes), kind, blob: new Blob([bytes], { type: mediaType(new Uint8Array(bytes)) }), taken_at };
}

/** @param {Blob} file */
async function scale(file) {
  const image = await createImageBitmap(file);
  try {
    const factor = Math.min(1, LONGEST / Math.max(image.width, image.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(image.width * factor));
    canvas.height = Math.max(1, Math.round(image.height * factor));
    const context = canvas.getContext('2d');
    if (!context) return null;
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((/** @type {(blob: Blob|null) => void} */ done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
    canvas.width = canvas.height = 0; // phones with little memory keep it for long otherwise
    return blob;
  } finally {
    image.close();
  }
}

/**
 * What the server takes, by the first bytes.
 * @param {Uint8Array} bytes
 */
function mediaType(bytes) {
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('RIFF') && text.slice(8) === 'WEBP') return 'image/webp';
  return '';
}

/**
 * Store what is half done (plain data and Blobs), on disk when this returns.
 * @param {string} visit
 * @param {string} key
 * @param {any} value
 * @returns {Promise<void>}
 */
export async function saveDraft(visit, key, value) {
  const draft = { id: `${visit}/${key}`, visit, key, value, saved_at: Date.now() };
  const isLarge = holdsBlob(value);
  await withRoom(() => transact(['drafts'], 'readwrite', (tx) => tx.objectStore('drafts').put(draft), { isLarge }));
}

/** @param {any} value @returns {boolean} */
const holdsBlob = (value) =>
  value instanceof Blob || (typeof value === 'object' && value !== null && Object.values(value).some(holdsBlob));

/**
 * The drafts of a visit, by key.
 * @param {string} visit
 * @returns {Promise<Record<string, any>>}
 */
export async function drafts(visit) {
  const found = await transact(['drafts'], 'readonly', (tx) => tx.objectStore('drafts').index('visit').getAll(visit));
  return Object.fromEntries(found.map(({ key, value }) => [key, value]));
}

/**
 * @param {string} visit
 * @param {string} key
 * @returns {Promise<void>}
 */
export async function dropDraft(visit, key) {
  await transact(['drafts'], 'readwrite', (tx) => tx.objectStore('drafts').delete(`${visit}/${key}`));
}
