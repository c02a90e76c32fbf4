// A phone on which nobody is enrolled: by the camera and the browser, or by entering the code here. An iPhone keeps the
// storage of the home screen apart from its browser's, so that there only the second way leads into the app.

import { kick } from "../../data/outbox.js";
import { enrolWith } from "../../shared/enrolment.js";
import { html, useState } from "../html.js";
import { Button, Card, Field, Notice, Screen, OtherLanguage } from "../parts.js";
import { me } from "../state.js";
import { t } from "../words.js";

const PROBLEMS = ["unknown-code", "too-many-devices", "too-many-requests"];

/** @param {{onCheck: () => Promise<void>}} given */
function ByCode({ onCheck }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const enrol = async () => {
    const code = text.slice(text.indexOf("#") + 1).trim(); // the whole address may be pasted
    if (!code) return;
    try {
      const answer = await enrolWith(code, t("enrol.name"));
      if ("problem" in answer) {
        setProblem(PROBLEMS.includes(answer.problem) ? answer.problem : "later");
        return;
      }
    } catch {
      setProblem("later");
      return;
    }
    await onCheck();
    await kick();
  };
  return html`
    <${Card} title=${t("enrol.byCode")}>
      <${Field} label=${t("enrol.code")} hint=${t("enrol.codeHint")}>
        <input
          type="text" name="code" value=${text} autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck=${false}
          enterkeyhint="go" onInput=${(/** @type {any} */ event) => setText(event.target.value)}
        />
      <//>
      ${problem && html`<${Notice} kind="bad" title=${t(`enrol.${problem}`)} alert />`}
      <${Button} isLong onPress=${enrol}>${t("enrol.do")}<//>
    <//>
  `;
}

/**
 * The screen.
 * @param {{onCheck: () => Promise<void>}} given
 */
export function NotEnrolled({ onCheck }) {
  const [asked, setAsked] = useState(false);
  const check = async () => {
    await onCheck();
    setAsked(!me.value);
  };
  return html`
    <${Screen} title=${t("enrol.title")}>
      <${Card}>
        <ol class="steps"><li>${t("enrol.one")}</li><li>${t("enrol.two")}</li><li>${t("enrol.three")}</li></ol>
        <${Button} kind="main" onPress=${check}>${t("enrol.check")}<//>
        ${asked && html`<${Notice} kind="warn" title=${t("enrol.not")} alert />`}
      <//>
      <${ByCode} onCheck=${onCheck} />
      <${OtherLanguage} />
    <//>
  `;
}
