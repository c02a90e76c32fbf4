// "On my way", before the arrival: no step of the norm; the customer is told.

import { onWrite } from "../data/database.js";
import { depart, departureOf, hasCome, stay } from "../data/departure.js";
import { kick } from "../data/outbox.js";
import { html, useEffect, useState } from "./html.js";
import { Button, Dialog, Notice, announce } from "./parts.js";
import { clockText, Row, windowOf } from "./visit_parts.js";
import { inBrackets, problemText, t } from "./words.js";

/** @typedef {import("./visit.js").Model} Model */
/** @typedef {import("../data/types.d.ts").Departure} Departure */

const MINUTES = [10, 20, 30, 45];
const AROUND_MS = 12 * 3_600_000; // the server takes none that is further from the window

/** @param {Model} model */
function isAhead({ view, rules, entries, left }) {
  const window = windowOf(view);
  const isNear = !window || (Date.now() > Date.parse(window.from) - AROUND_MS && Date.now() < Date.parse(window.to) + AROUND_MS);
  return isNear && !left && !view.cancelled && !hasCome(rules.checklist, entries);
}

/** @param {{model: Model}} given */
export function OnMyWay({ model }) {
  const { id, view } = model;
  const [kept, setKept] = useState(/** @type {Departure | undefined} */ (undefined));
  const [isAsked, setAsked] = useState(false);
  useEffect(() => {
    const look = async () => setKept(await departureOf(id));
    look();
    return onWrite(look);
  }, [id]);
  const failed = kept?.problem;
  const last = failed ? null : (kept ?? view.departure);
  const told = failed && html`
    <${Notice} kind="bad" title=${t("departure.failed", { title: problemText(failed) })} alert>
      <${Button} onPress=${() => stay(id)}>${t("close")}<//>
    <//>
  `;
  if (!isAhead(model)) return told || null;
  const go = async (/** @type {number} */ minutes) => {
    setAsked(false);
    await depart(id, minutes);
    announce(t("departure.go"));
    kick();
  };
  const said = last && t(last.minutes ? "departure.in" : "departure.at", { time: clockText(last.at), count: last.minutes ?? 0 });
  return html`
    ${said && html`<${Row} icon="next" name=${t("departure.go")}>${inBrackets(said, t(kept ? "departure.waiting" : "departure.sent"))}<//>`}
    ${told}
    ${kept && !failed
      ? html`<${Button} kind="quiet" icon="undo" onPress=${() => stay(id)}>${t("step.undo")}<//>`
      : html`<${Button} icon="next" onPress=${() => setAsked(true)}>${t(last ? "departure.again" : "departure.go")}<//>`}
    ${isAsked &&
    html`<${Dialog} title=${t("departure.when")} onClose=${() => setAsked(false)}>
      <p>${t("departure.why")}</p>
      <div class="choices">${MINUTES.map(minutes => html`<${Button} key=${minutes} onPress=${() => go(minutes)}>${t("step.inMinutes", { count: minutes })}<//>`)}</div>
      <${Button} onPress=${() => go(0)}>${t("departure.open")}<//>
      <${Button} kind="quiet" onPress=${() => setAsked(false)}>${t("cancel")}<//>
    <//>`}
  `;
}
