// Before leaving: what is still missing, in the words of the findings; what did not happen; and then the way out.

import { incidentsOf, partingOf } from "../../flow/incidents.js";
import { missingOf, unanswered } from "../../flow/missing.js";
import { html, useState } from "../html.js";
import { Button, Card, LinkButton, Notice, Screen, announce } from "../parts.js";
import { at, known, leave, perform, stepOf, useVisit, write } from "../visit.js";
import { Finding, NotThere, say, Undo } from "../visit_parts.js";
import { pair, t } from "../words.js";
import { happened } from "./more.js";

/** @typedef {import("../../flow/types.d.ts").Step} Step */

/** The screen. @param {{visit: string}} given */
export function Leave({ visit }) {
  const model = useVisit(visit);
  const [isLocating, setLocating] = useState(false);
  const [isUndoing, setUndoing] = useState(false);
  if (!model) return html`<${NotThere} model=${model} back=${at(visit)} />`;
  const { rules, judgement, stages } = model;
  const parting = partingOf(rules, judgement, stages);
  const missing = missingOf(rules, judgement, stages).filter(({ step }) => step?.id !== parting.thanks?.id || !step);
  const lacking = missing.filter(({ finding }) => finding.kind !== "open");
  const later = missing.filter(({ finding }) => finding.kind === "open");
  const asked = incidentsOf(...known(model)).filter(({ fact }) => unanswered(rules, judgement).includes(fact));
  const way = stepOf(model, "leave");
  const denied = model.entries.filter(({ by, holds, what }) => by === "technician" && holds === false && rules.facts.get(what ?? "")?.type === "declared");
  const withdrawn = new Set(model.entries.map(({ withdraws }) => withdraws));
  const live = denied.filter(({ id }) => !withdrawn.has(id));

  const part = async () => {
    await write(model, parting.entries);
    announce(t(parting.thanks ? "leave.parting" : "leave.none"));
  };
  const isReady = parting.thanks !== null && !lacking.length && way !== undefined && !way.done;
  const go = async () => {
    setLocating(true);
    try {
      if (way) await leave(model, way, isReady ? parting.entries : []);
    } finally {
      setLocating(false);
    }
  };
  const partingText = parting.thanks ? (asked.length ? "leave.parting" : "leave.thanks") : "leave.none";
  const actions = isReady
    ? html`<${Button} kind="main" icon="next" onPress=${go}>${t(asked.length ? "leave.partingGo" : "leave.thanksGo")}<//>`
    : html`
        ${parting.entries.length > 0 && html`<${Button} kind="main" icon="check" onPress=${part}>${t(partingText)}<//>`}
        ${way && !way.done &&
        html`<${Button} kind=${parting.entries.length ? "plain" : "main"} icon="next" onPress=${go}>
          ${t(lacking.length || parting.entries.length ? "leave.anyway" : "leave.go")}
        <//>`}
        ${way?.done && html`<${LinkButton} kind="main" to=${at(visit, "result")}>${t("visit.result")}<//>`}
      `;
  return html`
    <${Screen} title=${t("leave.title")} back=${at(visit)} actions=${actions}>
      ${isLocating && html`<${Notice} kind="info" title=${t("visit.locating")} />`}
      ${lacking.length > 0
        ? html`<h2>${t("leave.missing")}</h2>
            ${lacking.map(({ view, step }) => html`
              <${Finding} key=${view.code} finding=${view}>
                ${step
                  ? html`<${StepButton} model=${model} step=${step} />`
                  : html`<p>${t("leave.office")}</p>`}
              <//>
            `)}`
        : html`<${Notice} kind="good" title=${t("leave.nothing")} />`}
      ${asked.length > 0 &&
      html`<${Card} title=${t("leave.asked")}>
        <ul class="rows">
          ${asked.map(
            incident => html`<li key=${incident.fact} class="question">
              <span>${say(rules.facts.get(incident.fact) ?? incident.label)}</span>
              <${Button} onPress=${() => happened(model, incident)}>
                ${t("leave.yes")}<span class="unseen"> ${say(incident.label)}</span>
              <//>
            </li>`,
          )}
        </ul>
      <//>`}
      ${later.length > 0 &&
      html`<${Card} title=${t("leave.open")}>${later.map(({ view }) => html`<${Finding} key=${view.code} finding=${view} />`)}<//>`}
      ${live.length > 0 && !asked.length &&
      html`<${Button} kind="quiet" icon="undo" onPress=${() => setUndoing(true)}>${pair(t("step.undo"), t("leave.none"))}<//>`}
      ${isUndoing && html`<${Undo} model=${model} label=${t("leave.none")} recorded=${live} onClose=${() => setUndoing(false)} />`}
    <//>
  `;
}

/** @param {{model: import("../visit.js").Model, step: Step}} given */
const StepButton = ({ model, step }) => html`<${Button} onPress=${() => perform(model, step)}>${say(step.label)}<//>`;
