// What the server has, what waits, and what it did not accept, with the reason.

import { all, onWrite } from "../../data/database.js";
import { discard, giveUp, kick, retry } from "../../data/outbox.js";
import { seal } from "../../data/records.js";
import { html, useEffect, useState } from "../html.js";
import { Button, Card, Dialog, Icon, Notice, Screen } from "../parts.js";
import { me, outbox, unsent } from "../state.js";
import { tapsOf } from "../visit.js";
import { inBrackets, language, pair, problemText, t, timeText } from "../words.js";
import { Export } from "./export.js";

/** @typedef {import("../../data/types.d.ts").Problem} Problem */
/** @typedef {"stored" | "waiting" | "parked" | "draft"} State */
/** @typedef {{id: string, name: string, at: string, state: State, person: string | null, problem?: Problem, file?: StoredFile}} Line */
/** @typedef {import("../../data/types.d.ts").StoredFile} StoredFile */
/** @typedef {{id: string, title: string, lines: Line[], open: number}} Group */

const ICONS = /** @type {const} */ ({ stored: "check", waiting: "unsent", parked: "stop", draft: "clock" });

/** How the second question is answered: a file that is given up leaves with a reason. */
const REASONS = { discard: ["outbox.discardYes"], giveUp: ["outbox.broken", "outbox.replaced", "outbox.agreed"] };

/** @returns {Promise<Group[]>} */
async function list() {
  const [visits, entries, records, files, words] = await Promise.all([
    all("visits"), all("entries"), all("records"), all("files"), all("explanations"),
  ]);
  const ids = [...new Set([...entries, ...records, ...files, ...words].map(({ visit }) => visit))];
  return ids.map(id => {
    const view = visits.find(visit => visit.id === id)?.view;
    const mine = (/** @type {any[]} */ some) => some.filter(({ visit }) => visit === id);
    const steps = (/** @type {string | null} */ record) => tapsOf(mine(entries).filter(each => each.record === record));
    /** @type {Line[]} */
    const lines = [
      ...mine(records).map(({ id: record, created_at: at, state, person, problem }) => {
        return { id: record, name: `${t("outbox.record")} · ${t("outbox.entries", { count: steps(record) })}`, at, state, person, problem };
      }),
      ...mine(files).map(file => ({ id: file.sha256, name: t(`outbox.${file.kind}`), at: file.taken_at, state: file.state, person: file.person, problem: file.problem, file })),
      ...mine(words).map(({ id: word, written_at: at, state, person, problem }) => ({ id: word, name: t("outbox.explanation"), at, state, person, problem })),
    ];
    const title = view ? `${view.customer.name} · ${view.work.content}` : id;
    return { id, title, lines: lines.sort((a, b) => Date.parse(b.at) - Date.parse(a.at)), open: steps(null) };
  });
}

/** The screen. */
export function Outbox() {
  const [groups, setGroups] = useState(/** @type {Group[]} */ ([]));
  useEffect(() => {
    const look = async () => setGroups(await list());
    look();
    return onWrite(look);
  }, [language.value]);
  const { sending, last_sync: last, unsealed } = outbox.value;
  return html`
    <${Screen} title=${t("outbox.title")} back="settings" actions=${html`<${Button} kind="main" icon="again" isLong onPress=${kick}>${t("settings.send")}<//>`}>
      ${unsent.value + unsealed === 0 && html`<${Notice} kind="good" title=${t("outbox.nothing")} />`}
      ${sending && html`<p>${t("settings.sending")}</p>`}
      ${last && html`<p class="quiet">${t("settings.lastSync", { time: timeText(last) })}</p>`}
      ${groups.map(({ id, title, lines, open }) => html`
        <${Card} key=${id} title=${title}>
          ${open > 0 &&
          html`<div class="line"><${Icon} name="clock" /><span>${pair(t("outbox.state.draft"), t("outbox.entries", { count: open }))}</span></div>
            <${Button} icon="unsent" onPress=${() => seal(id)}>${t("settings.send")}<//>`}
          ${lines.filter(({ state }) => state !== "stored").map(line => html`<${LineRow} key=${line.id} line=${line} />`)}
          <${Stored} lines=${lines.filter(({ state }) => state === "stored")} />
        <//>
      `)}
      ${unsent.value + unsealed > 0 && html`<${Card} title=${t("settings.export")}><p>${t("settings.exportWhy")}</p><${Export} /><//>`}
    <//>
  `;
}

/** What the server has, as one line that unfolds. @param {{lines: Line[]}} given */
const Stored = ({ lines }) =>
  lines.length > 0 && html`
    <details class="folded">
      <summary>${inBrackets(t("outbox.state.stored"), lines.length)}</summary>
      ${lines.map(line => html`<${LineRow} key=${line.id} line=${line} />`)}
    </details>
  `;

/** @param {{line: Line}} given */
function LineRow({ line: { id, name, at, state, person, problem, file } }) {
  const [asked, setAsked] = useState(/** @type {"discard" | "giveUp" | null} */ (null));
  const text = pair(`${name} · ${timeText(at)}`, t(`outbox.state.${state}`));
  const isOthers = state === "waiting" && me.value !== null && person !== me.value.person.login; // this phone does not send it
  const isRefused = state === "parked" || isOthers || (state === "waiting" && file !== undefined && problem !== undefined);
  if (!isRefused) return html`<div class="line"><${Icon} name=${ICONS[state]} /><span>${text}</span></div>`;
  const ends = !file || file.reported || isOthers ? "discard" : file.lost === undefined ? "giveUp" : null;
  const end = async (/** @type {string} */ reason) => {
    setAsked(null);
    await (asked === "giveUp" ? giveUp(id, reason) : discard(id));
  };
  return html`
    <${Notice} kind="bad" title=${text}>
      ${problem && html`<p>${t("outbox.problem", { title: problemText(problem) })}</p>`}
      ${isOthers && html`<p>${t("outbox.others", { person: person ?? "" })}</p>`}
      ${file?.lost && html`<p>${t("outbox.lost")}</p>`}
      ${state === "parked" && html`<${Button} icon="again" isLong onPress=${() => retry(id)}>${t("outbox.retry")}<//>`}
      ${ends && html`<${Button} kind="quiet" icon="none" onPress=${() => setAsked(ends)}>${t(`outbox.${ends}`)}<//>`}
      ${asked &&
      html`<${Dialog} title=${t(`outbox.${asked}Title`)} onClose=${() => setAsked(null)}>
        <p>${t(`outbox.${asked}Why`)}</p>
        ${REASONS[asked].map(reason => html`<${Button} key=${reason} kind="danger" isLong onPress=${() => end(t(reason))}>${t(reason)}<//>`)}
        <${Button} kind="quiet" onPress=${() => setAsked(null)}>${t("cancel")}<//>
      <//>`}
    <//>
  `;
}
