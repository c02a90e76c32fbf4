// One answer of a form: typed, picked from a list, or a time.

import { stamp } from "../data/clock.js";
import { isValidAnswer } from "../judge/evidence.js";
import { html, useState } from "./html.js";
import { Button, Field, Notice } from "./parts.js";
import { say } from "./visit_parts.js";
import { inBrackets, t } from "./words.js";

/** @typedef {import("../judge/types.d.ts").Field} FieldRule */
/** @typedef {import("../judge/types.d.ts").FieldValue} FieldValue */

/**
 * A typed answer as the checklist wants it; what is no number stays as it was written.
 * @param {FieldRule} rule
 * @param {string} text
 * @returns {FieldValue}
 */
function valueOf({ type }, text) {
  const plain = text.normalize("NFKC").trim();
  if (type === "number") return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : plain;
  return type === "code" ? plain : text;
}

/** What a page's input for date and time shows. @param {FieldValue} value */
const localTime = value => (typeof value === "string" ? value.slice(0, 16) : "");

/**
 * What is wrong about an answer, as the judge will find.
 * @param {FieldRule} rule
 * @param {FieldValue | undefined} value
 */
export function wrongText(rule, value) {
  if (value === undefined || isValidAnswer(rule, value)) return null;
  const { min, max } = rule;
  const isOut = rule.type === "number" && typeof value === "number";
  const bounds = `${min ?? ""}–${max ?? ""}`;
  return isOut ? t("value.range", { name: say(rule), bounds }) : t(`value.${rule.type === "number" ? "number" : "time"}`, { name: say(rule) });
}

/**
 * What is the same before and after, and should not be: `old_…` and `new_…`, such as the numbers of two meters.
 * @param {Record<string, FieldRule>} rules
 * @param {Record<string, FieldValue>} values
 */
export const sameTexts = (rules, values) =>
  Object.entries(rules).flatMap(([name, rule]) => {
    const other = name.replace(/^old_/, "new_");
    const isSame = other !== name && rules[other] && rule.type === "code" && values[name] && values[name] === values[other];
    return isSame ? t("value.same", { name: say(rule), other: say(rules[other]) }) : [];
  });

/**
 * `onPick`: an answer that is tapped, not typed.
 * @param {{name: string, rule: FieldRule, value: FieldValue, onChange: (value: FieldValue | undefined) => void, onPick: (value: FieldValue | undefined) => unknown}} given
 */
export function Answer({ name, rule, value, onChange, onPick }) {
  const [typed, setTyped] = useState("");
  const wrong = wrongText(rule, value);
  const label = rule.unit ? inBrackets(say(rule), rule.unit) : say(rule);
  if (rule.type === "choice") {
    return html`
      <fieldset class="field" name=${name}><legend>${label}</legend>
        <div class="choices">
          ${rule.choices?.map(choice => {
            const isChosen = value === choice.id;
            return html`<${Button} key=${choice.id} pressed=${isChosen} onPress=${() => onPick(isChosen ? undefined : choice.id)}>${say(choice)}<//>`;
          })}
        </div>
      </fieldset>
    `;
  }
  if (rule.type === "time") {
    const later = (/** @type {number} */ minutes) => onPick(stamp(new Date(Date.now() + minutes * 60_000)));
    const change = (/** @type {{currentTarget: HTMLInputElement}} */ { currentTarget: { value: text } }) =>
      onChange(text ? stamp(new Date(text)) : undefined);
    return html`
      <div class="field">
        <${Field} label=${label}><input type="datetime-local" value=${localTime(value)} onChange=${change} /><//>
        <div class="choices">
          <${Button} onPress=${() => later(30)}>${t("step.inMinutes", { count: 30 })}<//>
          ${[1, 2, 4].map(hours => html`<${Button} key=${hours} onPress=${() => later(60 * hours)}>${t("step.inHours", { count: hours })}<//>`)}
        </div>
      </div>
    `;
  }
  const input = (/** @type {{currentTarget: HTMLInputElement}} */ { currentTarget: { value: text } }) => {
    setTyped(text);
    onChange(text === "" ? undefined : valueOf(rule, text));
  };
  // what is being typed is left as it is: "12." is on its way to "12.5", and an input method would be broken off
  const shown = typed !== "" && valueOf(rule, typed) === value ? typed : value === undefined ? "" : String(value);
  return html`
    <${Field} label=${label}>
      <input name=${name} value=${shown} onInput=${input} maxlength="2000" autocomplete="off" enterkeyhint="next"
        inputmode=${rule.type === "number" ? "decimal" : undefined} autocapitalize=${rule.type === "code" ? "characters" : undefined} />
    <//>
    ${wrong && html`<${Notice} kind="warn" title=${wrong} />`}
  `;
}
