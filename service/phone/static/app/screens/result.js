// After leaving: the verdict, what it rests on, and one's own words to it.

import { all, onWrite } from "../../data/database.js";
import { dropDraft, saveDraft } from "../../data/photos.js";
import { explain } from "../../data/records.js";
import { html, useEffect, useState } from "../html.js";
import { Button, Card, Field, LinkButton, Notice, Screen, announce } from "../parts.js";
import { isOffices } from "../../flow/missing.js";
import { at, known, useVisit } from "../visit.js";
import { bySeverity, Finding, NotThere } from "../visit_parts.js";
import { problemText, t } from "../words.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../../judge/types.d.ts").FindingView} FindingView */
/** @typedef {import("../../data/types.d.ts").StoredExplanation} StoredExplanation */

const KINDS = /** @type {const} */ ({ compliant: "good", compliant_with_remarks: "warn", non_compliant: "bad" });

/** @param {string} visit */
export function useExplanations(visit) {
  const [found, setFound] = useState(/** @type {StoredExplanation[]} */ ([]));
  useEffect(() => {
    const look = async () => setFound(await all("explanations", "visit", visit));
    look();
    return onWrite(look);
  }, [visit]);
  return found;
}

/** @param {{model: Model, finding: string, onDone: () => void}} given */
export function Explain({ model, finding, onDone }) {
  const key = `explain/${finding}`;
  const [text, setText] = useState(/** @type {string} */ (model.drafts[key] ?? ""));
  const type = (/** @type {any} */ { currentTarget: { value } }) => {
    setText(value);
    return saveDraft(model.id, key, value);
  };
  const send = async () => {
    await explain(model.id, finding, text.trim());
    await dropDraft(model.id, key);
    announce(t("result.send"));
    onDone();
  };
  return html`
    <${Field} label=${t("result.explain")} hint=${t("result.explainHint")}><textarea maxlength="1000" value=${text} onInput=${type}></textarea><//>
    <${Button} kind="main" disabled=${!text.trim()} onPress=${send}>${t("result.send")}<//>
    <${Button} kind="quiet" onPress=${onDone}>${t("cancel")}<//>
  `;
}

/** @param {{model: Model, finding: FindingView, words: StoredExplanation[]}} given */
function Explained({ model, finding, words }) {
  const [isOpen, setOpen] = useState(`explain/${finding.code}` in model.drafts);
  const own = words.filter(each => each.finding === finding.code);
  const asked = model.view.inquiries.filter(each => each.finding === finding.code);
  return html`
    <${Finding} model=${model} finding=${finding}>
      ${asked.map(({ id, text }) => html`<p key=${id}><b>${t("result.asked", { text })}</b></p>`)}
      ${own.map(({ id, body, problem }) => html`
        <p key=${id}>${t("result.explained", { text: JSON.parse(body).text })}${problem && html`<br />${t("outbox.problem", { title: problemText(problem) })}`}</p>
      `)}
      ${isOpen
        ? html`<${Explain} model=${model} finding=${finding.code} onDone=${() => setOpen(false)} />`
        : html`<${Button} icon="text" onPress=${() => setOpen(true)}>${t("result.explain")}<//>`}
    <//>
  `;
}

/** The screen. @param {{visit: string}} given */
export function Result({ visit }) {
  const model = useVisit(visit);
  const words = useExplanations(visit);
  if (!model) return html`<${NotThere} model=${model} back=${at(visit)} />`;
  const { judgement, findings, records, view } = model;
  const { verdict } = judgement;
  const isSent = records.length > 0 && records.every(({ state, receipt }) => state === "stored" && receipt?.state === "complete");
  const isOthers = (/** @type {FindingView} */ finding) => isOffices(...known(model), finding) && !view.inquiries.some(each => each.finding === finding.code);
  const sorted = [...findings].sort(bySeverity);
  const offices = sorted.filter(isOthers);
  const others = view.inquiries.filter(({ finding }) => !findings.some(({ code }) => code === finding));
  return html`
    <${Screen} title=${t("result.title")} back=${at(visit)}
      actions=${html`<${LinkButton} kind="main" to="">${t("result.today")}<//>`}>
      <div class="verdict"><${Notice} kind=${verdict ? KINDS[verdict] : "info"} title=${t(`result.${verdict ?? "none"}`)} /></div>
      <${Notice} kind=${isSent ? "good" : "info"} title=${t(isSent ? "result.sent" : "result.unsent")}>
        ${!isSent && html`<${LinkButton} to="outbox">${t("outbox.open")}<//>`}
      <//>
      <h2>${t(findings.length > offices.length ? "result.findings" : "result.nothing")}</h2>
      ${sorted.filter(finding => !isOthers(finding)).map(finding => html`<${Explained} key=${finding.code} model=${model} finding=${finding} words=${words} />`)}
      ${offices.length > 0 && html`<h2>${t("result.office")}</h2>`}
      ${offices.map(finding => html`<${Finding} key=${finding.code} model=${model} finding=${finding} />`)}
      ${others.map(({ id, text }) => html`<${Card} key=${id}><p>${t("result.asked", { text })}</p><//>`)}
      <p class="quiet">${t("result.own")}</p>
      <${LinkButton} to=${at(visit)}>${t("result.back")}<//>
    <//>
  `;
}
