// The app's service worker. The server puts `self.APP = {version, files: [[address, integrity], …]}` in front.
// It has one cache for each version, complete or not there: files of two versions never meet.

const worker = /** @type {any} */ (self);
const { version, files } = /** @type {{version: string, files: [string, string][]}} */ (worker.APP);
const PREFIX = "doorstep-phone-";
const CACHE = PREFIX + version;
const PAGE = "/phone";

/** The page, if it is of this version: the server may already have the next one, or not yet this one. */
async function page() {
  const answer = await fetch(PAGE, { cache: "reload", credentials: "same-origin" });
  if (!answer.ok || !(await answer.clone().text()).includes(`/phone/files/${version}/`)) throw new Error("another version");
  return answer;
}

async function install() {
  const cache = await caches.open(CACHE);
  try {
    await Promise.all([
      page().then(answer => cache.put(PAGE, answer)),
      ...files.map(async ([address, integrity]) => {
        const answer = await fetch(address, { cache: "reload", integrity });
        if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
        await cache.put(address, answer);
      }),
    ]);
  } catch (error) {
    await caches.delete(CACHE);
    throw error; // the browser tries again
  }
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
  await worker.clients.claim();
}

/** @param {string} key @param {Request} request */
async function kept(key, request) {
  return (await (await caches.open(CACHE)).match(key)) ?? fetch(request);
}

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "take over") worker.skipWaiting(); // only when the person wants the new version
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" ? pathname === PAGE : pathname.startsWith("/phone/files/")) {
    event.respondWith(kept(request.mode === "navigate" ? PAGE : pathname, request));
  }
});
