// Parts of the screens of a visit.

import { StorageFull } from "../data/database.js";
import { blobOf, dropDraft, NotAPhoto, saveDraft, takeIn } from "../data/photos.js";
import { movedBy } from "../flow/situation.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Button, Icon, Notice, Screen, announce } from "./parts.js";
import { online } from "./state.js";
import { inTurn } from "./turns.js";
import { known } from "./visit.js";
import { inBrackets, inLanguage, language, pair, t } from "./words.js";

/** @typedef {import("./visit.js").Model} Model */
/** @typedef {import("../vendor/preact/dist/preact.mjs").Child} Child */
/** @typedef {import("../data/types.d.ts").NewFile} NewFile */
/** @typedef {import("../data/types.d.ts").VisitView} VisitView */
/** @typedef {import("../judge/types.d.ts").FindingView} FindingView */
/** @typedef {import("../judge/types.d.ts").Text} Text */

/** A text of the checklist; English ones begin with a capital on a screen. @param {Text} text */
export function say(text) {
  const said = inLanguage(text);
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** @param {string | Date} moment */
export const clockText = moment =>
  new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment));

/** @param {string | Date} moment */
export const dayText = moment =>
  new Intl.DateTimeFormat(language.value === "en" ? "en-GB" : "zh-CN", { month: "long", day: "numeric", weekday: "short" }).format(
    new Date(moment),
  );

/** @param {{from: string, to: string}} span */
export const spanText = ({ from, to }) => `${clockText(from)}–${clockText(to)}`;

/** @param {string} from @param {string} to @param {boolean} withDay */
export const timesOf = (from, to, withDay) => `${withDay ? `${dayText(from)} ` : ""}${from === to ? clockText(from) : spanText({ from, to })}`;

/** The window in force. @param {VisitView} view */
export const windowOf = view => view.rescheduled?.[view.rescheduled.length - 1] ?? view.window ?? null;

/** @param {VisitView} view @param {boolean} [withDay] the day, if it is not today */
export function windowText(view, withDay = false) {
  const window = windowOf(view);
  return window ? timesOf(window.from, window.to, withDay && dayText(window.from) !== dayText(new Date())) : t("today.noWindow");
}

/** A telephone number as it can be called. @param {string} phone */
export const dialled = phone => `tel:${phone.replace(/[^0-9+]/g, "")}`;

/**
 * What is shown of a visit that is not here, or not yet.
 * @param {{model: Model | null | undefined, back: string}} given
 */
export const NotThere = ({ model, back }) => html`
  <${Screen} title=${t(model === null ? "visit.gone" : "visit.loading")} back=${back} />
`;

/** What a dispatcher wrote about care. @param {{view: VisitView, entries: Model["entries"], rules: Model["rules"] | null}} known */
export function careNotes({ view, entries, rules }) {
  const choices = rules?.byId.get("vulnerable_served")?.fields.get("need")?.choices ?? [];
  const need = (/** @type {string} */ value) => inLanguage(choices.find(({ id }) => id === value) ?? { zh: value });
  const written = entries.filter(({ what, by }) => what === "vulnerable_served" && by !== "customer");
  const notes = written.flatMap(({ fields, evidence }) => [
    ...(typeof fields?.need === "string" ? [need(fields.need)] : []),
    ...(evidence ?? []).flatMap(({ text }) => text ?? []),
  ]);
  if (!notes.length && view.assigned?.customer_vulnerable) return [t("visit.careUnknown")];
  return notes;
}

/** That there is no network, and how many steps wait for one. @param {{count: number}} given */
export function Offline({ count }) {
  if (online.value) return null;
  const text = count ? inBrackets(t("visit.offline"), t("today.unsent", { count })) : t("visit.offline");
  return html`<p class="offline"><${Icon} name="offline" /><span>${text}</span></p>`;
}

const SEVERITY = /** @type {const} */ ({ violation: "bad", warning: "warn", open: "info", info: "info" });

/** The worst first. @param {{severity: FindingView["severity"]}} a @param {{severity: FindingView["severity"]}} b */
export const bySeverity = (a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity);
const ORDER = Object.keys(SEVERITY);

/**
 * A finding in its own words, and what they are about where they do not say it.
 * @param {{model: Model, finding: FindingView, children?: Child}} given
 */
export function Finding({ model, finding, children }) {
  const moved = movedBy(...known(model), finding.item);
  const times = moved && { arrived: clockText(moved.arrived), window: spanText(moved) };
  return html`
    <${Notice} kind=${SEVERITY[finding.severity]} title=${inLanguage(finding.message)}>${times && html`<p>${t("finding.moved", times)}</p>`}${children}<//>
  `;
}

/**
 * A photo that is on this phone; `blob` if it is in no entry yet.
 * @param {{sha256: string, name: string, blob?: Blob}} given
 */
export function Picture({ sha256, name, blob: given }) {
  const [address, setAddress] = useState(/** @type {string | null} */ (null));
  useEffect(() => {
    let made = "";
    let live = true;
    (given ? Promise.resolve(given) : blobOf(sha256)).then(blob => {
      if (!live || !blob) return setAddress("");
      made = URL.createObjectURL(blob);
      setAddress(made);
    });
    return () => {
      live = false;
      URL.revokeObjectURL(made);
    };
  }, [sha256]);
  if (address === "") return html`<p class="quiet">${pair(name, t("sign.photoElsewhere"))}</p>`;
  return html`<img class="picture" src=${address ?? undefined} alt=${name} />`;
}

/** Visits whose photo this page is scaling: it was not interrupted. @type {Set<string>} */
export const inHand = new Set();

/**
 * The camera, as a button. That a photo is awaited is stored before the camera opens, because the phone may close this
 * page behind it; the photo is stored as soon as it arrives, before it is scaled.
 * @param {{visit: string, step: string, onPhoto: (file: NewFile) => unknown, children?: Child, kind?: "main" | "plain"}} given
 */
export function Camera({ visit, step, onPhoto, children, kind = "plain" }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [isBad, setBad] = useState(false);
  const [isKept, setKept] = useState(true);
  const latest = useRef(onPhoto);
  latest.current = onPhoto;
  const open = async () => {
    await saveDraft(visit, "camera", { step });
    input.current?.click();
  };
  const changed = async () => {
    const file = input.current?.files?.[0];
    if (!input.current || !file) return;
    inHand.add(visit);
    setKept(false);
    announce(t("step.photoSaving"));
    const stored = saveDraft(visit, "camera", { step, raw: file }).catch(error => {
      if (!(error instanceof StorageFull)) throw error; // there may be room for it once it is scaled
    });
    try {
      await inTurn(async () => {
        await stored;
        if (input.current) input.current.value = "";
        setBad(!(await develop(visit, file, photo => latest.current(photo)))); // with what was filled in meanwhile
      });
    } finally {
      inHand.delete(visit);
      setKept(true);
    }
  };
  return html`
    <input ref=${input} hidden type="file" accept="image/*" capture="environment"
      onChange=${changed} onCancel=${() => dropDraft(visit, "camera")} />
    <${Button} kind=${kind} icon="camera" disabled=${!isKept} onPress=${open}>${isKept ? (children ?? t("step.photo")) : t("step.photoSaving")}<//>
    ${isBad && html`<${Notice} kind="bad" title=${t("step.photoBad")} alert />`}
  `;
}

/**
 * Scale a photo and hand it on; false if it is none.
 * @param {string} visit
 * @param {File | Blob} raw
 * @param {(file: NewFile) => unknown} onPhoto
 */
export async function develop(visit, raw, onPhoto) {
  try {
    await onPhoto(await takeIn(raw));
    return true;
  } catch (error) {
    if (!(error instanceof NotAPhoto)) throw error;
    return false;
  } finally {
    await dropDraft(visit, "camera");
  }
}

/**
 * A row of facts about the visit.
 * @param {{icon: import("./parts.js").IconName, name: string, children?: Child}} given
 */
export const Row = ({ icon, name, children }) => html`
  <div class="row"><${Icon} name=${icon} /><div><span class="unseen">${pair(name, "")}</span>${children}</div></div>
`;

