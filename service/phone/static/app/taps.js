// What a tap means: it does, once, what was shown where it fell. While a finger is down nothing is drawn again, and a
// double tap is one tap, also where the button has become that of the next step.

import { options } from "./html.js";

const DOUBLE_MS = 350; // the second tap of a double tap comes within 300 ms; nobody reads new words and taps them sooner
const CLICK_MS = 300; // from the finger's going up to its click, on a slow phone
const REST_MS = 2000; // longer than any tap: a palm, or rain

/** When the finger came down whose tap is not over. @type {number | null} */
let began = null;
let isHeld = false;
let timer = 0;
let focused = /** @type {Element | null} */ (null);
/** @type {Set<() => void>} */
const waiting = new Set();

/** Draw when no finger is down. @param {() => void} draw */
export function whenUp(draw) {
  if (isHeld) waiting.add(draw);
  else queueMicrotask(() => run(draw));
}

/** @param {() => void} draw */
function run(draw) {
  draw();
  if (!focused || focused.isConnected || document.activeElement !== document.body) return;
  // what had the focus went away: it leaves it to the next step, or to the title
  focused = null;
  const next = /** @type {HTMLElement | null} */ (document.querySelector(".actions .main") ?? document.querySelector("h1"));
  next?.focus({ preventScroll: true });
}

function release() {
  clearTimeout(timer);
  isHeld = false;
  const draws = [...waiting];
  waiting.clear();
  draws.forEach(run);
}

function end() {
  began = null;
  release();
}

/** From when on a button is tapped again. @type {WeakMap<Element, number>} */
const settled = new WeakMap();

/** A button was pressed, or has other words: the second tap of a double tap is not meant for it. @param {Element} button */
export function unsettle(button, time = performance.now()) {
  const until = time + DOUBLE_MS;
  settled.set(button, until);
  button.setAttribute("aria-disabled", "true");
  setTimeout(() => settled.get(button) === until && button.removeAttribute("aria-disabled"), until - performance.now());
}

/** @param {MouseEvent} event */
function clicked(event) {
  const time = began ?? event.timeStamp; // a key has no beginning
  end(); // so that what is done knows all that was typed
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button) return;
  if (button.isConnected && time >= (settled.get(button) ?? 0)) unsettle(button, time);
  else event.stopPropagation();
}

/** Watch over all taps of the page. */
export function watchTaps() {
  options.debounceRendering = whenUp;
  addEventListener("pointerdown", ({ timeStamp }) => {
    began = timeStamp;
    isHeld = true;
    clearTimeout(timer);
    timer = window.setTimeout(release, REST_MS);
  }, true);
  addEventListener("pointerup", () => {
    clearTimeout(timer);
    timer = window.setTimeout(end, CLICK_MS); // if no click comes
  }, true);
  addEventListener("pointercancel", end, true); // it scrolls
  addEventListener("click", clicked, true);
  addEventListener("keydown", event => {
    began = null;
    if (event.repeat && event.key === "Enter" && event.target instanceof HTMLButtonElement) event.preventDefault();
  }, true);
  addEventListener("focusin", ({ target }) => (focused = target instanceof Element ? target : null), true);
}
