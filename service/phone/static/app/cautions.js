// What is said before something is recorded or taken back that had better not be. The truth can be recorded all the same.

import { now } from "../data/clock.js";
import { saveDraft } from "../data/photos.js";
import { isFarOff } from "../flow/situation.js";
import { warningOf } from "../flow/steps.js";
import { draftKey, filledFrom, isOnlyPhoto } from "./filled.js";
import { html, useEffect, useState } from "./html.js";
import { Button, Dialog, Notice, announce } from "./parts.js";
import { go } from "./router.js";
import { known, load, perform, stepOf, stepPlace, undo } from "./visit.js";
import { dayText, say, timesOf, windowOf } from "./visit_parts.js";
import { inLanguage, pair, t } from "./words.js";

/** @typedef {import("./visit.js").Model} Model */
/** @typedef {import("../flow/types.d.ts").Step} Step */
/** @typedef {{kind: "order" | "attest" | "signed" | "value" | "time", zh: string, en?: string}} Caution */

/**
 * Asks why a step is taken back, and does it. What its form had is kept, to be corrected.
 * @param {{model: Model, step?: Step, label: string, recorded: Model["entries"], onClose: () => void}} given
 */
export function Undo({ model, step, label, recorded, onClose }) {
  const reasons = [t("step.undoSlip"), t("step.undoEarly"), t("step.undoWrong")];
  const take = async (/** @type {string} */ reason) => {
    await undo(model, recorded, reason);
    announce(pair(t("step.undo"), label));
    onClose();
    const after = await load(model.id, model.correction, model.leaving);
    const again = step && after && stepOf(after, step.id);
    if (!again || again.done || !["photo", "text", "fields"].includes(again.needs) || isOnlyPhoto(again) || reason === reasons[1]) return;
    await saveDraft(model.id, draftKey(step.id), filledFrom(recorded, model.entries));
    if (reason === reasons[2]) go(stepPlace(model, "step", step));
  };
  const [warning, setWarning] = useState(/** @type {Caution | null} */ (null));
  useEffect(() => {
    warningOf(...known(model), model.stages, recorded.map(({ id, by }) => ({ withdraws: id, by }))).then(setWarning);
  }, []);
  return html`
    <${Dialog} title=${t("step.undoTitle", { label })} onClose=${onClose}>
      ${warning && html`<${Notice} kind="warn" title=${inLanguage(warning)} alert />`}
      <p>${t("step.undoWhy")}</p>
      ${reasons.map(reason => html`<${Button} key=${reason} onPress=${() => take(reason)}>${reason}<//>`)}
      <${Button} kind="quiet" onPress=${onClose}>${t("cancel")}<//>
    <//>
  `;
}

/**
 * Says what would break, before it does. The way back is the nearest; what is true can be recorded all the same.
 * @param {{warning: Caution, onGo: () => unknown, onClose: () => void}} given
 */
export const Warning = ({ warning, onGo, onClose }) => html`
  <${Dialog} title=${t(`warning.${warning.kind}`)} onClose=${onClose}>
    <${Notice} kind="warn" title=${inLanguage(warning)} />
    <${Button} kind="main" icon="back" onPress=${onClose}>${t(`warning.${warning.kind}Back`)}<//>
    <${Button} onPress=${onGo}>${t("warning.go")}<//>
  <//>
`;

/** Visits of another day that are gone on with. @type {Set<string>} */
const otherDays = new Set();

/**
 * What is said before a step is recorded: what would break, or that it is not the time for it.
 * @param {Model} model
 * @param {Step} step
 * @returns {Caution | null}
 */
function cautionOf({ id, view, rules, left }, step) {
  const window = windowOf(view);
  if (step.warning || !window || left) return step.warning;
  const { at } = now();
  const isOther = dayText(window.from) !== dayText(at) && dayText(window.to) !== dayText(at);
  const times = { now: timesOf(at, at, isOther), window: timesOf(window.from, window.to, isOther) };
  if (step.id === "arrive" && isFarOff(rules, window, at)) return { kind: "time", zh: t("warning.far", times) };
  return isOther && !otherDays.has(id) ? { kind: "time", zh: t("warning.day", times) } : null;
}

/** Shown beside the button that was tapped: nobody taps it again. */
export const Locating = () => html`<p role="status">${t("visit.locating")}</p>`;

/**
 * What happens when a step is tapped: what would break is said first. `asked` is shown on the screen.
 * @param {Model | null | undefined} model
 */
export function useTap(model) {
  const [warned, setWarned] = useState(/** @type {{step: Step, warning: Caution} | null} */ (null));
  const [isLocating, setLocating] = useState(false);
  const run = async (/** @type {Step} */ step) => {
    if (warned?.warning.kind === "time" && model) otherDays.add(model.id);
    setWarned(null);
    setLocating(step.needs === "gps");
    try {
      if (model) await perform(model, step);
      if (step.needs === "tap" || step.needs === "gps") announce(t("visit.completed", { label: say(step.label) }));
    } finally {
      setLocating(false);
    }
  };
  const tap = (/** @type {Step} */ step) => {
    const warning = model ? cautionOf(model, step) : null;
    return warning ? setWarned({ step, warning }) : run(step);
  };
  const asked = warned && html`<${Warning} warning=${warned.warning} onGo=${() => run(warned.step)} onClose=${() => setWarned(null)} />`;
  return { tap, asked, isLocating };
}
