// A visit that a supervisor returned: only what is asked for is open, and the answer names the correction.

import { server } from "../../data/clock.js";
import { kick } from "../../data/outbox.js";
import { seal } from "../../data/records.js";
import { newThing } from "../../flow/incidents.js";
import { nameOf } from "../../flow/table.js";
import { html, useState } from "../html.js";
import { Button, Card, LinkButton, Notice, Screen, announce } from "../parts.js";
import { go } from "../router.js";
import { perform, stepOf, useVisit, write } from "../visit.js";
import { NotThere, say } from "../visit_parts.js";
import { enumerated, t, timeText } from "../words.js";
import { Explain, useExplanations } from "./result.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../../data/types.d.ts").OpenCorrection} OpenCorrection */

/**
 * One item that is asked for, and how it stands.
 * @typedef {object} Wanted
 * @property {string} item
 * @property {string | null} thing
 * @property {string} reason
 * @property {string} name
 * @property {import("../visit.js").Step | undefined} step
 * @property {import("../../judge/types.d.ts").Fact | undefined} fact
 * @property {string | undefined} finding the code of what it is about
 * @property {boolean} isAnswered
 * @property {string | undefined} words what was written to it instead
 */

/**
 * @param {Model} model
 * @param {OpenCorrection} open
 * @param {import("../../data/types.d.ts").StoredExplanation[]} explanations
 * @returns {Wanted[]}
 */
function wantedOf({ rules, entries, stages, findings }, { items, at: since }, explanations) {
  const steps = stages.flatMap(stage => stage.steps);
  const ahead = server().getTime() - Date.now(); // the server's clock says when it was asked, this one when it was answered
  const isNew = (/** @type {string} */ time, /** @type {string | null} */ received = null) =>
    (received ? Date.parse(received) : Date.parse(time) + ahead) > Date.parse(since);
  return items.map(({ item, thing = null, reason }) => {
    const finding = findings.find(each => each.item === item && (thing === null || each.thing === thing))?.code;
    const body = explanations.filter(each => each.finding === finding && isNew(each.written_at)).pop()?.body;
    return {
      item,
      thing,
      reason,
      finding,
      name: say(rules.byId.get(item)?.item.label ?? nameOf(rules, item)),
      step: steps.find(step => [...step.items, ...step.facts].includes(item) && (step.thing ?? null) === thing),
      fact: rules.facts.get(item),
      isAnswered: entries.some(({ what, thing: own, by, at, received_at }) => what === item && (own ?? null) === thing && by !== "dispatcher" && isNew(at, received_at)),
      words: body && JSON.parse(body).text,
    };
  });
}

/** Whether it can be done here. @param {Wanted} wanted */
const isPossible = ({ step, fact }) => step !== undefined || fact?.type === "declared";

/** The screen. @param {{visit: string, correction: string}} given */
export function Correct({ visit, correction }) {
  const model = useVisit(visit, correction);
  const explanations = useExplanations(visit);
  const [warning, setWarning] = useState("");
  if (!model) return html`<${NotThere} model=${model} back="" />`;
  const open = model.visit.corrections.find(({ id }) => id === correction);
  const isHanded = model.records.some(record => record.correction === correction);
  if (isHanded || !open) {
    return html`
      <${Screen} title=${t("correct.title")} back="" actions=${html`<${LinkButton} kind="main" to="">${t("result.today")}<//>`}>
        <${Notice} kind="good" title=${t(isHanded ? "correct.handed" : "correct.ended")} />
      <//>
    `;
  }
  const wanted = wantedOf(model, open, explanations);
  const lacking = wanted.filter(({ isAnswered, words }) => !isAnswered && !words);
  const blocked = lacking.filter(each => !isPossible(each));
  const names = enumerated((blocked.length ? blocked : lacking).map(({ name }) => name));
  const isNothing = !wanted.some(({ isAnswered }) => isAnswered);
  const next = isNothing ? t("correct.nothing") : names && t(blocked.length ? "correct.blocked" : "correct.lacking", { names, by: open.by });
  const hand = async () => {
    setWarning(next);
    // what is handed back counts as answered: what cannot be answered here holds it, the rest is asked once
    if (next && (next !== warning || blocked.length || isNothing)) return;
    await seal(visit, { correction });
    kick(); // the server's answer takes it off the list
    announce(t("correct.handed"));
    go("", { instead: true });
  };
  const isWords = !lacking.length && isNothing; // no record answers it
  const actions = isWords
    ? html`<${LinkButton} kind="main" to="">${t("result.today")}<//>`
    : html`<${Button} kind="main" icon="check" onPress=${hand}>${t("correct.hand")}<//>`;
  return html`
    <${Screen} title=${t("correct.title")} back="" actions=${actions}>
      <p class="lead">${model.view.customer.name} · ${model.view.work.content}</p>
      <${Notice} kind="info" title=${t("correct.due", { due: timeText(open.due) })} />
      ${warning && warning === next && html`<${Notice} kind="warn" title=${warning} alert />`}
      ${isWords && html`<${Notice} kind="good" title=${t("correct.words")} />`}
      ${wanted.map(each => html`<${Item} key=${`${each.item} ${each.thing}`} model=${model} wanted=${each} by=${open.by} />`)}
    <//>
  `;
}

/** @param {{model: Model, wanted: Wanted, by: string}} given */
function Item({ model, wanted, by }) {
  const { item, name, reason, step, fact, finding, isAnswered, words } = wanted;
  const [isOpen, setOpen] = useState(false);
  const answer = (/** @type {boolean} */ holds) => {
    const named = holds && fact?.per_thing ? { thing: newThing(item, model.entries), label: name } : {};
    return write(model, [{ what: item, holds, ...named }]);
  };
  return html`
    <${Card} title=${name}>
      <p>${reason}</p>
      ${isAnswered && html`<${Notice} kind="good" title=${t("correct.answered")} />`}
      ${words && html`<p>${t("result.explained", { text: words })}</p>`}
      ${step && html`<${Button} kind=${isAnswered ? "plain" : "main"} onPress=${() => perform(model, stepOf(model, step.id) ?? step)}>${say(step.label)}<//>`}
      ${!step && fact?.type === "declared" &&
      html`<p>${t("correct.happened", { what: name })}</p>
        <div class="choices">
          <${Button} onPress=${() => answer(true)}>${t("leave.yes")}<//>
          <${Button} onPress=${() => answer(false)}>${t("more.no")}<//>
        </div>`}
      ${!isPossible(wanted) && !words && html`<p>${t("correct.noStep", { by })}</p>`}
      ${!isPossible(wanted) && finding &&
      (isOpen
        ? html`<${Explain} model=${model} finding=${finding} onDone=${() => setOpen(false)} />`
        : html`<${Button} icon="text" onPress=${() => setOpen(true)}>${t("result.explain")}<//>`)}
    <//>
  `;
}
