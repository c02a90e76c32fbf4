// The screens, and what is around each: lines on top about what is wrong, and the bar at the bottom.

import { Fragment, html } from "./html.js";
import { Boundary, Button, Icon, Notice, Screen, LinkButton } from "./parts.js";
import { address, match, place } from "./router.js";
import { Correct } from "./screens/correct.js";
import { Door } from "./screens/door.js";
import { NotEnrolled } from "./screens/enrol.js";
import { Leave } from "./screens/leave.js";
import { More, Raise } from "./screens/more.js";
import { Outbox } from "./screens/outbox.js";
import { InWeChat, Insecure, NoStorage, OldBrowser, Revoked } from "./screens/refusals.js";
import { Result } from "./screens/result.js";
import { Settings } from "./screens/settings.js";
import { Sign } from "./screens/sign.js";
import { StepScreen } from "./screens/step.js";
import { Today } from "./screens/today.js";
import { Visit } from "./screens/visit.js";
import { busy, clockOffset, me, newVersion, outbox, refusal, stepFailed, storageFull, unsent } from "./state.js";
import { takeNewVersion } from "./update.js";
import { pair, problemText, t } from "./words.js";

/** @typedef {import("./parts.js").IconName} IconName */

const WRONG_CLOCK_MS = 120_000;
const LATE_MS = 86_400_000;
const REFUSALS = { wechat: InWeChat, insecure: Insecure, storage: NoStorage, old: OldBrowser };

/** A screen that leads back to what is missing before leaving. @param {(given: any) => any} screen */
const leaving = screen => (/** @type {any} */ given) => html`<${screen} ...${given} leaving />`;

/** Which screen belongs to which place. A screen is given the parameters of its place. @type {Record<string, (parameters: any) => unknown>} */
export const ROUTES = {
  "": Today,
  settings: Settings,
  outbox: Outbox,
  "visits/:visit": Visit,
  "visits/:visit/more": More,
  "visits/:visit/raise/:fact": Raise,
  "visits/:visit/step/:step": StepScreen,
  "visits/:visit/sign/:step": Sign,
  "visits/:visit/leave": Leave,
  "visits/:visit/leave/step/:step": leaving(StepScreen),
  "visits/:visit/leave/sign/:step": leaving(Sign),
  "visits/:visit/result": Result,
  "visits/:visit/door": Door,
  "visits/:visit/correct/:correction": Correct,
  "visits/:visit/correct/:correction/step/:step": StepScreen,
  "visits/:visit/correct/:correction/sign/:step": Sign,
};

/** The places of the bar at the bottom. Other screens have their own way back. */
const TABS = /** @type {const} */ ([
  ["", "today"],
  ["settings", "settings"],
]);

function ClockLine() {
  const minutes = Math.round(Math.abs(clockOffset.value) / 60_000);
  const how = clockOffset.value < 0 ? "clock.ahead" : "clock.behind";
  return html`<${Notice} kind="warn" title=${pair(t("clock.title"), t(how, { minutes }))}><p>${t("clock.how")}</p><//>`;
}

function UpdateLine() {
  if (busy.value) return html`<${Notice} kind="info" title=${t("update.later")} />`;
  return html`<${Button} kind="update" icon="again" onPress=${takeNewVersion}>${t("update.title")}<//>`;
}

/** Everything that a person has to know on any screen. */
function Lines() {
  const { stopped, oldest, full } = outbox.value;
  const late = oldest !== null && Date.now() - Date.parse(oldest) > LATE_MS;
  const dismiss = () => {
    stepFailed.value = "";
    storageFull.value = false;
  };
  return html`
    <section class="lines" aria-label=${t("notices")}>
      ${newVersion.value && html`<${UpdateLine} />`}
      ${storageFull.value &&
      html`<${Notice} kind="bad" title=${t("full.title")} alert><p>${t("full.how")}</p><${Button} onPress=${dismiss}>${t("close")}<//><//>`}
      ${full && !storageFull.value && html`<${Notice} kind="warn" title=${t("full.almost")}><p>${t("full.small")}</p><//>`}
      ${stepFailed.value &&
      html`<${Notice} kind="bad" title=${t("error.step")} alert><${Button} onPress=${dismiss}>${t("close")}<//><//>`}
      ${stopped && (stopped.code !== "device-revoked" || place.value === "settings") && html`<${Notice} kind="bad" title=${t("stopped.title", { title: problemText(stopped) })}><p>${t("stopped.how")}</p><//>`}
      ${late && html`<${Notice} kind="warn" title=${t("late.title")}><p>${t("late.how")}</p><//>`}
      ${Math.abs(clockOffset.value) > WRONG_CLOCK_MS && html`<${ClockLine} />`}
    </section>
  `;
}

function Bar() {
  return html`
    <nav class="bar" aria-label=${t("app")}>
      ${TABS.map(
        ([to, name]) => html`
          <a key=${to} href=${address(to)} aria-current=${place.value === to ? "page" : undefined}>
            <${Icon} name=${name} /><span>${t(name)}</span>
            ${name === "settings" && unsent.value > 0 && html`<b class="count">${unsent.value}</b>`}
          </a>
        `,
      )}
    </nav>
  `;
}

const NoScreen = () => html`
  <${Screen} title=${t("missing.title")}><${LinkButton} kind="main" to="">${t("error.today")}<//><//>
`;

/** @param {{onCheck: () => Promise<void>}} given */
function Body({ onCheck }) {
  if (place.value !== "settings") {
    if (outbox.value.stopped?.code === "device-revoked") return html`<${Revoked} onCheck=${onCheck} />`;
    if (!me.value) return html`<${NotEnrolled} onCheck=${onCheck} />`;
  }
  const found = match(ROUTES, place.value);
  return found ? html`<${found.screen} ...${found.parameters} />` : html`<${NoScreen} />`;
}

/** @param {{onCheck: () => Promise<void>}} given */
export function App({ onCheck }) {
  if (refusal.value) return html`<${REFUSALS[refusal.value]} />`;
  return html`
    <${Fragment}>
      <${Lines} />
      <${Boundary} key=${place.value}><${Body} onCheck=${onCheck} /><//>
      ${TABS.some(([to]) => to === place.value) && html`<${Bar} />`}
      <p id="announcements" class="unseen" role="status"></p>
    <//>
  `;
}
