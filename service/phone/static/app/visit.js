// One visit as its screens show it: what the server sent, what was recorded here, how it is judged, and what comes next.

import { now } from "../data/clock.js";
import { all, get, onWrite } from "../data/database.js";
import { drafts } from "../data/photos.js";
import { addEntries, entriesOf, seal, withdraw } from "../data/records.js";
import { judge } from "../judge/judge.js";
import { FindingFormatter } from "../judge/messages.js";
import { CompiledChecklist } from "../judge/rules.js";
import { stepsOf } from "../flow/steps.js";
import { useEffect, useState } from "./html.js";
import { go } from "./router.js";

/**
 * @typedef {import("../data/types.d.ts").Entry} Entry
 * @typedef {import("../data/types.d.ts").NewFile} NewFile
 * @typedef {import("../data/types.d.ts").StoredVisit} StoredVisit
 * @typedef {import("../data/types.d.ts").StoredEntry} StoredEntry
 * @typedef {import("../data/types.d.ts").StoredRecord} StoredRecord
 * @typedef {import("../data/types.d.ts").Place} Place
 * @typedef {import("../flow/types.d.ts").Stage} Stage
 * @typedef {import("../flow/types.d.ts").Step} Step
 * @typedef {import("../judge/types.d.ts").FindingView} FindingView
 * @typedef {import("../judge/types.d.ts").Judgement} Judgement
 */
/**
 * @typedef {object} Model
 * @property {string} id
 * @property {StoredVisit} visit
 * @property {import("../data/types.d.ts").VisitView} view
 * @property {CompiledChecklist} rules
 * @property {Entry[]} entries
 * @property {string} now
 * @property {Judgement} judgement
 * @property {FindingView[]} findings
 * @property {Stage[]} stages
 * @property {Record<string, any>} drafts
 * @property {StoredRecord[]} records
 * @property {number} unsent how many taps on this phone the server does not know of
 * @property {boolean} left whether the visit is over
 * @property {string | undefined} correction the id of the correction that is being answered
 * @property {boolean} leaving whether this is about what is missing before leaving
 */

const REFRESH_MS = 60_000; // time limits pass without anybody writing
const POSITION_MS = 4000;

/** @type {Map<string, CompiledChecklist>} */
const compiled = new Map();

/** @param {string} name such as `onsite@1` */
export async function rulesOf(name) {
  const found = compiled.get(name);
  if (found) return found;
  const checklist = await get("checklists", name);
  if (!checklist) return null;
  const rules = new CompiledChecklist(checklist);
  compiled.set(name, rules);
  return rules;
}

/**
 * A visit as it stands; null if this phone does not have it, or not its checklist.
 * @param {string} id
 * @param {string} [correction] the id of a correction: only its items are steps then
 * @param {boolean} [leaving]
 * @returns {Promise<Model | null>}
 */
export async function load(id, correction, leaving = false) {
  const visit = /** @type {StoredVisit | undefined} */ (await get("visits", id));
  const rules = visit ? await rulesOf(visit.view.checklist) : null;
  if (!visit || !rules) return null;
  const { view } = visit;
  const [entries, own, kept, records] = await Promise.all([
    entriesOf(id), all("entries", "visit", id), drafts(id), all("records", "visit", id),
  ]);
  const stored = new Set(records.filter(({ state }) => state === "stored").map(record => record.id));
  const unsent = tapsOf(own.filter(({ record }) => !stored.has(record)));
  const { at } = now();
  const judgement = await judge(rules, view, entries, at);
  const findings = new FindingFormatter(rules.checklist).format(judgement.findings, judgement.labels);
  const reopen = visit.corrections.find(each => each.id === correction)?.items;
  const stages = await stepsOf(rules, view, entries, judgement, at, { reopen });
  const left = judgement.facts.has("left");
  return { id, visit, view, rules, entries, now: at, judgement, findings, stages, drafts: kept, records, unsent, left, correction, leaving };
}

/**
 * Does something, and once more if it was asked for meanwhile. What it returns lasts until that is done too.
 * @param {() => Promise<void>} work
 */
function oneAtATime(work) {
  /** @type {Promise<void> | null} */
  let running = null;
  let again = false;
  const turns = async () => {
    while (again) {
      again = false;
      await work();
    }
  };
  return () => {
    again = true;
    running ??= turns().finally(() => (running = null));
    return running;
  };
}

/**
 * The visit, loaded again after each write; undefined until it is there.
 * @param {string} id
 * @param {string} [correction]
 * @param {boolean} [leaving]
 * @returns {Model | null | undefined}
 */
export function useVisit(id, correction, leaving) {
  const [model, setModel] = useState(/** @type {Model | null | undefined} */ (undefined));
  useEffect(() => {
    let live = true;
    const look = oneAtATime(async () => {
      const found = await load(id, correction, leaving);
      if (live) setModel(found);
    });
    look();
    const stop = onWrite(look);
    const timer = setInterval(look, REFRESH_MS);
    return () => {
      live = false;
      stop();
      clearInterval(timer);
    };
  }, [id, correction]);
  return model;
}

/** What the functions of `flow/` begin with. @param {Model} model */
export const known = ({ rules, view, entries, judgement, now: at }) =>
  /** @type {const} */ ([rules, view, entries, judgement, at]);

/** Entries that were not withdrawn. @param {Entry[]} entries */
export function liveOf(entries) {
  const withdrawn = new Set(entries.map(({ withdraws }) => withdraws));
  return entries.filter(({ id, withdraws }) => !withdraws && !withdrawn.has(id));
}

/** How often was tapped: what one tap records has one time. @param {StoredEntry[]} entries */
export const tapsOf = entries => new Set(entries.map(({ entry: { at: time } }) => time)).size;

/** Steps after which the server should know at once. */
const SEALED_AFTER = ["arrived", "left", "nobody_home", "meter_order_signed"];

/**
 * Record entries; on disk when this returns. What is worth knowing at once becomes a record that is sent.
 * @param {Model} model
 * @param {Partial<Entry>[]} entries
 * @param {{files?: NewFile[], dropDraft?: string}} [also]
 */
export async function write(model, entries, also = {}) {
  await addEntries(model.id, entries, also);
  if (model.correction) return; // all of its items are handed back at once
  if (model.left || entries.some(({ what }) => SEALED_AFTER.includes(what ?? ""))) await seal(model.id);
}

/**
 * Take back what a step recorded: entries are only ever added. A signature stays; a later one replaces it.
 * @param {Model} model
 * @param {Entry[]} recorded
 * @param {string} reason
 */
export async function undo(model, recorded, reason) {
  for (const { id, by } of recorded) if (by === "technician") await withdraw(model.id, id, reason);
  if (model.left && !model.correction) await seal(model.id);
}

/** Where the phone is, if it knows within some seconds: nothing waits for it longer. @returns {Promise<Place | null>} */
export function whereabouts() {
  return new Promise(done => {
    const late = setTimeout(() => done(null), POSITION_MS);
    const end = (/** @type {Place | null} */ place) => {
      clearTimeout(late);
      done(place);
    };
    if (!navigator.geolocation) return end(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => end({ lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy) }),
      () => end(null),
      { enableHighAccuracy: true, timeout: POSITION_MS, maximumAge: 30_000 },
    );
  });
}

/**
 * The place of a screen of a visit.
 * @param {string} visit
 * @param {...string} rest
 */
export const at = (visit, ...rest) => ["visits", visit, ...rest].join("/");

/** Where a screen of a step leads back to. @param {Model} model */
export const visitPlace = ({ id, correction, leaving }) => (correction ? at(id, "correct", correction) : leaving ? at(id, "leave") : at(id));

/**
 * The place of a screen of a step.
 * @param {Model} model
 * @param {"step" | "sign"} screen
 * @param {Step} step
 */
export const stepPlace = (model, screen, step) => `${visitPlace(model)}/${screen}/${step.id}`;

/** @param {Model} model @param {string} id */
export const stepOf = (model, id) => model.stages.flatMap(({ steps }) => steps).find(step => step.id === id);

/**
 * What happens when a step is tapped: it is recorded, or the screen opens that asks for what it needs.
 * @param {Model} model
 * @param {Step} step
 */
export async function perform(model, step) {
  if (step.needs === "signature") return go(stepPlace(model, "sign", step));
  if (step.id === "leave") return leave(model, step);
  const isForm = step.needs !== "tap" && step.needs !== "gps";
  if (isForm || model.correction) return go(stepPlace(model, "step", step));
  const clocks = now(); // of the tap, not of when the position came
  const place = step.needs === "gps" ? await whereabouts() : null;
  await write(model, step.entries({ place }).map(entry => ({ ...clocks, ...entry })));
}

/**
 * Leave, and see the result.
 * @param {Model} model
 * @param {Step} step
 * @param {Partial<Entry>[]} [also] what was said with the same tap
 */
export async function leave(model, step, also = []) {
  const clocks = now();
  const place = await whereabouts();
  await write(model, [...also, ...step.entries({ place })].map(entry => ({ ...clocks, ...entry })));
  go(at(model.id, "result"), { instead: true });
}
