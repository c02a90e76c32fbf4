// A passkey is made or used. What the device is asked for is in the page, and its answer goes to the server in the
// form, as a password would. Without this script, or where the browser has no passkeys, the page says so.

import { part, say } from "/web/shared/page.js";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withIds = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

/** What the browser asks the device for, with bytes where JSON has text. */
const decoded = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
  ...(options.excludeCredentials && { excludeCredentials: withIds(options.excludeCredentials) }),
  ...(options.allowCredentials && { allowCredentials: withIds(options.allowCredentials) }),
});

/** The device's answer as JSON. */
const encoded = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
};

const form = part("passkey");
if (window.PublicKeyCredential) {
  form.hidden = false;
  part("none").hidden = true;
}
form.addEventListener("submit", async (event) => {
  if (form.elements.answer.value) return;
  event.preventDefault();
  try {
    const publicKey = decoded(JSON.parse(form.dataset.options));
    const ask = form.dataset.passkey === "new" ? "create" : "get";
    form.elements.answer.value = encoded(await navigator.credentials[ask]({ publicKey }));
    form.requestSubmit();
  } catch {
    say("trouble", "没有用成通行密钥，请再试一次。", "The passkey was not used; try again.");
  }
});
