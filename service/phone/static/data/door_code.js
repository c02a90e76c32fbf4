// The code at the door (docs/device.md, "The code at the door without a network").

const STEP_MS = 30_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** @param {string} hex */
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** @param {Uint8Array} bytes a multiple of five */
function base32(bytes) {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += LETTERS[(held >> (bits - 5)) & 31];
  }
  return text;
}

/**
 * The code of a visit at a moment of the server's clock (`clock.server()`).
 * @param {string} visit its id
 * @param {string} key its `door_key.key`
 * @param {Date} when
 */
export async function codeFor(visit, key, when) {
  const content = new Uint8Array(20);
  content.set(fromHex(visit.replaceAll('-', '')));
  new DataView(content.buffer).setUint32(16, Math.floor(when.getTime() / STEP_MS));
  const hmac = await crypto.subtle.importKey('raw', fromHex(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', hmac, content));
  const code = new Uint8Array(30);
  code.set(content);
  code.set(mac.subarray(0, 10), 20);
  return base32(code);
}

/**
 * What the QR code holds: the utility's address is the one that served the app.
 * @param {string} code
 */
export const urlOf = (code) => `${location.origin}/d/${code}`;

/**
 * When the next code begins.
 * @param {Date} when
 */
export const nextAt = (when) => new Date((Math.floor(when.getTime() / STEP_MS) + 1) * STEP_MS);
