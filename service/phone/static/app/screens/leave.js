// Before leaving: what is still missing, in the words of the findings; what did not happen; and then the way out.

import { incidentsOf, noneOfThese, partingOf } from "../../flow/incidents.js";
import { missingOf, unanswered } from "../../flow/missing.js";
import { Locating, Undo, useTap } from "../cautions.js";
import { html, useState } from "../html.js";
import { Button, Card, LinkButton, Notice, Screen, announce } from "../parts.js";
import { at, known, leave, liveOf, stepOf, useVisit, write } from "../visit.js";
import { bySeverity, Finding, NotThere, Offline, say } from "../visit_parts.js";
import { inBrackets, pair, t } from "../words.js";
import { happened } from "./more.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../visit.js").Step} Step */
/** @typedef {import("../../flow/types.d.ts").Incident} Incident */
/** @typedef {import("../../flow/types.d.ts").Missing} Missing */

/** The screen. @param {{visit: string}} given */
export function Leave({ visit }) {
  const model = useVisit(visit, undefined, true);
  const { tap, asked: cautions, isLocating } = useTap(model);
  const [isGoing, setGoing] = useState(false);
  if (!model) return html`<${NotThere} model=${model} back=${at(visit)} />`;
  const { rules, judgement, stages } = model;
  const missing = missingOf(rules, judgement, stages).sort((a, b) => bySeverity(a.view, b.view));
  const parting = partingOf(rules, judgement, stages);
  const isLater = (/** @type {Missing} */ { finding, step }) => finding.kind === "open" && (!step || step.optional);
  const lacking = missing.filter(each => !isLater(each));
  const own = lacking.filter(({ step }) => step);
  const isReady = own.every(({ step }) => step?.id === parting.thanks?.id); // then one tap says all that remains
  const mine = isReady ? [] : own;
  const others = lacking.filter(({ step }) => !step);
  const later = missing.filter(isLater);
  const asked = incidentsOf(...known(model)).filter(({ fact }) => unanswered(rules, judgement).includes(fact));
  const way = stepOf(model, "leave");
  const go = async () => {
    setGoing(true);
    try {
      if (way) await leave(model, way, isReady ? parting.entries : []);
    } finally {
      setGoing(false);
    }
  };
  const said = isReady && parting.thanks ? (asked.length ? "leave.partingGo" : "leave.thanksGo") : asked.length ? "leave.noneGo" : "leave.go";
  const actions = way?.done
    ? html`<${LinkButton} kind="main" to=${at(visit, "result")}>${t("visit.result")}<//>`
    : way && html`<${Button} kind=${isReady ? "main" : "plain"} icon="next" onPress=${go}>${t(isReady ? said : "leave.anyway")}<//>`;
  return html`
    <${Screen} title=${t("leave.title")} back=${at(visit)} actions=${html`${(isGoing || isLocating) && html`<${Locating} />`}<${Offline} count=${model.unsent} />${actions}`}>
      ${mine.length > 0 && html`<h2>${t("leave.missing")}</h2>`}
      ${mine.map(({ view, step }) => html`
        <${Finding} key=${view.code} model=${model} finding=${view}>${step && html`<${Mend} model=${model} finding=${view} step=${step} onTap=${tap} />`}<//>
      `)}
      ${isReady && !asked.length && html`<${Notice} kind="good" title=${t("leave.nothing")} />`}
      <${Questions} model=${model} asked=${asked} />
      <${Folded} model=${model} title=${t("leave.open")} some=${later} />
      <${Folded} model=${model} title=${t("leave.office")} some=${others} />
      ${cautions}
    <//>
  `;
}

/** What was asked and not answered, with the one answer to all of it. @param {{model: Model, asked: Incident[]}} given */
function Questions({ model, asked }) {
  const [isUndoing, setUndoing] = useState(false);
  const { entries, rules, judgement } = model;
  const denied = liveOf(entries).filter(({ by, holds, what = "" }) => by === "technician" && holds === false && rules.facts.get(what)?.type === "declared");
  const none = async () => {
    await write(model, noneOfThese(rules, judgement));
    announce(t("leave.none"));
  };
  if (asked.length) {
    return html`
      <${Card} title=${t("leave.asked")}>
        <ul class="rows questions">
          ${asked.map(
            incident => html`<li key=${incident.fact} class="question">
              <span>${say(incident.label)}</span>
              <${Button} onPress=${() => happened(model, incident)}>
                ${t("leave.yes")}<span class="unseen"> ${say(incident.label)}</span>
              <//>
            </li>`,
          )}
        </ul>
        <${Button} icon="none" onPress=${none}>${t("leave.none")}<//>
      <//>
    `;
  }
  return html`
    ${denied.length > 0 && html`<${Button} kind="quiet" icon="undo" onPress=${() => setUndoing(true)}>${pair(t("step.undo"), t("leave.none"))}<//>`}
    ${isUndoing && html`<${Undo} model=${model} label=${t("leave.none")} recorded=${denied} onClose=${() => setUndoing(false)} />`}
  `;
}

/** What nobody can do here and now. @param {{model: Model, title: string, some: Missing[]}} given */
const Folded = ({ model, title, some }) =>
  some.length > 0 && html`
    <details class="card folded">
      <summary>${inBrackets(title, some.length)}</summary>
      ${some.map(({ view }) => html`<${Finding} key=${view.code} model=${model} finding=${view} />`)}
    </details>
  `;

/**
 * What mends a finding: its step, or doing again what was done.
 * @param {{model: Model, finding: import("../visit_parts.js").FindingView, step: Step, onTap: (step: Step) => unknown}} given
 */
function Mend({ model, finding, step, onTap }) {
  const [isUndoing, setUndoing] = useState(false);
  if (finding.kind !== "value") return html`<${Button} onPress=${() => onTap(step)}>${say(step.label)}<//>`;
  const recorded = model.entries.filter(({ id }) => finding.entries.includes(id));
  return html`
    <${Button} icon="undo" onPress=${() => setUndoing(true)}>${t("leave.writeAgain")}<//>
    ${isUndoing && html`<${Undo} model=${model} step=${step} label=${say(step.label)} recorded=${recorded} onClose=${() => setUndoing(false)} />`}
  `;
}
