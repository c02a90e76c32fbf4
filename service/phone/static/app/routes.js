// Which screen belongs to which place. A screen is given the parameters of its place.

import { Settings } from "./screens/settings.js";

/** @type {Record<string, (parameters: any) => unknown>} */
export const ROUTES = {
  settings: Settings,
};
