// A visit that a supervisor returned: only what is asked for is open, and the answer names the correction.

import { seal } from "../../data/records.js";
import { newThing } from "../../flow/incidents.js";
import { nameOf } from "../../flow/table.js";
import { html, useState } from "../html.js";
import { Button, Card, LinkButton, Notice, Screen, announce } from "../parts.js";
import { go } from "../router.js";
import { perform, stepOf, useVisit, write } from "../visit.js";
import { NotThere, say } from "../visit_parts.js";
import { t, timeText } from "../words.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../../data/types.d.ts").OpenCorrection} OpenCorrection */

/** The screen. @param {{visit: string, correction: string}} given */
export function Correct({ visit, correction }) {
  const model = useVisit(visit, correction);
  const [isEmpty, setEmpty] = useState(false);
  if (!model) return html`<${NotThere} model=${model} back="" />`;
  const open = model.visit.corrections.find(({ id }) => id === correction);
  const isHanded = !open || model.records.some(record => record.correction === correction);
  if (isHanded) {
    return html`
      <${Screen} title=${t("correct.title")} back="" actions=${html`<${LinkButton} kind="main" to="">${t("result.today")}<//>`}>
        <${Notice} kind="good" title=${t("correct.handed")} />
      <//>
    `;
  }
  const hand = async () => {
    const sealed = await seal(visit, { correction });
    setEmpty(!sealed);
    if (!sealed) return;
    announce(t("correct.handed"));
    go("", { instead: true });
  };
  return html`
    <${Screen} title=${t("correct.title")} back=""
      actions=${html`<${Button} kind="main" icon="check" onPress=${hand}>${t("correct.hand")}<//>`}>
      <p class="lead">${model.view.customer.name} · ${model.view.work.content}</p>
      <${Notice} kind="info" title=${t("correct.due", { due: timeText(open.due) })} />
      ${isEmpty && html`<${Notice} kind="warn" title=${t("correct.nothing")} alert />`}
      ${open.items.map((item, n) => html`<${Item} key=${n} model=${model} item=${item} since=${open.at} />`)}
    <//>
  `;
}

/** @param {{model: Model, item: OpenCorrection["items"][number], since: string}} given */
function Item({ model, item: { item, thing = null, reason }, since }) {
  const { rules, entries } = model;
  const rule = rules.byId.get(item);
  const fact = rules.facts.get(item);
  const name = say(rule?.item.label ?? nameOf(rules, item));
  const isAnswered = entries.some(
    ({ what, thing: own, by, at }) => what === item && (own ?? null) === thing && by !== "dispatcher" && Date.parse(at) > Date.parse(since),
  );
  const step = model.stages.flatMap(({ steps }) => steps).find(({ items, facts, thing: own }) => [...items, ...facts].includes(item) && (own ?? null) === thing);
  const answer = (/** @type {boolean} */ holds) => {
    const named = holds && fact?.per_thing ? { thing: newThing(item, entries), label: name } : {};
    return write(model, [{ what: item, holds, ...named }]);
  };
  return html`
    <${Card} title=${name}>
      <p>${reason}</p>
      ${isAnswered && html`<${Notice} kind="good" title=${t("correct.answered")} />`}
      ${step
        ? html`<${Button} kind=${isAnswered ? "plain" : "main"} onPress=${() => perform(model, stepOf(model, step.id) ?? step)}>${say(step.label)}<//>`
        : fact?.type === "declared"
          ? html`<p>${t("correct.happened", { what: name })}</p>
              <div class="choices">
                <${Button} onPress=${() => answer(true)}>${t("leave.yes")}<//>
                <${Button} onPress=${() => answer(false)}>${t("more.no")}<//>
              </div>`
          : html`<p>${t("correct.noStep")}</p>`}
    <//>
  `;
}
