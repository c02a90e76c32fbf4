// Digests, ids, and Base64.

/** @param {BufferSource} bytes */
export async function sha256(bytes) {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** @param {Uint8Array} bytes */
export const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {ArrayBuffer|Uint8Array} bytes */
export function toBase64(bytes) {
  const whole = new Uint8Array(bytes);
  let text = '';
  for (let at = 0; at < whole.length; at += 0x8000) text += String.fromCharCode(...whole.subarray(at, at + 0x8000));
  return btoa(text);
}

let last = 0;
let counter = 0;

/** A UUID of version 7; those of one page are in their order. */
export function newId() {
  const now = Math.max(Date.now(), last);
  counter = now === last ? counter + 1 : Math.floor(Math.random() * 0x800);
  last = counter > 0xfff ? now + 1 : now;
  if (counter > 0xfff) counter = 0;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(last / 0x10000));
  view.setUint16(4, last % 0x10000);
  view.setUint16(6, 0x7000 | counter);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
