// What a step has recorded, to be checked, and taken back.

import { Undo } from "./cautions.js";
import { html, useState } from "./html.js";
import { Button, Card } from "./parts.js";
import { Picture, say } from "./visit_parts.js";
import { pair, t, timeText } from "./words.js";

/** @typedef {import("./visit.js").Model} Model */
/** @typedef {import("./visit.js").Step} Step */
/** @typedef {import("../judge/types.d.ts").Field} Field */
/** @typedef {import("../judge/types.d.ts").FieldValue} FieldValue */

/** @param {Field} field @param {FieldValue} value */
function answered({ type, unit = "", choices = [] }, value) {
  const choice = choices.find(({ id }) => id === value);
  if (choice) return say(choice);
  return type === "time" && !Number.isNaN(Date.parse(String(value))) ? timeText(String(value)) : `${value} ${unit}`.trim();
}

/** What was filled in. @param {Model} model @param {Step} step @returns {string[]} */
export function valuesOf({ rules }, { recorded }) {
  const found = recorded.flatMap(({ what = "", fields = {}, evidence = [], waived, refused }) => [
    ...Object.entries(fields).map(([name, value]) => {
      const field = rules.byId.get(what)?.fields.get(name);
      return pair(field ? say(field) : name, field ? answered(field, value) : String(value));
    }),
    ...evidence.flatMap(({ text, number }) => text ?? number ?? []),
    ...[waived?.reason ?? refused?.reason].flatMap(reason => (reason ? pair(t("step.reason"), reason) : [])),
  ]);
  return [...new Set(found)];
}

/** The pictures of a step. @param {Step} step */
export const picturesOf = ({ recorded }) => [...new Set(recorded.flatMap(({ evidence = [] }) => evidence.flatMap(({ kind, sha256 }) => (kind === "photo" && sha256) || [])))];

/** @param {{model: Model, step: Step}} given */
export function Recorded({ model, step }) {
  const [isOpen, setOpen] = useState(false);
  const own = step.recorded.filter(({ by }) => by === "technician");
  if (!own.length) return null;
  return html`
    <${Card} title=${t("more.yes")}>
      ${valuesOf(model, step).map(text => html`<p key=${text}>${text}</p>`)}
      ${picturesOf(step).map((sha256, n) => html`<${Picture} key=${sha256} sha256=${sha256} name=${t("step.photoNumber", { number: n + 1 })} />`)}
      <${Button} kind="quiet" icon="undo" onPress=${() => setOpen(true)}>${t("step.undo")}<//>
      ${isOpen && html`<${Undo} model=${model} step=${step} label=${say(step.label)} recorded=${own} onClose=${() => setOpen(false)} />`}
    <//>
  `;
}
