// The customer reads a statement in large type and signs it here, on their own phone, or not at all.

import { get } from "../../data/database.js";
import { drafts as draftsOf, saveDraft, signature } from "../../data/photos.js";
import { kick } from "../../data/outbox.js";
import { seal } from "../../data/records.js";
import { isVisible, unfinishedOf } from "../../flow/signed.js";
import { toMicroseconds } from "../../judge/moments.js";
import { digest, statements } from "../../judge/statement.js";
import { compare, Timeline } from "../../judge/timeline.js";
import SignaturePad from "../../vendor/signature_pad/dist/signature_pad.min.js";
import { COST, costEntries, costOf, draftKey, EMPTY } from "../filled.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { Button, Card, Field, LinkButton, Notice, Screen, announce } from "../parts.js";
import { go } from "../router.js";
import { hold, online } from "../state.js";
import { stepOf, stepPlace, useVisit, visitPlace, write } from "../visit.js";
import { NotThere, Picture, Row, say } from "../visit_parts.js";
import { inBrackets, inLanguage, pair, t } from "../words.js";
import { Code, codeLacks } from "./door.js";

/** @typedef {import("../visit.js").Model} Model */
/** @typedef {import("../visit.js").Step} Step */
/** @typedef {import("../../judge/statement.js").Document} Document */
/** @typedef {{of: string, signer: string, relation: string, strokes: any[], isSigning: boolean, isOwn: boolean}} Signing what is half-done; `of`: the digest of the statement; `isOwn`: the customer scans the code */

const PEN = { penColor: "black", dotSize: 0, minWidth: 1.5, maxWidth: 3.5, velocityFilterWeight: 0.7, backgroundColor: "white" };
const OUTCOMES = /** @type {const} */ (["refused", "absent", "unable", "partly"]);

/** The statement that a step's signature is for, and whether by it the customer pays for the meter a sum that it names. @param {Model} model @param {Step} step */
function documentOf({ rules, id, entries, now, judgement }, step) {
  const timeline = new Timeline(rules, entries, toMicroseconds(now));
  const found = statements(rules, id, timeline, judgement.facts).find(({ table, thing }) => step.items.includes(table.signs ?? "") && thing === step.thing);
  if (!found) return undefined;
  const acts = (timeline.acts.get(COST.of) ?? []).filter(({ entry: { fields } }) => COST.field in (fields ?? {})).sort(compare);
  const isNamed = found.table.lines.some(({ item, field }) => item === COST.of && field === COST.field);
  const isCharged = isNamed && acts[acts.length - 1]?.entry.fields?.[COST.field] === COST.value;
  return { ...found, isCharged, lacksCost: isCharged && !costOf((timeline.acts.get(COST.to) ?? []).map(({ entry }) => entry)) };
}

/** The screen. @param {{visit: string, step: string, correction?: string, leaving?: boolean}} given */
export function Sign({ visit, step, correction, leaving }) {
  const model = useVisit(visit, correction, leaving);
  useEffect(() => hold("signature"), []);
  if (!model) return html`<${NotThere} model=${model} back=${`visits/${visit}`} />`;
  const found = stepOf(model, step);
  const statement = found && documentOf(model, found);
  if (!found || !statement) return html`<${Screen} title=${t("sign.nothing")} back=${visitPlace(model)} />`;
  return html`<${Signing} key=${step} model=${model} step=${found} document=${statement.document} what=${statement.table.signs ?? ""} isCharged=${statement.isCharged} lacksCost=${statement.lacksCost} />`;
}

/** @param {{model: Model, step: Step, document: Document, what: string, isCharged: boolean, lacksCost: boolean}} given */
function Signing({ model, step, document, what, isCharged, lacksCost }) {
  const key = `sign/${step.id}`;
  const [sha256, setSha256] = useState("");
  const [signing, setSigning] = useState(/** @type {Signing} */ ({ of: "", signer: "", relation: "", strokes: [], isSigning: false, isOwn: false, ...model.drafts[key] }));
  const [isTurned, setTurned] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const latest = useRef(signing);
  const text = JSON.stringify(document);
  useEffect(() => {
    digest(document).then(setSha256);
  }, [text]);
  const change = async (/** @type {Partial<Signing>} */ some) => {
    latest.current = { ...latest.current, ...some, of: sha256 };
    setSigning(latest.current);
    await saveDraft(model.id, key, latest.current);
  };
  const isCurrent = signing.of === sha256 || !signing.strokes.length; // strokes for other content are no signature of this
  const strokes = isCurrent ? signing.strokes : [];

  const finish = async (/** @type {Blob} */ picture) => {
    const file = await signature(picture);
    const { signer, relation } = signing;
    const evidence = [{ kind: "signature", sha256: file.sha256, signer: signer.trim(), relation, statement_sha256: sha256 }];
    const own = step.thing === null ? {} : { thing: step.thing };
    await write(model, [{ what, by: "customer", ...own, evidence }], { files: [file], dropDraft: key });
    announce(t("visit.completed", { label: say(step.label) }));
    go(visitPlace(model), { instead: true });
  };
  const instead = async (/** @type {string} */ outcome) => {
    const kept = (await draftsOf(model.id))[draftKey(step.id)] ?? EMPTY;
    await saveDraft(model.id, draftKey(step.id), { ...kept, choice: `refused.${what}`, outcome });
    go(stepPlace(model, "step", step));
  };
  const isUnnamed = !signing.signer.trim() || !signing.relation;
  const unfinished = unfinishedOf(model.rules, model.judgement, model.stages, step);
  const sign = () => {
    if ((!isUnnamed && !unfinished.length) || isAsked) return change({ isSigning: true, strokes });
    setAsked(true); // told once, never blocked
  };
  const ownLacks = codeLacks(model) ?? (online.value || isSent(model) ? null : t("sign.ownOffline"));
  const canRefuse = model.rules.byId.get(what)?.item.refusal != null;

  if (signing.isSigning && isCurrent) {
    const relation = model.rules.checklist.words.relations?.[signing.relation];
    return html`<${Pad} strokes=${strokes} name=${relation ? inBrackets(signing.signer, say(relation)) : signing.signer}
      onStroke=${(/** @type {any[]} */ drawn) => change({ strokes: drawn })} onDone=${finish} onBack=${() => change({ isSigning: false })} />`;
  }
  if (signing.isOwn) return html`<${OwnPhone} model=${model} step=${step} onBack=${() => change({ isOwn: false })} />`;
  const actions = html`
    <${Button} icon="turn" onPress=${() => setTurned(!isTurned)}>${t(isTurned ? "sign.turnBack" : "sign.turn")}<//>
  `;
  return html`
    <${Screen} title=${t("sign.paper")} back=${visitPlace(model)} actions=${actions}>
      ${unfinished.length > 0 && html`<${Unfinished} model=${model} some=${unfinished} isAsked=${isAsked} />`}
      <${Paper} document=${document} isTurned=${isTurned} />
      ${isCharged && html`<${PriceList} />`}
      ${lacksCost && html`<${Cost} model=${model} />`}
      <${Signer} model=${model} signing=${signing} onChange=${change} />
      ${isAsked && isUnnamed && html`<${Notice} kind="warn" title=${t("sign.unnamed")} alert />`}
      <div class="equal">
        <${Button} icon="pen" onPress=${sign}>${t("sign.sign")}<//>
        ${!ownLacks && html`<${Button} icon="phone" onPress=${() => change({ isOwn: true })}>${t("sign.own")}<//>`}
        ${canRefuse && OUTCOMES.map(outcome => html`<${Button} key=${outcome} onPress=${() => instead(outcome)}>
          <span class="unseen">${pair(t("step.outcome"), "")}</span>${say({ zh: t(`step.${outcome}`), en: t(`step.${outcome}`) })}
        <//>`)}
      </div>
      ${ownLacks && html`<${Row} icon="phone" name="">${pair(t("sign.own"), ownLacks)}<//>`}
    <//>
  `;
}

/**
 * What of the paper is not complete: completed later, it would need another signature.
 * @param {{model: Model, some: import("../../flow/types.d.ts").Missing[], isAsked: boolean}} given
 */
const Unfinished = ({ model, some, isAsked }) => html`
  <${Notice} kind="warn" title=${t("sign.unfinished")} alert=${isAsked}>
    <ul>${some.map(({ view }) => html`<li key=${view.code}>${inLanguage(view.message)}</li>`)}</ul>
    ${[...new Set(some.map(({ step }) => step))].map(own =>
      own && html`<${LinkButton} key=${own.id} to=${own.done ? visitPlace(model) : stepPlace(model, "step", own)}>${say(own.label)}<//>`,
    )}
    ${isAsked && html`<p>${t("sign.anyway")}</p>`}
  <//>
`;

/** Whether the server has all that was recorded here. @param {Model} model */
const isSent = ({ records, unsent }) => !unsent && records.length > 0 && records.every(({ state }) => state === "stored");

/** What is signed is the Chinese text. @param {{document: Document, isTurned: boolean}} given */
const Paper = ({ document, isTurned }) => html`
  <article class=${`paper ${isTurned ? "turned" : ""}`} lang="zh-CN">
    <h2>${document.title}</h2>
    <dl>
      ${document.lines.map(
        ({ label, value, photos }, n) => html`
          <div key=${n}><dt>${label}</dt>
            ${value?.map(line => html`<dd key=${line}>${line}</dd>`)}
            ${photos?.map((sha256, k) => html`<dd key=${sha256}><${Picture} sha256=${sha256} name=${`${label} ${k + 1}`} /></dd>`)}
          </div>
        `,
      )}
    </dl>
    ${document.declaration && html`<p class="lead">${document.declaration}</p>`}
  </article>
`;

/** What the utility's office has set; it is no part of what is signed. */
function PriceList() {
  const [text, setText] = useState("");
  useEffect(() => {
    get("meta", "price_list").then((/** @type {string | undefined} */ found) => setText(found ?? ""));
  }, []);
  return text && html`<${Card} title=${t("sign.prices")}><p lang="zh-CN">${text}</p><//>`;
}

/** Nobody signs to pay a sum that the paper does not name. @param {{model: Model}} given */
function Cost({ model }) {
  const [cost, setCost] = useState("");
  return html`
    <${Notice} kind="warn" title=${t("sign.missing")}>
      <${Field} label=${t("step.cost")}><input value=${cost} maxlength="200" onInput=${(/** @type {any} */ event) => setCost(event.currentTarget.value)} /><//>
      <${Button} onPress=${() => cost.trim() && write(model, costEntries(model.entries, cost.trim()))}>${t("step.keep")}<//>
    <//>
  `;
}

/** @param {{model: Model, signing: Signing, onChange: (some: Partial<Signing>) => unknown}} given */
function Signer({ model: { rules }, signing, onChange }) {
  const allowed = rules.byId.get("signer_is_customer")?.item.allowed_signers ?? [];
  const relations = rules.checklist.words.relations ?? {};
  return html`
    <${Card} title=${t("sign.who")}>
      <${Field} label=${t("sign.name")}>
        <input value=${signing.signer} maxlength="200" autocomplete="off" onInput=${(/** @type {any} */ event) => onChange({ signer: event.currentTarget.value })} />
      <//>
      <fieldset class="field"><legend>${t("sign.relation")}</legend>
        <div class="choices">
          ${allowed.map(relation => html`<${Button} key=${relation} pressed=${signing.relation === relation}
            onPress=${() => onChange({ relation })}>${say(relations[relation] ?? { zh: relation, en: relation })}<//>`)}
        </div>
      </fieldset>
      <p class="quiet">${t("sign.notAllowed")}</p>
    <//>
  `;
}

const ASK_MS = 15_000; // while somebody waits for the customer's answer

/**
 * The customer scans the code, which leads to their page. The code needs no network here, but the paper has to be there:
 * it is sent at once. Their answer comes with the agenda.
 * @param {{model: Model, step: Step, onBack: () => unknown}} given
 */
function OwnPhone({ model, step, onBack }) {
  const isDone = step.done;
  useEffect(() => {
    seal(model.id).then(kick);
    const timer = setInterval(() => navigator.onLine && !isDone && kick(), ASK_MS);
    return () => clearInterval(timer);
  }, [isDone]);
  const lacks = codeLacks(model);
  const door = model.visit.door_key;
  const actions = isDone
    ? html`<${LinkButton} kind="main" icon="next" to=${visitPlace(model)}>${t("sign.onwards")}<//>`
    : html`<${Button} icon="pen" onPress=${onBack}>${t("sign.here")}<//>`;
  return html`
    <${Screen} title=${t("sign.own")} back=${visitPlace(model)} actions=${actions}>
      ${
        isDone
          ? html`<${Notice} kind="good" title=${t("sign.ownDone")} alert />`
          : html`
              ${lacks || !door
                ? html`<${Notice} kind="warn" title=${lacks} alert />`
                : isSent(model)
                  ? html`<p class="lead">${t("sign.ownHow")}</p><${Code} visit=${model.id} door=${door} />`
                  : html`<${Notice} kind="info" title=${t(online.value ? "sign.ownWaiting" : "sign.ownOffline")} alert />`}
            `
      }
    <//>
  `;
}

/**
 * The whole screen to sign on. Each stroke is stored when it ends.
 * @param {{strokes: any[], name: string, onStroke: (strokes: any[]) => unknown, onDone: (picture: Blob) => unknown, onBack: () => unknown}} given
 */
function Pad({ strokes, name, onStroke, onDone, onBack }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const pad = useRef(/** @type {any} */ (null));
  const stroke = useRef(onStroke);
  stroke.current = onStroke;
  const [isSigned, setSigned] = useState(isVisible(strokes));
  const [isDot, setDot] = useState(false);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const own = new SignaturePad(element, PEN);
    pad.current = own;
    // a canvas loses its content when its size changes
    const fit = (/** @type {any[]} */ drawn) => {
      const scale = Math.max(window.devicePixelRatio || 1, 1);
      element.width = Math.round(element.clientWidth * scale);
      element.height = Math.round(element.clientHeight * scale);
      element.getContext("2d")?.scale(scale, scale);
      own.clear();
      own.fromData(drawn);
    };
    fit(strokes);
    const resized = () => fit(own.toData());
    const ended = () => {
      setSigned(isVisible(own.toData()));
      setDot(true);
      stroke.current(own.toData());
    };
    window.addEventListener("resize", resized);
    own.addEventListener("endStroke", ended);
    return () => {
      window.removeEventListener("resize", resized);
      own.off();
    };
  }, []);
  const clear = () => {
    pad.current?.clear();
    setSigned(false);
    setDot(false);
    return onStroke([]);
  };
  const done = async () => {
    const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ made) => canvas.current?.toBlob(made, "image/png"));
    if (blob) await onDone(blob);
  };
  return html`
    <main class="pad">
      <h1>${t("sign.pad")} <small>${name}</small></h1>
      ${isDot && !isSigned && html`<p role="alert">${t("sign.dot")}</p>`}
      <canvas ref=${canvas} aria-label=${t("sign.pad")} role="img"></canvas>
      <div class="choices">
        <${Button} icon="back" onPress=${onBack}>${t("back")}<//>
        <${Button} icon="again" onPress=${clear}>${t("sign.clear")}<//>
        <${Button} kind="main" icon="check" disabled=${!isSigned} onPress=${done}>${t("sign.done")}<//>
      </div>
    </main>
  `;
}
