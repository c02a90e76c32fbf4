// What a step asks for: photos, words, answers from a list; and what else may be said instead.

import { now } from "../../data/clock.js";
import { saveDraft } from "../../data/photos.js";
import { warningOf } from "../../flow/steps.js";
import { Answer, sameTexts, wrongText } from "../answer.js";
import { Warning } from "../cautions.js";
import { begun, COST, costEntries, draftKey, isOnlyPhoto, useFilled } from "../filled.js";
import { html, useEffect, useState } from "../html.js";
import { Button, Card, Field, LinkButton, Notice, Screen, announce } from "../parts.js";
import { Recorded } from "../recorded.js";
import { go } from "../router.js";
import { hold } from "../state.js";
import { at, known, stepOf, stepPlace, useVisit, visitPlace, whereabouts, write } from "../visit.js";
import { Camera, NotThere, Picture, say } from "../visit_parts.js";
import { enumerated, t } from "../words.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../visit.js").Step} Step */
/** @typedef {import("../../data/types.d.ts").NewFile} NewFile */
/** @typedef {import("../filled.js").Photo} Photo */
/** @typedef {import("../../flow/types.d.ts").Alternative} Alternative */
/** @typedef {import("../../flow/types.d.ts").Answers} Answers */
/** @typedef {import("../cautions.js").Caution} Caution */
/** @typedef {import("../../judge/types.d.ts").Entry} Entry */
/** @typedef {import("../../judge/types.d.ts").FieldValue} FieldValue */
const OUTCOMES = /** @type {const} */ (["refused", "absent", "unable", "partly"]);

/**
 * What becomes of a photo that was taken for a step: the step is recorded, or it waits for the rest of the form.
 * @param {Model} model
 * @param {Step} step
 * @param {NewFile} file
 */
export async function keepPhoto(model, step, file) {
  const filled = begun(model, step);
  const place = await whereabouts();
  if (isOnlyPhoto(step) && !filled.choice) {
    const photos = [{ sha256: file.sha256, taken_at: file.taken_at }];
    await write(model, step.entries({ photos, place }), { files: [file], dropDraft: "camera" });
    announce(t("visit.completed", { label: say(step.label) }));
    return;
  }
  await saveDraft(model.id, draftKey(step.id), { ...filled, photos: [...filled.photos, file], place });
}

/** The screen. @param {{visit: string, step: string, correction?: string, leaving?: boolean}} given */
export function StepScreen({ visit, step, correction, leaving }) {
  const model = useVisit(visit, correction, leaving);
  useEffect(() => hold("step"), []);
  if (!model) return html`<${NotThere} model=${model} back=${at(visit)} />`;
  const found = stepOf(model, step);
  if (!found || found.done) {
    return html`
      <${Screen} title=${found ? say(found.label) : model.view.work.content} back=${visitPlace(model)}
        actions=${html`<${LinkButton} kind="main" to=${visitPlace(model)}>${t("result.back")}<//>`}>
        ${found && html`<${Notice} kind="good" title=${t("correct.answered")} /><${Recorded} model=${model} step=${found} />`}
      <//>
    `;
  }
  return html`<${Form} key=${step} model=${model} step=${found} />`;
}

/** Texts that are picked rather than typed. @param {{texts: string[], onPick: (text: string) => unknown}} given */
const Quick = ({ texts, onPick }) => html`
  <div class="choices">${texts.map(text => html`<${Button} key=${text} onPress=${() => onPick(text)}>${text}<//>`)}</div>
`;

/** @param {{photos: Photo[], onRemove: (photos: Photo[]) => void}} given */
const Photos = ({ photos, onRemove }) => html`
  ${photos.length > 0 &&
  html`<ul class="pictures">
    ${photos.map(
      (file, n) => html`<li key=${file.sha256}>
        <${Picture} sha256=${file.sha256} blob=${file.blob} name=${t("step.photoNumber", { number: n + 1 })} />
        <button type="button" class="small" onClick=${() => onRemove(photos.filter(each => each !== file))}
          aria-label=${t("step.photoRemove", { number: n + 1 })}>×</button>
      </li>`,
    )}
  </ul>`}
`;

/**
 * The form of a step. `onDone`: what happens after it was recorded; by default, the visit is shown.
 * @param {{model: Model, step: Step, onDone?: () => unknown}} given
 */
export function Form({ model, step, onDone = () => go(visitPlace(model), { instead: true }) }) {
  const [filled, change, add, end, newest] = useFilled(model, step);
  const [warned, setWarned] = useState(/** @type {{warning: Caution, go: () => unknown} | null} */ (null));
  const [isReasonless, setReasonless] = useState(false);
  const { form } = step;
  const taken = (/** @type {NewFile} */ file) => (isOnlyPhoto(step) && !step.warning && !newest().choice ? keepPhoto(model, step, file) : add(file));

  const record = async (/** @type {Partial<Entry>[]} */ entries, /** @type {Caution | null} */ warning) => {
    const keep = async () => {
      end();
      const files = filled.photos.flatMap(({ blob, ...photo }) => (blob ? { blob, ...photo } : []));
      await write(model, entries, { files, dropDraft: draftKey(step.id) });
      announce(t("visit.completed", { label: say(step.label) }));
      await onDone();
    };
    if (warning) setWarned({ warning, go: keep });
    else await keep();
  };
  /** @returns {Answers} */
  const answers = () => ({ ...filled, photos: filled.photos.map(({ sha256, taken_at }) => ({ sha256, taken_at })) });
  const keep = async (/** @type {Record<string, FieldValue>} */ fields = filled.fields) => {
    const clocks = now();
    const place = form.gps ? await whereabouts() : filled.place;
    const wrong = enumerated([...Object.entries(form.fields).flatMap(([name, rule]) => wrongText(rule, fields[name]) ?? []), ...sameTexts(form.fields, fields)]);
    const cost = fields[COST.field] === COST.value ? filled.cost.trim() : "";
    const costs = step.items.includes(COST.of) ? costEntries(model.entries, cost) : [];
    const entries = [...costs, ...step.entries({ ...answers(), fields, place })];
    const caution = step.warning ?? (wrong ? /** @type {Caution} */ ({ kind: "value", zh: wrong }) : null);
    await record(entries.map(entry => ({ ...clocks, ...entry })), caution);
  };
  const instead = async (/** @type {Alternative} */ alternative, reason = filled.reason) => {
    const entries = alternative.entries({ ...answers(), reason });
    await record(entries, await warningOf(...known(model), model.stages, entries));
  };
  const press = (/** @type {Alternative} */ alternative) =>
    alternative.needs === "tap" ? instead(alternative) : change({ choice: filled.choice === alternative.id ? "" : alternative.id });
  const pick = (/** @type {Alternative} */ alternative, /** @type {string} */ reason) => {
    change({ reason });
    return alternative.needs === "refusal" ? null : instead(alternative, reason); // a refusal needs a photo too
  };
  const chosen = step.alternatives.find(({ id }) => id === filled.choice);
  // the only answer is the last one
  const isSingle = Object.keys(form.fields).length === 1 && !(form.photo || form.photoToo || form.text || form.number);
  const answer = (/** @type {string} */ name, /** @type {FieldValue | undefined} */ value) => {
    const { [name]: _, ...rest } = filled.fields;
    const fields = value === undefined ? rest : { ...rest, [name]: value };
    change({ fields });
    return fields;
  };
  const withoutPhoto = form.photo && !filled.photos.length;

  const actions = chosen
    ? html`<${Button} kind="main" icon="check" onPress=${() => (filled.reason.trim() ? instead(chosen) : setReasonless(true))}>${t("step.keep")}<//>`
    : form.signature
      ? html`<${LinkButton} kind="main" icon="pen" to=${stepPlace(model, "sign", step)}>${t("sign.paper")}<//>`
    : withoutPhoto
      ? html`<${Camera} visit=${model.id} step=${step.id} kind="main" onPhoto=${taken} />
          <${Button} onPress=${() => keep()}>${t("step.photoWithout")}<//>`
      : html`<${Button} kind="main" icon="check" onPress=${() => keep()}>${t("step.keep")}<//>`;
  return html`
    <${Screen} title=${say(step.label)} back=${visitPlace(model)} actions=${actions}>
      ${!chosen &&
      html`
        ${(form.photo || form.photoToo || Object.keys(form.fields).length > 0 || form.text || form.number) &&
        html`<${Card}>
          <${Photos} photos=${filled.photos} onRemove=${(/** @type {Photo[]} */ photos) => change({ photos })} />
          ${(form.photoToo || (form.photo && !withoutPhoto)) &&
          html`<${Camera} visit=${model.id} step=${step.id} onPhoto=${taken}>
            ${filled.photos.length ? t("step.photoMore") : t("step.photoToo")}
          <//>`}
          ${Object.entries(form.fields).map(
            ([name, rule]) => html`<${Answer} key=${name} name=${name} rule=${rule} value=${filled.fields[name]}
              onChange=${(/** @type {FieldValue | undefined} */ value) => answer(name, value)}
              onPick=${(/** @type {FieldValue | undefined} */ value) => {
                const fields = answer(name, value);
                return isSingle && value !== undefined && keep(fields);
              }} />`,
          )}
          ${step.items.includes(COST.of) && filled.fields[COST.field] === COST.value &&
          html`<${Field} label=${t("step.cost")}>
            <input value=${filled.cost} maxlength="200" onInput=${(/** @type {any} */ event) => change({ cost: event.currentTarget.value })} />
          <//>`}
          ${form.number &&
          html`<${Field} label=${t("step.number")}>
            <input value=${filled.number} maxlength="200" autocomplete="off" autocapitalize="characters"
              onInput=${(/** @type {any} */ event) => change({ number: event.currentTarget.value })} />
          <//>`}
          ${form.text &&
          html`<${Field} label=${t("step.text")}>
            <textarea maxlength="2000" value=${filled.text} onInput=${(/** @type {any} */ event) => change({ text: event.currentTarget.value })}></textarea>
          <//>`}
        <//>`}
      `}
      ${step.alternatives.length > 0 &&
      html`<${Card} title=${chosen ? say(chosen.label) : t("step.others")}>
        ${chosen
          ? html`
              ${chosen.needs === "refusal" &&
              html`
                <p class="quiet">${t("step.refusalNeeds")}</p>
                <fieldset class="field"><legend>${t("step.outcome")}</legend>
                  <div class="choices">
                    ${OUTCOMES.map(outcome => html`<${Button} key=${outcome} pressed=${(filled.outcome || "refused") === outcome}
                      onPress=${() => change({ outcome })}>${t(`step.${outcome}`)}<//>`)}
                  </div>
                </fieldset>
              `}
              <${Quick} onPick=${(/** @type {string} */ reason) => pick(chosen, reason)}
                texts=${chosen.needs === "refusal" ? [t("step.reasonFamily"), t("step.reasonDisagrees")] : [t("step.reasonCustomer"), t("step.reasonTime")]} />
              <${Field} label=${t("step.reason")}>
                <textarea maxlength="1000" value=${filled.reason} onInput=${(/** @type {any} */ event) => change({ reason: event.currentTarget.value })}></textarea>
              <//>
              ${isReasonless && !filled.reason.trim() && html`<${Notice} kind="warn" title=${t("step.reasonFirst")} alert />`}
              ${chosen.needs === "refusal" &&
              html`<${Photos} photos=${filled.photos} onRemove=${(/** @type {Photo[]} */ photos) => change({ photos })} />
                <${Camera} visit=${model.id} step=${step.id} onPhoto=${taken} />`}
              <${Button} kind="quiet" onPress=${() => change({ choice: "" })}>${t("cancel")}<//>
            `
          : step.alternatives.map(
              alternative => html`<div key=${alternative.id} data-alternative=${alternative.id}>
                <${Button} onPress=${() => press(alternative)}>${say(alternative.label)}<//>
              </div>`,
            )}
      <//>`}
      <${Recorded} model=${model} step=${step} />
      ${warned && html`<${Warning} warning=${warned.warning} onGo=${warned.go} onClose=${() => setWarned(null)} />`}
    <//>
  `;
}
