// One visit: where, when and who; the steps in the order of the norm, with the next one large at the bottom.

import { nextOf } from "../../flow/steps.js";
import { Locating, Undo, useTap } from "../cautions.js";
import { OnMyWay } from "../departure.js";
import { isOnlyPhoto } from "../filled.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { Button, Card, Icon, LinkButton, Notice, Screen } from "../parts.js";
import { picturesOf, valuesOf } from "../recorded.js";
import { address, go } from "../router.js";
import { online } from "../state.js";
import { at, liveOf, stepOf, stepPlace, useVisit } from "../visit.js";
import { Camera, careNotes, clockText, develop, dialled, inHand, NotThere, Offline, Row, say, windowText } from "../visit_parts.js";
import { enumerated, inBrackets, inLanguage, pair, t } from "../words.js";
import { keepPhoto } from "./step.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../visit.js").Stage} Stage */
/** @typedef {import("../visit.js").Step} Step */

const NEED_ICONS = /** @type {const} */ ({ tap: "todo", gps: "place", photo: "camera", text: "text", fields: "text", signature: "pen" });

/** @param {{model: Model}} given */
function Head({ model }) {
  const { id, view } = model;
  const { name, phone, address: where, place, organisation } = /** @type {Record<string, any>} */ (view.customer);
  const care = careNotes(model);
  return html`
    <${Card}>
      ${view.cancelled && html`<${Notice} kind="bad" title=${t("state.cancelled")}><p>${view.cancelled.reason}</p><//>`}
      ${care.length > 0 && html`<${Notice} kind="warn" title=${pair(t("visit.care"), enumerated(care))} />`}
      <${Row} icon="clock" name=${t("visit.when")}><b>${windowText(view, true)}</b><//>
      <${Row} icon="place" name=${t("visit.where")}>${[where, place, view.work.place].filter(Boolean).join(" · ")}<//>
      <${Row} icon="tool" name=${t("visit.work")}>${view.work.content}<//>
      <${Row} icon="person" name=${t("visit.who")}>${organisation ? inBrackets(organisation, name) : name}<//>
      ${online.value && model.unsent > 0 && html`<${Row} icon="unsent" name=${t("outbox.title")}>${t("today.unsent", { count: model.unsent })}<//>`}
      <${OnMyWay} model=${model} />
      <div class="choices">
        ${phone && html`<${LinkButton} to=${dialled(phone)} icon="phone">${t("visit.call", { name })}<//>`}
        <${LinkButton} to=${at(id, "door")} icon="code">${t("visit.code")}<//>
      </div>
    <//>
  `;
}

/**
 * @param {{model: Model, step: Step, onTap: (step: Step) => unknown, isNext: boolean}} given
 */
function StepRow({ model, step, onTap, isNext }) {
  const label = say(step.label);
  const kinds = model.rules.checklist.evidence_kinds;
  const lacking = step.parts.flatMap(({ lacking: some }) => some.map(kind => inLanguage(kinds[kind])));
  const text = html`${label}${lacking.length > 0 && html`<small>${t("visit.lacking", { what: enumerated(lacking) })}</small>`}`;
  return html`
    <li class=${`step ${isNext ? "next" : ""}`} data-step=${step.id}>
      ${isOnlyPhoto(step) && !step.warning
        ? html`<${Camera} visit=${model.id} step=${step.id} onPhoto=${photoOf(model, step)}>${text}<//>`
        : html`<${Button} icon=${NEED_ICONS[step.needs]} onPress=${() => onTap(step)}>${text}<//>`}
      <a class="options" href=${address(at(model.id, "step", step.id))} aria-label=${t("step.options", { label })}>
        <${Icon} name="more" />
      </a>
    </li>
  `;
}

/** @param {{model: Model, step: Step}} given */
function DoneRow({ model, step }) {
  const [isOpen, setOpen] = useState(false);
  const label = say(step.label);
  const own = step.recorded.filter(({ by }) => by === "technician");
  const last = step.recorded[step.recorded.length - 1];
  const values = valuesOf(model, step).join(" · ");
  const pictures = picturesOf(step).length;
  return html`
    <li class="done">
      <span><${Icon} name="check" /><span>${label}</span>${last && html`<time>${clockText(last.at)}</time>`}</span>
      ${own.length > 0 &&
      html`<button type="button" class="small" aria-label=${pair(t("step.undo"), label)} onClick=${() => setOpen(true)}>
        <${Icon} name="undo" /><span>${t("step.undo")}</span>
      </button>`}
      ${pictures > 0 && html`<a class="small" href=${address(stepPlace(model, "step", step))}>${inBrackets(t("outbox.photo"), pictures)}</a>`}
      ${step.parts.some(({ by }) => by === "customer") && !own.length && html`<a class="small" href=${address(stepPlace(model, "sign", step))}>${t("step.again")}</a>`}
      ${values && html`<small>${values}</small>`}
      ${isOpen && html`<${Undo} model=${model} step=${step} label=${label} recorded=${own} onClose=${() => setOpen(false)} />`}
    </li>
  `;
}

/** From when to when steps were done. @param {Step[]} steps */
function timesOf(steps) {
  const times = steps.flatMap(({ recorded }) => recorded.map(({ at: time }) => Date.parse(time))).sort((a, b) => a - b);
  if (!times.length) return "";
  const [first, last] = [clockText(new Date(times[0])), clockText(new Date(times[times.length - 1]))];
  return ` · ${first === last ? first : `${first}–${last}`}`;
}

/**
 * @param {{model: Model, stage: Stage, onTap: (step: Step) => unknown, next: Step | null}} given
 */
function StageCard({ model, stage, onTap, next }) {
  const [isOpen, setOpen] = useState(false);
  const done = stage.steps.filter(step => step.done);
  const open = stage.steps.filter(step => !step.done && !step.optional);
  const optional = stage.steps.filter(step => !step.done && step.optional);
  const row = (/** @type {Step} */ step) => html`
    <${StepRow} key=${step.id} model=${model} step=${step} onTap=${onTap} isNext=${step.id === next?.id} />
  `;
  const { incident } = stage;
  const raised = incident
    ? liveOf(model.entries).filter(({ what, thing, by }) => by === "technician" && what === incident.fact && (thing ?? null) === incident.thing)
    : [];
  const rows = html`<ul class="rows">${done.map(step => html`<${DoneRow} key=${step.id} model=${model} step=${step} />`)}</ul>`;
  if (done.length && !open.length && !optional.length) {
    return html`
      <section class=${`card stage whole-card ${incident ? "incident" : ""}`}>
        <details class="whole">
          <summary><h2><${Icon} name="check" />${say(stage.title)}</h2><span class="quiet">${t("visit.done", { count: done.length })}${timesOf(done)}</span></summary>
          ${rows}
        </details>
      </section>
    `;
  }
  return html`
    <section class=${`card stage ${incident ? "incident" : ""}`}>
      <h2>${incident && html`<${Icon} name="warning" />`}${say(stage.title)}</h2>
      ${done.length > 0 &&
      html`<details class="folded"><summary>${t("visit.done", { count: done.length })}${timesOf(done)}</summary>${rows}</details>`}
      ${open.length > 0 && html`<ul class="rows">${open.map(row)}</ul>`}
      ${optional.length > 0 && html`<details class="folded"><summary>${t("visit.optional")}</summary><ul class="rows">${optional.map(row)}</ul></details>`}
      ${raised.length > 0 && !done.length && html`<${Button} kind="quiet" icon="undo" onPress=${() => setOpen(true)}>${t("visit.takeBack")}<//>`}
      ${isOpen && html`<${Undo} model=${model} label=${say(stage.title)} recorded=${raised} onClose=${() => setOpen(false)} />`}
    </section>
  `;
}

/** @param {Model} model @param {Step} step @returns {(file: import("../../data/types.d.ts").NewFile) => unknown} */
const photoOf = (model, step) => file => keepPhoto(model, step, file);

/** What the camera did not hand over, because the phone closed this page behind it. @param {{model: Model}} given */
function Interrupted({ model }) {
  const pending = model.drafts.camera;
  const step = pending && stepOf(model, pending.step);
  if (!step) return null;
  const label = say(step.label);
  const taken = photoOf(model, step);
  if (pending.raw && !inHand.has(model.id)) return html`<${Button} kind="main" icon="camera" onPress=${() => develop(model.id, pending.raw, taken)}>${pair(t("step.keep"), label)}<//>`;
  return html`
    <${Notice} kind="warn" title=${t("step.photoPending", { label })} alert>
      <p>${t("step.photoPendingWhy")}</p>
      <${Camera} visit=${model.id} step=${step.id} kind="main" onPhoto=${taken} />
    <//>
  `;
}

/** @param {{model: Model, next: Step | null, onTap: (step: Step) => unknown}} given */
function Actions({ model, next, onTap }) {
  const { id, left } = model;
  const offline = html`<${Offline} count=${model.unsent} />`;
  if (left && !next) {
    return html`${offline}<${LinkButton} kind="main" to=${at(id, "result")} icon="next">${t("visit.result")}<//>
      <${LinkButton} to=${at(id, "more")} icon="plus">${t("visit.more")}<//>`;
  }
  const isClosing = next && (next.id === "leave" || next.id === "thank");
  return html`
    ${offline}
    ${isClosing
      ? html`<${LinkButton} kind="main" to=${at(id, "leave")} icon="next">${t("visit.before")}<//>`
      : next && isOnlyPhoto(next) && !next.warning
        ? html`<${Camera} visit=${id} step=${next.id} kind="main" onPhoto=${photoOf(model, next)}>${say(next.label)}<//>`
        : next && html`<${Button} kind="main" icon=${NEED_ICONS[next.needs]} onPress=${() => onTap(next)}>${say(next.label)}<//>`}
    <${LinkButton} to=${at(id, "more")} icon="plus">${t("visit.more")}<//>
  `;
}

/** The screen. @param {{visit: string}} given */
export function Visit({ visit }) {
  const model = useVisit(visit);
  const { tap: perform, asked, isLocating } = useTap(model);
  const next = model ? nextOf(model.stages) : null;
  const shown = useRef("");
  const steps = model ? liveOf(model.entries).filter(({ by }) => by === "technician").length : 0;
  const done = useRef(steps);
  useEffect(() => {
    const isClosing = next?.id === "thank" || next?.id === "leave";
    if (isClosing && shown.current && shown.current !== next.id && !model?.left) go(at(visit, "leave"));
    // what is next comes into view, but a visit that has not begun opens at its top, and what others do moves nothing
    if (next && (shown.current ? steps !== done.current : model?.judgement.facts.has("arrived"))) {
      document.querySelector(".step.next")?.scrollIntoView({ block: "center", behavior: shown.current ? "smooth" : "auto" });
    }
    shown.current = next?.id ?? shown.current;
    done.current = steps;
  }, [next?.id]);
  if (!model) return html`<${NotThere} model=${model} back="" />`;
  // before leaving it says what is missing
  const tap = (/** @type {Step} */ step) => (step.id === "leave" ? go(at(visit, "leave")) : perform(step));
  return html`
    <${Screen} title=${model.view.work.content} back="" actions=${html`${isLocating && html`<${Locating} />`}<${Actions} model=${model} next=${next} onTap=${tap} />`}>
      <${Head} model=${model} />
      <${Interrupted} model=${model} />
      ${model.stages.map(stage => html`<${StageCard} key=${stage.id} model=${model} stage=${stage} onTap=${tap} next=${next} />`)}
      ${asked}
    <//>
  `;
}

