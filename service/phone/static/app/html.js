// Preact, its hooks and signals, and `html` to write elements with: all that screens need of libraries.

import htm from "../vendor/htm/dist/htm.mjs";
import { Component, Fragment, h, render } from "../vendor/preact/dist/preact.mjs";

export { Component, Fragment, render };
export * from "../vendor/preact/hooks/dist/hooks.mjs";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "../vendor/@preact/signals/dist/signals.mjs";

export const html = htm.bind(h);
