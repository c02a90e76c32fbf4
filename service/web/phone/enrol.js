// The page behind the QR code of an enrolment: shows the code, and enrols this browser when the person wants that.
// The code stands behind # and so was in no request until the button is pressed.

import { able, keep, newKeys, publicKey, read, settle } from "/web/shared/device.js";
import { fragment, only, part, say } from "/web/shared/page.js";

const VIEWS = ["ask", "wechat", "insecure", "none", "done"];
const SAID = {
  "unknown-code": ["这个码无效、已用过或已过期，请让主管出示新码。", "This code is unknown, used or too old; ask for a new one."],
  "too-many-devices": ["您已有两台设备，请主管先停用一台，再按一次。", "You have two devices; have one revoked, then press again."],
  "too-many-requests": ["次数过多，请过几分钟再试。", "Too many tries; wait some minutes."],
};
const LATER = ["没有连上服务器。请检查网络，再按一次。", "The server was not reached. Check the network and press again."];

const code = fragment();

function done(me) {
  part("who").textContent = `${me.person.name}（${me.person.login}）`;
  only("done", ...VIEWS);
  part("app").hidden = true;
}

async function enrol() {
  part("enrol").disabled = true;
  part("trouble").hidden = true;
  try {
    // the same code asks with the same key: when the answer got lost, the server knows this phone again
    let pending = await read("pending");
    if (pending?.code !== code) {
      pending = { code, keys: await newKeys() };
      await keep("pending", pending);
    }
    const answer = await fetch("/v1/devices", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code, name: part("name").value.trim() || "手机浏览器", public_key: await publicKey(pending.keys) }),
    });
    const content = await answer.json();
    if (answer.status === 201) {
      const { device, token, person } = content;
      const me = { device, token, person, keys: pending.keys };
      await settle(me);
      done(me);
      return;
    }
    say("trouble", ...(SAID[content.code] ?? LATER));
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

async function start() {
  part("plain").hidden = true;
  part("code-part").hidden = !code;
  part("code").textContent = code;
  part("copy").addEventListener("click", copy);
  part("enrol").addEventListener("click", enrol);
  if (/MicroMessenger/i.test(navigator.userAgent)) only("wechat", ...VIEWS);
  else if (!able()) only("insecure", ...VIEWS);
  else {
    const me = await read("me").catch(() => undefined);
    if (me && !code) done(me);
    else only(code ? "ask" : "none", ...VIEWS);
  }
}

await start();
