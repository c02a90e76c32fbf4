// Preact, its hooks, and `html` to write elements with: all that screens need of libraries.

import htm from "../vendor/htm/dist/htm.mjs";
import { Component, Fragment, h, options, render } from "../vendor/preact/dist/preact.mjs";

export { Component, Fragment, options, render };
export * from "../vendor/preact/hooks/dist/hooks.mjs";

export const html = htm.bind(h);
