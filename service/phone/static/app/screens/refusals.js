// What stands in place of the app where it cannot be used, and what to do then.

import { html } from "../html.js";
import { Button, LinkButton, Notice, Screen, OtherLanguage } from "../parts.js";
import { unsent } from "../state.js";
import { t } from "../words.js";
import { Export } from "./export.js";

const secure = () => `https://${location.host}${location.pathname}${location.hash}`;

/** In WeChat: it deletes storage with its cache, and has no service worker on an iPhone. */
export const InWeChat = () => html`
  <${Screen} title=${t("wechat.title")}>
    <${Notice} kind="warn">${t("wechat.why")}<//>
    <p class="lead">${t("wechat.how")}</p>
    <${OtherLanguage} />
  <//>
`;

/** Without https there is no key, no service worker and no position. */
export const Insecure = () => html`
  <${Screen} title=${t("insecure.title")}>
    <${Notice} kind="bad">${t("insecure.why")}<//>
    <${LinkButton} kind="main" to=${secure()}>${t("insecure.open")}<//>
    <p>${t("insecure.ask")}</p>
    <${OtherLanguage} />
  <//>
`;

/** Without storage every answer would be lost. */
export const NoStorage = () => html`
  <${Screen} title=${t("storage.title")}>
    <${Notice} kind="bad">${t("storage.why")}<//>
    <p class="lead">${t("storage.how")}</p>
    <${Button} kind="main" onPress=${() => location.reload()}>${t("again")}<//>
    <${OtherLanguage} />
  <//>
`;

/** Without something that the app needs. */
export const OldBrowser = () => html`
  <${Screen} title=${t("old.title")}>
    <p class="lead">${t("old.how")}</p>
    <${OtherLanguage} />
  <//>
`;

/**
 * The server does not know this phone any more.
 * @param {{onCheck: () => Promise<void>}} given
 */
export const Revoked = ({ onCheck }) => html`
  <${Screen} title=${t("revoked.title")}>
    ${unsent.value > 0
      ? html`<${Notice} kind="warn" title=${t("revoked.unsent", { count: unsent.value })}><p>${t("revoked.keep")}</p><//>`
      : html`<${Notice} kind="good" title=${t("revoked.nothing")} />`}
    <p class="lead">${t("revoked.how")}</p>
    <${Export} />
    <${Button} onPress=${onCheck}>${t("enrol.check")}<//>
    <${OtherLanguage} />
  <//>
`;
