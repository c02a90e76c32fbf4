// Large files go in parts (tus 1.0): a cut costs at most one.

import { toBase64 } from './bytes.js';
import { transact } from './database.js';
import { NoAnswer, request } from './network.js';
import { update } from './queue.js';

/** @typedef {import('./network.js').Answer} Answer */
/** @typedef {import('./types.d.ts').Me} Me */
/** @typedef {import('./types.d.ts').StoredFile} StoredFile */

/** Bytes of a part, and of the largest file that is sent whole. */
export const PART = 256 * 1024;
const TUS = { 'Tus-Resumable': '1.0.0' };

/**
 * Send a file in parts, on from where it was cut. The last answer, or null where it stopped because a record waits.
 * @param {Me} who
 * @param {StoredFile} file
 * @param {ArrayBuffer} bytes
 * @returns {Promise<Answer|null>}
 */
export async function sendParts({ token }, { sha256: name, upload }, bytes) {
  if (upload) {
    const answer = await request(token, 'HEAD', upload.url, { headers: TUS });
    if (!answer.ok && answer.status !== 404) return answer;
    upload = answer.ok ? { ...upload, offset: offsetOf(answer) } : undefined;
    if (upload && upload.offset >= bytes.byteLength) return answer;
  }
  if (!upload) {
    const headers = { ...TUS, 'Upload-Length': String(bytes.byteLength), 'Upload-Metadata': `sha256 ${btoa(name)}` };
    const answer = await request(token, 'POST', '/v1/uploads', { headers });
    const url = answer.headers.get('Location');
    if (!answer.ok) return answer;
    if (!url) throw new NoAnswer('no upload');
    upload = { url: new URL(url, location.origin).pathname, offset: 0 };
    await update('files', name, (one) => ({ ...one, upload }));
  }
  for (;;) {
    const part = bytes.slice(upload.offset, upload.offset + PART);
    const headers = {
      ...TUS,
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(upload.offset),
      'Upload-Checksum': `sha256 ${toBase64(await crypto.subtle.digest('SHA-256', part))}`,
    };
    const answer = await request(token, 'PATCH', upload.url, { body: part, size: part.byteLength, headers });
    if (!answer.ok) return answer;
    upload = { ...upload, offset: offsetOf(answer) };
    if (upload.offset >= bytes.byteLength) return answer;
    await update('files', name, ({ failures, retry_at, server_wait, ...one }) => ({ ...one, upload }));
    if (await transact(['records'], 'readonly', (tx) => tx.objectStore('records').index('state').count('waiting'))) return null;
  }
}

/** @param {Answer} answer */
function offsetOf({ headers }) {
  const offset = headers.get('Upload-Offset');
  if (offset === null) throw new NoAnswer('no offset');
  return Number(offset);
}
