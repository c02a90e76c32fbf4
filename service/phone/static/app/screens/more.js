// What can happen besides the work: eight big buttons, and the rest below.

import { saveDraft } from "../../data/photos.js";
import { incidentsOf, newThing, raise } from "../../flow/incidents.js";
import { isOnlyPhoto } from "../filled.js";
import { html, useRef, useState } from "../html.js";
import { Button, Card, Field, Icon, Notice, Screen, announce } from "../parts.js";
import { go } from "../router.js";
import { at, known, load, stepPlace, useVisit, whereabouts, write } from "../visit.js";
import { Camera, NotThere, Picture, say } from "../visit_parts.js";
import { t } from "../words.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../../data/types.d.ts").NewFile} NewFile */
/** @typedef {import("../../flow/types.d.ts").Incident} Incident */

/** @type {Record<string, import("../parts.js").IconName>} */
const ICONS = {
  borrowed: "chair",
  meter_damage_by_customer: "meter",
  breach_found: "theft",
  customer_hostile: "angry",
  request_raised: "speech",
  own_damage: "broken",
  traffic_affected: "cone",
  nobody_home: "nobody",
};

/**
 * Say that something happened: at once, or on a screen of its own if more has to be said.
 * @param {Model} model
 * @param {Incident} incident
 */
export async function happened(model, incident) {
  if (incident.perThing || incident.together || incident.form.photo) return go(at(model.id, "raise", incident.fact));
  if (incident.answer !== "yes") await write(model, raise(...known(model), incident.fact, {}));
  announce(say(incident.label));
  await goOn(model, incident);
}

/**
 * To what has to be filled in about it first; else to the visit.
 * @param {Model} model
 * @param {Incident} incident
 * @param {string | null} [thing]
 */
async function goOn({ id }, { fact }, thing = null) {
  const model = await load(id);
  const stage = model?.stages.find(({ incident }) => incident?.fact === fact && (thing === null || incident.thing === thing));
  const first = stage?.steps.find(({ done, optional }) => !done && !optional);
  const isForm = first && !first.warning && ["fields", "text", "photo"].includes(first.needs) && !isOnlyPhoto(first);
  go(model && isForm ? stepPlace(model, "step", first) : at(id), { instead: true });
}

/** The screen. @param {{visit: string}} given */
export function More({ visit }) {
  const model = useVisit(visit);
  if (!model) return html`<${NotThere} model=${model} back=${at(visit)} />`;
  const incidents = incidentsOf(...known(model));
  const state = (/** @type {Incident} */ { answer }) =>
    answer && html`<small><${Icon} name=${answer === "yes" ? "check" : "none"} />${t(`more.${answer}`)}</small>`;
  return html`
    <${Screen} title=${t("more.title")} back=${at(visit)}>
      <ul class="tiles">
        ${incidents
          .filter(({ main }) => main)
          .map(
            incident => html`<li key=${incident.fact} data-fact=${incident.fact}>
              <${Button} icon=${ICONS[incident.fact]} onPress=${() => happened(model, incident)}>${say(incident.label)}${state(incident)}<//>
            </li>`,
          )}
      </ul>
      <h2>${t("more.others")}</h2>
      <ul class="rows">
        ${incidents
          .filter(({ main }) => !main)
          .map(
            incident => html`<li key=${incident.fact} data-fact=${incident.fact}>
              <${Button} onPress=${() => happened(model, incident)}>${say(incident.label)}${state(incident)}<//>
            </li>`,
          )}
      </ul>
    <//>
  `;
}

/** The screen of one of them: what it is called, a photo, and what was done with it at once. @param {{visit: string, fact: string}} given */
export function Raise({ visit, fact }) {
  const model = useVisit(visit);
  if (!model) return html`<${NotThere} model=${model} back=${at(visit, "more")} />`;
  const incident = incidentsOf(...known(model)).find(each => each.fact === fact);
  if (!incident) return html`<${NotThere} model=${null} back=${at(visit, "more")} />`;
  return html`<${RaiseForm} key=${fact} model=${model} incident=${incident} />`;
}

/** @param {{model: Model, incident: Incident}} given */
function RaiseForm({ model, incident }) {
  const { fact, perThing, together, suggestions, form } = incident;
  const key = `raise/${fact}`;
  const [filled, setFilled] = useState(/** @type {{label: string, photos: NewFile[]}} */ ({ label: "", photos: [], ...model.drafts[key] }));
  const { label, photos: files } = filled;
  const [isNameless, setNameless] = useState(false);
  const latest = useRef(filled);
  const change = (/** @type {Partial<typeof filled>} */ some) => {
    latest.current = { ...latest.current, ...some };
    setFilled(latest.current);
    setNameless(false);
    return saveDraft(model.id, key, latest.current);
  };
  const record = async (/** @type {boolean} */ isTogether) => {
    if (perThing && !label.trim()) {
      setNameless(true);
      return;
    }
    const thing = perThing ? { key: newThing(fact, model.entries), label: label.trim().slice(0, 200) } : null;
    const photos = files.map(({ sha256, taken_at }) => ({ sha256, taken_at }));
    const place = form.photo ? await whereabouts() : null;
    await write(model, raise(...known(model), fact, { thing, together: isTogether, photos, place }), { files, dropDraft: key });
    announce(say(incident.label));
    await goOn(model, incident, thing?.key);
  };
  return html`
    <${Screen} title=${say(incident.label)} back=${at(model.id, "more")}
      actions=${html`
        ${together && html`<${Button} kind="main" icon="check" onPress=${() => record(true)}>${say(together.label)}<//>`}
        <${Button} kind=${together ? "plain" : "main"} onPress=${() => record(false)}>${together ? t("raise.only") : t("step.keep")}<//>
      `}>
      ${perThing &&
      html`<${Card} title=${t("raise.what")}>
        <div class="choices">
          ${suggestions.map(text => html`<${Button} key=${text.zh} pressed=${label === say(text)} onPress=${() => change({ label: say(text) })}>${say(text)}<//>`)}
        </div>
        <${Field} label=${t("raise.name")}>
          <input value=${label} maxlength="200" onInput=${(/** @type {any} */ event) => change({ label: event.currentTarget.value })} />
        <//>
        ${isNameless && html`<${Notice} kind="warn" title=${t("raise.nameFirst")} alert />`}
      <//>`}
      ${form.photo &&
      html`<${Card}>
        ${files.map((file, n) => html`<${Picture} key=${file.sha256} sha256=${file.sha256} blob=${file.blob} name=${t("step.photoNumber", { number: n + 1 })} />`)}
        <${Camera} visit=${model.id} step=${key} onPhoto=${(/** @type {NewFile} */ file) => change({ photos: [...latest.current.photos, file] })}>
          ${t(files.length ? "step.photoMore" : "step.photo")}
        <//>
      <//>`}
    <//>
  `;
}
