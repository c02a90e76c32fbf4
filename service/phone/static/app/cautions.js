// What is said before something is recorded or taken back that had better not be. The truth can be recorded all the same.

import { warningOf } from "../flow/steps.js";
import { html, useEffect, useState } from "./html.js";
import { Button, Dialog, Notice, announce } from "./parts.js";
import { known, perform, undo } from "./visit.js";
import { say } from "./visit_parts.js";
import { inLanguage, pair, t } from "./words.js";

/** @typedef {import("./visit.js").Model} Model */
/** @typedef {import("../flow/types.d.ts").Step} Step */
/** @typedef {{kind: "order" | "attest" | "signed" | "value", zh: string, en?: string}} Caution */

/**
 * Asks why a step is taken back, and does it.
 * @param {{model: Model, label: string, recorded: Model["entries"], onClose: () => void}} given
 */
export function Undo({ model, label, recorded, onClose }) {
  const reasons = [t("step.undoSlip"), t("step.undoEarly"), t("step.undoWrong")];
  const take = async (/** @type {string} */ reason) => {
    await undo(model, recorded, reason);
    announce(pair(t("step.undo"), label));
    onClose();
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

/**
 * What happens when a step is tapped: what would break is said first. `asked` is shown on the screen.
 * @param {Model | null | undefined} model
 */
export function useTap(model) {
  const [warned, setWarned] = useState(/** @type {Step | null} */ (null));
  const [isLocating, setLocating] = useState(false);
  const run = async (/** @type {Step} */ step) => {
    setWarned(null);
    setLocating(step.needs === "gps");
    try {
      if (model) await perform(model, step);
      if (step.needs === "tap" || step.needs === "gps") announce(t("visit.completed", { label: say(step.label) }));
    } finally {
      setLocating(false);
    }
  };
  const tap = (/** @type {Step} */ step) => (step.warning ? setWarned(step) : run(step));
  const asked = html`
    ${isLocating && html`<${Notice} kind="info" title=${t("visit.locating")} />`}
    ${warned?.warning && html`<${Warning} warning=${warned.warning} onGo=${() => run(warned)} onClose=${() => setWarned(null)} />`}
  `;
  return { tap, asked };
}
