// Settings: who this is, the language, what is not sent, storage, installing, the version.

import { html, useEffect, useState } from "../html.js";
import { install, installed, VERSION } from "../install.js";
import { Button, Card, Icon, Notice, Screen } from "../parts.js";
import { me, outbox, unsent } from "../state.js";
import { language, t } from "../words.js";

/** @param {number} bytes */
const size = bytes => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** @param {{onLanguage: (to: import("../words.js").Language) => unknown}} given */
export function Settings({ onLanguage }) {
  return html`
    <${Screen} title=${t("settings")}>
      <${Card} title=${t("settings.who")}>
        <p class="lead">${me.value ? `${me.value.person.name}（${me.value.person.login}）` : t("settings.nobody")}</p>
        ${me.value && html`<p>${me.value.device.name}</p>`}
      <//>
      <${Card} title=${t("language")}>
        <div class="choices">
          <${Button} pressed=${language.value === "zh"} onPress=${() => onLanguage("zh")}>中文<//>
          <${Button} pressed=${language.value === "en"} onPress=${() => onLanguage("en")}>English<//>
        </div>
      <//>
      <${Card} title=${t("settings.version")}><p>${VERSION}</p><//>
    <//>
  `;
}
