// The code that proves at the door who this is: made on the phone, without a network.

import { server } from "../../data/clock.js";
import { codeFor, nextAt, urlOf } from "../../data/door_code.js";
import { correction, generate } from "../../vendor/lean-qr/nano.mjs";
import { html, useEffect, useState } from "../html.js";
import { Card, Notice, Screen } from "../parts.js";
import { me } from "../state.js";
import { at, useVisit } from "../visit.js";
import { NotThere } from "../visit_parts.js";
import { t, timeText } from "../words.js";

/** @typedef {import("../../data/types.d.ts").DoorKey} DoorKey */

const QUIET = 4;

/** @param {{text: string, name: string}} given */
function QrCode({ text, name }) {
  const code = generate(text, { minCorrectionLevel: correction.M });
  let path = "";
  for (let y = 0; y < code.size; y += 1) for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  const box = `${-QUIET} ${-QUIET} ${code.size + 2 * QUIET} ${code.size + 2 * QUIET}`;
  return html`<svg class="qr" viewBox=${box} role="img" aria-label=${name} shape-rendering="crispEdges"><path d=${path} /></svg>`;
}

/** @param {{visit: string, door: DoorKey}} given */
export function Code({ visit, door }) {
  const [shown, setShown] = useState({ url: "", seconds: 0 });
  useEffect(() => {
    let live = true;
    const draw = async () => {
      const when = server();
      const url = urlOf(await codeFor(visit, door.key, when));
      if (live) setShown({ url, seconds: Math.ceil((nextAt(when).getTime() - when.getTime()) / 1000) });
    };
    draw();
    const timer = setInterval(draw, 1000);
    return () => {
      live = false;
      clearInterval(timer);
    };
  }, [visit, door.key]);
  return html`
    <div class="code">
      ${shown.url && html`<${QrCode} text=${shown.url} name=${t("door.qr")} />`}
      <p class="quiet">${t("door.next", { seconds: shown.seconds })}</p>
    </div>
  `;
}

/** Why the code of a visit cannot be used now. @param {import("../visit.js").Model} model */
export function codeLacks({ visit: { door_key: door } }) {
  const when = server().getTime();
  if (!door) return t("door.none");
  if (when < Date.parse(door.opens_at)) return t("door.early", { time: timeText(door.opens_at) });
  return when > Date.parse(door.closes_at) ? t("door.over") : null;
}

/** The code of a visit, or why there is none now. @param {{model: import("../visit.js").Model}} given */
export function DoorCode({ model }) {
  const { id, visit } = model;
  const lacks = codeLacks(model);
  if (lacks || !visit.door_key) return html`<${Notice} kind="warn" title=${lacks} />`;
  return html`<p>${t("door.how")}</p><p class="quiet">${t("door.offline")}</p><${Code} visit=${id} door=${visit.door_key} />`;
}

/** The screen. @param {{visit: string}} given */
export function Door({ visit }) {
  const model = useVisit(visit);
  if (!model) return html`<${NotThere} model=${model} back=${at(visit)} />`;
  const word = model.visit.door_key?.word;
  return html`
    <${Screen} title=${t("door.title")} back=${at(visit)}>
      <p class="lead">${me.value?.person.name}</p>
      <${DoorCode} model=${model} />
      ${word && html`<${Card}><p>${t("door.word")}</p><p class="word" lang="zh-CN">${word}</p><//>`}
    <//>
  `;
}
