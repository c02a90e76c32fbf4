// The app's service worker. The server puts `self.APP` in front. It has one cache for each version, complete or not there:
// files of two versions never meet.

const worker = /** @type {any} */ (self);
/** `digest`: of the lines that name each file's own, as `sha256sum` writes them. */
const { version, base, names, digest } = /** @type {{version: string, base: string, names: string[], digest: string}} */ (worker.APP);
const PREFIX = "doorstep-phone-";
const CACHE = PREFIX + version;
const PAGE = "/phone";

/** @param {BufferSource} bytes */
async function sha256(bytes) {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...found].map(byte => byte.toString(16).padStart(2, "0")).join("");
}

/** The page, if it is of this version: the server may already have the next one, or not yet this one. */
async function page() {
  const answer = await fetch(PAGE, { cache: "reload", credentials: "same-origin" });
  if (!answer.ok || !(await answer.clone().text()).includes(base)) throw new Error("another version");
  return answer;
}

/** Fetch a file, and name its digest. @param {Cache} cache @param {string} name @param {RequestCache} from */
async function load(cache, name, from) {
  const answer = await fetch(base + name, { cache: from });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  const line = `${await sha256(await answer.clone().arrayBuffer())}  ${name}\n`;
  await cache.put(base + name, answer);
  return line;
}

/**
 * Fetch all files; false if they are not as the server has them.
 * @param {Cache} cache
 * @param {RequestCache} from
 */
async function whole(cache, from) {
  const lines = await Promise.all(names.map(name => load(cache, name, from)));
  return (await sha256(new TextEncoder().encode(lines.join("")))) === digest;
}

async function install() {
  const cache = await caches.open(CACHE);
  try {
    await cache.put(PAGE, await page());
    // the page has just loaded most of them: their addresses change with their content
    if (!(await whole(cache, "default")) && !(await whole(cache, "reload"))) throw new Error("not as the server has it");
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
  if (request.mode === "navigate" ? pathname === PAGE : pathname.startsWith(base)) {
    event.respondWith(kept(request.mode === "navigate" ? PAGE : pathname, request));
  }
});
