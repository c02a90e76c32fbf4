// Today's visits, and what somebody asks of this technician.

import { all, onWrite } from "../../data/database.js";
import { html, useEffect, useState } from "../html.js";
import { Card, Icon, LinkButton, Notice, Screen } from "../parts.js";
import { address } from "../router.js";
import { outbox } from "../state.js";
import { at, liveOf, rulesOf, tapsOf } from "../visit.js";
import { careNotes, dayText, dialled, Offline, Row, windowOf, windowText } from "../visit_parts.js";
import { enumerated, inBrackets, pair, t, timeText } from "../words.js";

/** @typedef {import("../../data/types.d.ts").StoredVisit} StoredVisit */
/** @typedef {import("../../data/types.d.ts").StoredEntry} StoredEntry */
/** @typedef {import("../../data/types.d.ts").StoredRecord} StoredRecord */
/** @typedef {import("../../data/types.d.ts").VisitView} VisitView */
/** @typedef {import("../../data/types.d.ts").Entry} Entry */
/**
 * @typedef {object} Listed
 * @property {StoredVisit} visit
 * @property {"planned" | "under_way" | "done" | "cancelled" | "gone"} state
 * @property {number} unsent
 * @property {string[]} handed the ids of corrections that were answered
 * @property {Entry[]} entries
 * @property {import("../visit.js").Model["rules"] | null} rules
 * @property {string} day
 */

const STATE_ICONS = /** @type {const} */ ({ planned: "clock", under_way: "tool", done: "check", cancelled: "none", gone: "none" });

/** @param {Date} date */
const dayOf = date => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;

/** The day that a visit belongs to: one whose time is not over at midnight goes on today. @param {VisitView} view */
function dayFor(view) {
  const window = windowOf(view);
  const begins = new Date(window?.from ?? view.created_at);
  const now = new Date();
  return window && begins < now && new Date(window.to) > now ? dayOf(now) : dayOf(begins);
}

/** @returns {Promise<Listed[]>} */
async function list() {
  const [visits, entries, records] = await Promise.all([all("visits"), all("entries"), all("records")]);
  const stored = new Set(records.filter(({ state }) => state === "stored").map(({ id }) => id));
  /** @type {Map<string, StoredEntry[]>} */
  const own = new Map();
  for (const entry of entries) own.set(entry.visit, [...(own.get(entry.visit) ?? []), entry]);
  const listed = await Promise.all(
    visits.map(async (/** @type {StoredVisit} */ visit) => {
      const mine = own.get(visit.id) ?? [];
      const written = [...visit.view.entries, ...mine.map(({ entry }) => entry)];
      return {
        visit,
        entries: written,
        rules: await rulesOf(visit.view.checklist),
        state: stateOf(visit, written),
        unsent: tapsOf(mine.filter(({ record }) => !record || !stored.has(record))),
        handed: records.flatMap((/** @type {StoredRecord} */ { correction, state: sent }) => (correction && sent !== "parked" ? correction : [])),
        day: dayFor(visit.view),
      };
    }),
  );
  const time = (/** @type {Listed} */ { visit: { view } }) => Date.parse(windowOf(view)?.from ?? view.created_at);
  return listed.sort((a, b) => time(a) - time(b));
}

/**
 * @param {StoredVisit} visit
 * @param {Entry[]} entries
 * @returns {Listed["state"]}
 */
function stateOf({ view, gone }, entries) {
  const own = liveOf(entries).filter(({ by }) => by === "technician");
  if (gone) return "gone";
  if (view.cancelled) return "cancelled";
  if (own.some(({ what, holds }) => what === "left" && holds !== false)) return "done";
  return own.some(({ what }) => what === "arrived") ? "under_way" : "planned";
}

/** @param {{listed: Listed}} given */
function VisitCard({ listed: { visit, state, unsent, entries, rules } }) {
  const { view } = visit;
  const care = careNotes({ view, entries, rules });
  const { name, phone, address: where, organisation } = view.customer;
  return html`
    <li class=${`visit ${state}`}>
      <a class="over" href=${address(at(visit.id))}>
        <span class="when">${windowText(view)}</span>
        <span class="state"><${Icon} name=${STATE_ICONS[state]} />${t(`state.${state}`)}</span>
        <span class="lead">${view.work.content}</span>
        <span>${[where, view.work.place].filter(Boolean).join(" · ")}</span>
        <span>${organisation ? inBrackets(organisation, name) : name}</span>
      </a>
      ${care.length > 0 && html`<${Notice} kind="warn" title=${pair(t("visit.care"), enumerated(care))} />`}
      ${unsent > 0 && html`<${Row} icon="unsent" name=${t("outbox.title")}>${t("today.unsent", { count: unsent })}<//>`}
      ${phone && html`<${LinkButton} to=${dialled(phone)} icon="phone">${t("visit.call", { name })}<//>`}
    </li>
  `;
}

/** @param {{listed: Listed[]}} given */
function Asked({ listed }) {
  const asked = listed.flatMap(({ visit, handed }) => [
    ...visit.corrections.map(({ id, items, due }) => ({
      to: at(visit.id, "correct", id),
      isDone: handed.includes(id),
      text: handed.includes(id) ? t("correct.handed") : t("today.correction", { count: items.length, due: timeText(due) }),
      about: `${visit.view.customer.name} · ${visit.view.work.content}`,
    })),
    ...visit.view.inquiries.map(({ text }) => ({ to: at(visit.id, "result"), isDone: false, text: pair(t("today.inquiry"), text), about: visit.view.customer.name })),
  ]);
  if (!asked.length) return null;
  return html`
    <${Card} title=${t("today.asked")}>
      ${asked.map(
        ({ to, text, about, isDone }, n) => html`
          <a key=${n} class="asked" href=${address(to)}>
            <${Icon} name=${isDone ? "check" : "warning"} /><span><b>${text}</b><br />${about}</span><${Icon} name="next" />
          </a>
        `,
      )}
    <//>
  `;
}

/** @param {string} day */
function title(day) {
  const now = new Date();
  if (day === dayOf(now)) return t("today.today");
  if (day === dayOf(new Date(now.getTime() + 86_400_000))) return t("today.tomorrow");
  return dayText(`${day}T12:00:00`);
}

/** The screen. */
export function Today() {
  const [listed, setListed] = useState(/** @type {Listed[] | null} */ (null));
  useEffect(() => {
    let live = true;
    const look = async () => {
      const found = await list();
      if (live) setListed(found);
    };
    look();
    const stop = onWrite(look);
    return () => {
      live = false;
      stop();
    };
  }, []);
  if (!listed) return html`<${Screen} title=${t("today")} />`;
  const today = dayOf(new Date());
  const days = [...new Set(listed.map(({ day }) => day))].sort();
  const ahead = days.filter(day => day >= today);
  const earlier = listed.filter(({ day }) => day < today).reverse();
  const open = earlier.filter(({ state }) => state === "under_way" || state === "planned");
  const over = earlier.filter(each => !open.includes(each));
  const cards = (/** @type {Listed[]} */ some) => html`
    <ul class="visits">${some.map(each => html`<${VisitCard} key=${each.visit.id} listed=${each} />`)}</ul>
  `;
  return html`
    <${Screen} title=${t("today")}>
      <${Offline} count=${listed.reduce((sum, { unsent }) => sum + unsent, 0)} />
      <${Asked} listed=${listed} />
      ${!listed.length &&
      html`<${Card} title=${t(outbox.value.last_sync ? "today.none" : "today.waiting")}><p>${t("today.noneWhy")}</p><//>`}
      ${open.length > 0 && html`<h2>${t("today.earlier")}</h2>${cards(open)}`}
      ${ahead.map(day => html`<h2 key=${day}>${title(day)}</h2>${cards(listed.filter(each => each.day === day))}`)}
      ${over.length > 0 && html`<details><summary>${inBrackets(t("today.earlier"), over.length)}</summary>${cards(over)}</details>`}
    <//>
  `;
}
