// What is half-done of a step's form: kept as it is typed, and filled with what was recorded before it is corrected.

import { saveDraft } from "../data/photos.js";
import { useEffect, useRef, useState } from "./html.js";
import { liveOf, whereabouts } from "./visit.js";
import { t } from "./words.js";

/** @typedef {import("./visit.js").Model} Model */
/** @typedef {import("../flow/types.d.ts").Step} Step */
/** @typedef {import("../data/types.d.ts").Entry} Entry */
/** @typedef {import("../data/types.d.ts").NewFile} NewFile */
/** @typedef {import("../data/types.d.ts").Place} Place */
/** @typedef {import("../judge/types.d.ts").FieldValue} FieldValue */
/**
 * A photo; without its bytes if it is recorded already.
 * @typedef {Omit<NewFile, "blob"> & {blob?: Blob}} Photo
 */
/**
 * `choice`: which other answer is being given.
 * @typedef {object} Filled
 * @property {Record<string, FieldValue>} fields
 * @property {string} text
 * @property {string} number
 * @property {string} reason
 * @property {string} outcome
 * @property {string} cost
 * @property {string} choice
 * @property {Photo[]} photos
 * @property {Place | null} place
 */

/** @type {Filled} */
export const EMPTY = { fields: {}, text: "", number: "", reason: "", outcome: "", cost: "", choice: "", photos: [], place: null };
const SAVE_MS = 300;
/** The paper that the customer signs names what the meter costs, in words: the checklist has no amount of its own. */
export const COST = { of: "meter_cause_confirmed", field: "charge", value: "charged", to: "meter_cause_analysed", words: "水表费用：" };

/** What the meter costs, if entries name it. @param {Entry[]} entries */
export const costOf = entries =>
  entries.flatMap(({ what, evidence = [] }) => (what === COST.to ? evidence : [])).flatMap(({ text }) => (text?.startsWith(COST.words) ? text.slice(COST.words.length) : [])).pop() ?? "";

/** What makes this the cost that the paper names, and no other. @param {Entry[]} entries @param {string} cost @returns {Partial<Entry>[]} */
export function costEntries(entries, cost) {
  const named = liveOf(entries).filter(entry => entry.by === "technician" && costOf([entry]));
  const others = named.filter(entry => costOf([entry]) !== cost);
  return [
    ...others.map(({ id }) => ({ withdraws: id, reason: t("step.undoWrong") })),
    ...(cost && named.length === others.length ? [{ what: COST.to, evidence: [{ kind: "text", text: `${COST.words}${cost}` }] }] : []),
  ];
}

/** Whether a photo is all that a step needs: then taking it records the step. @param {Step} step */
export const isOnlyPhoto = ({ needs, form }) => needs === "photo" && !form.text && !form.number && !Object.keys(form.fields).length;

/** @param {string} step */
export const draftKey = step => `form/${step}`;

/**
 * A form as it was filled in when these entries of a visit were recorded.
 * @param {Entry[]} recorded
 * @param {Entry[]} entries
 * @returns {Filled}
 */
export function filledFrom(recorded, entries) {
  const evidence = recorded.flatMap(entry => entry.evidence ?? []);
  const last = recorded[recorded.length - 1];
  const texts = evidence.flatMap(({ kind, text }) => (kind === "text" && text && !text.startsWith(COST.words) ? text : []));
  const { waived, refused } = last ?? {};
  /** @type {Map<string, Photo>} */
  const photos = new Map();
  for (const { kind, sha256, taken_at } of evidence) {
    if (kind === "photo" && sha256) photos.set(sha256, { sha256, kind, taken_at: taken_at ?? last.at });
  }
  return {
    ...EMPTY,
    fields: Object.assign({}, ...recorded.map(entry => entry.fields ?? {})),
    text: texts.join("\n"),
    number: evidence.reduce((number, piece) => piece.number ?? number, ""),
    reason: waived?.reason ?? refused?.reason ?? "",
    outcome: refused?.outcome ?? "",
    choice: refused ? `refused.${last.what}` : waived ? `${waived.by}.${last.what}` : "",
    cost: costOf(entries),
    photos: [...photos.values()],
    place: last?.place ?? null,
  };
}

/** What the form of a step begins with. @param {Model} model @param {Step} step @returns {Filled} */
export function begun({ drafts, entries }, step) {
  const kept = drafts[draftKey(step.id)];
  if (kept) return kept;
  const repeats = step.parts.flatMap(part => part.repeats ?? []);
  return repeats.length ? filledFrom(step.recorded, entries) : EMPTY;
}

/**
 * What was filled in, stored as it is typed; and what adds a photo to it, at once on disk with all that was typed before.
 * @param {Model} model
 * @param {Step} step
 * @returns {[Filled, (change: Partial<Filled>) => void, (photo: NewFile) => Promise<unknown>, () => void, () => Filled]} then: it is recorded, and not stored any more; and as it is at this moment
 */
export function useFilled(model, step) {
  const [filled, setFilled] = useState(begun(model, step));
  const latest = useRef({ filled, timer: 0 });
  const end = () => {
    clearTimeout(latest.current.timer);
    latest.current.timer = 0;
  };
  const save = () => {
    end();
    return saveDraft(model.id, draftKey(step.id), latest.current.filled);
  };
  useEffect(() => {
    const flush = () => {
      if (latest.current.timer) save();
    };
    document.addEventListener("visibilitychange", flush);
    return () => {
      document.removeEventListener("visibilitychange", flush);
      flush();
    };
  }, []);
  const change = (/** @type {Partial<Filled>} */ some) => {
    latest.current.filled = { ...latest.current.filled, ...some };
    setFilled(latest.current.filled);
    clearTimeout(latest.current.timer);
    latest.current.timer = window.setTimeout(save, SAVE_MS);
  };
  const add = async (/** @type {NewFile} */ photo) => {
    const place = await whereabouts();
    change({ photos: [...latest.current.filled.photos, photo], place });
    return save();
  };
  return [filled, change, add, end, () => latest.current.filled];
}
