// Settings: who this is, the language, what is not sent, storage, installing, the version.

import { APP } from "../../data/app.js";
import { kick } from "../../data/outbox.js";
import { html, useEffect, useState } from "../html.js";
import * as home from "../install.js";
import { Button, Card, LinkButton, Notice, Screen, speak } from "../parts.js";
import { me, outbox, unsent } from "../state.js";
import { language, t, timeText } from "../words.js";
import { Export } from "./export.js";

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function Unsent() {
  const { waiting, parked, files, unsealed, sending, last_sync } = outbox.value;
  return html`
    <${Card} title=${t("outbox.title")}>
      ${unsent.value + unsealed === 0 && html`<${Notice} kind="good" title=${t("settings.allSent")} />`}
      ${sending && html`<p>${t("settings.sending")}</p>`}
      ${unsealed > 0 && html`<p>${t("settings.unsealed", { count: unsealed })}</p>`}
      ${waiting > 0 && html`<p>${t("settings.waiting", { count: waiting })}</p>`}
      ${files > 0 && html`<p>${t("settings.files", { count: files })}</p>`}
      ${parked > 0 && html`<${Notice} kind="bad" title=${t("settings.parked", { count: parked })} />`}
      ${last_sync && html`<p class="quiet">${t("settings.lastSync", { time: timeText(last_sync) })}</p>`}
      <${Button} icon="again" isLong onPress=${kick}>${t("settings.send")}<//>
      <${LinkButton} to="outbox" icon="unsent">${t("outbox.open")}<//>
      ${unsent.value + unsealed > 0 && html`<p>${t("settings.exportWhy")}</p><${Export} />`}
    <//>
  `;
}

function Storage() {
  const [space, setSpace] = useState(/** @type {{usage: number, quota: number, lasting: boolean} | null} */ (null));
  const look = async () => setSpace(await home.space());
  useEffect(() => {
    look();
  }, []);
  const ask = async () => {
    await home.persist();
    await look();
  };
  if (!space) return html`<${Card} title=${t("settings.storage")} />`;
  return html`
    <${Card} title=${t("settings.storage")}>
      <p>${t("settings.used", { used: size(space.usage), quota: size(space.quota) })}</p>
      ${space.lasting
        ? html`<${Notice} kind="good" title=${t("settings.granted")} />`
        : html`<${Notice} kind="warn" title=${t("settings.notGranted")} /><${Button} isLong onPress=${ask}>${t("settings.persist")}<//>`}
    <//>
  `;
}

function Install() {
  const way = home.way();
  return html`
    <${Card} title=${t("settings.install")}>
      ${way === "installed"
        ? html`<${Notice} kind="good" title=${t("settings.installed")} />`
        : html`<p>${t("settings.installWhy")}</p>`}
      ${way === "ask" && html`<${Button} icon="plus" isLong onPress=${home.install}>${t("settings.install")}<//>`}
      ${way === "ios" && html`<p class="lead">${t("settings.installIos")}</p>`}
      ${way === "menu" && html`<p class="lead">${t("settings.installMenu")}</p>`}
    <//>
  `;
}

/** The screen. */
export const Settings = () => html`
  <${Screen} title=${t("settings")}>
    <${Card} title=${t("language")}>
      <div class="choices">
        <${Button} pressed=${language.value === "zh"} onPress=${() => speak("zh")}><span lang="zh-CN">中文</span><//>
        <${Button} pressed=${language.value === "en"} onPress=${() => speak("en")}><span lang="en">English</span><//>
      </div>
    <//>
    <${Card} title=${t("settings.who")}>
      <p class="lead">${me.value ? `${me.value.person.name} (${me.value.person.login})` : t("settings.nobody")}</p>
      ${me.value && html`<p>${me.value.device.name}</p>`}
    <//>
    <${Unsent} />
    <${Storage} />
    <${Install} />
    <${Card} title=${t("settings.version")}><p>${APP}</p><//>
  <//>
`;
