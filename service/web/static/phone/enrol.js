// The page behind the QR code of an enrolment: shows the code, and enrols this browser when the person wants that.
// The code comes after # and so was in no request until the button is pressed.

import { able, read } from "/web/shared/device.js";
import { begun, enrolWith } from "/web/shared/enrolment.js";
import { carryCode, fragment, inLanguage, only, part, say } from "/web/shared/page.js";

const VIEWS = ["ask", "wechat", "insecure", "none", "done"];
const SAID = {
  "unknown-code": ["这个码无效、已用过或已过期，请让主管出示新码。", "This code is unknown, used or too old; ask for a new one."],
  "too-many-devices": ["您已有两台设备，请主管先停用一台，再按一次。", "You have two devices; have one revoked, then press again."],
  "too-many-requests": ["次数过多，请过几分钟再试。", "Too many tries; wait some minutes."],
};
const LATER = ["没有连上服务器。请检查网络，再按一次。", "The server was not reached. Check the network and press again."];

const WECHAT = /MicroMessenger/i.test(navigator.userAgent);
let code = fragment(WECHAT); // "open in the browser" uses the address as it is there

function done(me) {
  const { name, login } = me.person;
  part("who").textContent = inLanguage(`${name}（${login}）`, `${name} (${login})`);
  only("done", ...VIEWS);
  part("app").hidden = true;
}

async function enrol() {
  part("enrol").disabled = true;
  part("trouble").hidden = true;
  try {
    const { me, problem } = await enrolWith(code, part("name").value.trim() || part("name").defaultValue);
    if (me) done(me);
    else say("trouble", ...(SAID[problem] ?? LATER));
  } catch {
    say("trouble", ...LATER);
  } finally {
    part("enrol").disabled = false;
  }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(code);
    say("copied", "已复制", "Copied");
  } catch {
    getSelection().selectAllChildren(part("code"));
    say("copied", "请长按上面的码复制", "Press the code above and copy it");
  }
}

/** A page that was reloaded has no code in its address any more: it goes on with the one that it began with. */
async function resumed() {
  if (code) return begun(code);
  code = (await read("pending"))?.code ?? "";
  if (code) say("trouble", "上次还没有登记完，请再按一次。", "This was not finished: press once more.");
}

async function start() {
  if (!WECHAT && able()) await resumed().catch(() => {}); // where nothing can be kept, the button says so
  part("plain").hidden = true;
  part("code-part").hidden = !code;
  part("code").textContent = code;
  carryCode(() => code);
  part("copy").addEventListener("click", copy);
  part("enrol").addEventListener("click", enrol);
  if (WECHAT) only("wechat", ...VIEWS);
  else if (!able()) only("insecure", ...VIEWS);
  else {
    const me = await read("me").catch(() => undefined);
    if (me && !code) done(me);
    else only(code ? "ask" : "none", ...VIEWS);
  }
}

await start();
