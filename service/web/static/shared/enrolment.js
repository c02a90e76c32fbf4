// Enrolling this browser with the one-time code of a supervisor (docs/device.md).

import { drop, keep, newKeys, publicKey, read, settle } from "./device.js";

/**
 * The code with its key. The same code asks with the same key: when the answer got lost, the server knows this phone.
 * @param {string} code
 */
export async function begun(code) {
  let pending = await read("pending");
  if (pending?.code !== code) {
    pending = { code, keys: await newKeys() };
    await keep("pending", pending);
  }
  return pending;
}

/**
 * Enrol; returns who this phone is now, or the code of the problem. Rejects when the server was not reached.
 * @param {string} code
 * @param {string} name of the phone
 * @returns {Promise<{me: {device: object, token: string, person: {login: string, name: string}, keys: CryptoKeyPair}} | {problem: string}>}
 */
export async function enrolWith(code, name) {
  const pending = await begun(code);
  const answer = await fetch("/v1/devices", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, name, public_key: await publicKey(pending.keys) }),
  });
  const content = await answer.json();
  if (answer.status !== 201) {
    if (content.code === "unknown-code") await drop("pending"); // a reload has nothing to go on with
    return { problem: content.code };
  }
  const { device, token, person } = content;
  const me = { device, token, person, keys: pending.keys };
  await settle(me);
  return { me };
}
