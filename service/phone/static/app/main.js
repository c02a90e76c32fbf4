// Where the app begins: what has to be there, who this is, and then the screen of the address.

import * as clock from "../data/clock.js";
import * as database from "../data/database.js";
import { me as whoIsHere } from "../data/me.js";
import { start } from "../data/outbox.js";
import { status } from "../data/queue.js";
import { App } from "./frame.js";
import { html, render } from "./html.js";
import { clockOffset, me, onChange, outbox, refusal, stepFailed, storageFull } from "./state.js";
import { watchTaps, whenUp } from "./taps.js";
import { startWorker } from "./update.js";
import { language } from "./words.js";

/** What is lacking so that nothing could be kept here. */
function lacking() {
  if (/MicroMessenger/i.test(navigator.userAgent)) return "wechat";
  if (!isSecureContext) return "insecure";
  if (!globalThis.indexedDB) return "storage";
  if (!navigator.locks || !crypto.subtle || !globalThis.HTMLDialogElement?.prototype.showModal) return "old";
  return null;
}

/** Read again what the frame shows, after any write by this tab or another. */
async function refresh() {
  me.value = await whoIsHere();
  outbox.value = await status();
  clockOffset.value = clock.server().getTime() - Date.now();
}

/** @param {unknown} error */
function failed(error) {
  if (error instanceof database.StorageFull) storageFull.value = true;
  else {
    console.error(error);
    stepFailed.value = String(error);
  }
}

async function boot() {
  refusal.value = lacking();
  if (refusal.value) return;
  try {
    await database.open();
    language.value = (await database.get("meta", "language")) ?? language.value;
    me.value = await whoIsHere();
  } catch (error) {
    console.error(error);
    refusal.value = "storage";
    return;
  }
  await start({ onChange: () => refresh().catch(failed) });
  await refresh();
}

function draw() {
  document.documentElement.lang = language.value === "en" ? "en" : "zh-CN";
  render(html`<${App} onCheck=${refresh} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
}

watchTaps();
addEventListener("unhandledrejection", ({ reason }) => failed(reason));
boot()
  .catch(failed)
  .finally(() => {
    document.getElementById("app")?.replaceChildren();
    draw();
    onChange(() => whenUp(draw));
  });
startWorker().catch(error => console.error(error)); // without it the app works as long as there is a network
