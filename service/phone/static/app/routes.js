// Which screen belongs to which place. A screen is given the parameters of its place.

import { Correct } from "./screens/correct.js";
import { Door } from "./screens/door.js";
import { Leave } from "./screens/leave.js";
import { More, Raise } from "./screens/more.js";
import { Outbox } from "./screens/outbox.js";
import { Result } from "./screens/result.js";
import { Settings } from "./screens/settings.js";
import { Sign } from "./screens/sign.js";
import { StepScreen } from "./screens/step.js";
import { Today } from "./screens/today.js";
import { Visit } from "./screens/visit.js";
import { html } from "./html.js";

/** A screen that leads back to what is missing before leaving. @param {(given: any) => any} screen */
const leaving = screen => (/** @type {any} */ given) => html`<${screen} ...${given} leaving />`;

/** @type {Record<string, (parameters: any) => unknown>} */
export const ROUTES = {
  "": Today,
  settings: Settings,
  outbox: Outbox,
  "visits/:visit": Visit,
  "visits/:visit/more": More,
  "visits/:visit/raise/:fact": Raise,
  "visits/:visit/step/:step": StepScreen,
  "visits/:visit/sign/:step": Sign,
  "visits/:visit/leave": Leave,
  "visits/:visit/leave/step/:step": leaving(StepScreen),
  "visits/:visit/leave/sign/:step": leaving(Sign),
  "visits/:visit/result": Result,
  "visits/:visit/door": Door,
  "visits/:visit/correct/:correction": Correct,
  "visits/:visit/correct/:correction/step/:step": StepScreen,
  "visits/:visit/correct/:correction/sign/:step": Sign,
};
