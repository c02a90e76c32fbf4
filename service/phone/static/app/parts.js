// Parts of screens. Every colour comes with words and an icon, and everything that is tapped is large.

import { put } from "../data/database.js";
import { Component, html, useEffect, useLayoutEffect, useRef } from "./html.js";
import { address, go, place } from "./router.js";
import { unsettle } from "./taps.js";
import { inTurn } from "./turns.js";
import { language, t } from "./words.js";

/** @typedef {import("../vendor/preact/dist/preact.mjs").Child} Child */

/** Paths in a box of 24, drawn with a line. */
const ICONS = {
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  today: "M5 4h14v16H5zM5 9h14M9 13h6M9 16h4",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  unsent: "M12 19V6M6 11l6-6 6 6M5 21h14",
  check: "M5 13l5 5 9-11",
  warning: "M12 4l9 16H3zM12 10v5M12 17.5v.5",
  stop: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5M12 15.8v.4",
  info: "M12 3a9 9 0 1 0 .01 0M12 11v6M12 7.5v.5",
  camera: "M4 8h4l2-3h4l2 3h4v11H4zM12 10a3.5 3.5 0 1 0 .01 0",
  pen: "M4 20l1-5L16 4l4 4L9 19zM13 7l4 4",
  text: "M5 6h14M5 11h14M5 16h8",
  place: "M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21zM12 7a2.5 2.5 0 1 0 .01 0",
  plus: "M12 5v14M5 12h14",
  phone: "M6 3h4l1.5 5L9 10c1 2.5 2.5 4 5 5l2-2.5 5 1.5v4c0 1.5-1 2-2 2C11 20 4 13 4 5c0-1 .5-2 2-2z",
  code: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2v2M14 18h2v2M19 19h1v1",
  again: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  todo: "M12 4a8 8 0 1 0 .01 0",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  undo: "M9 14l-5-5 5-5M4 9h10a6 6 0 0 1 0 12h-3",
  chair: "M7 3v9M7 12h10M17 12v9M7 12v9M7 7h2",
  meter: "M12 4a8 8 0 1 0 .01 0M12 12l4-3M7 12h1M12 7v1M9 20h6",
  theft: "M12 3s-5 6-5 10a5 5 0 0 0 10 0c0-4-5-10-5-10zM4 4l16 16",
  angry: "M12 3a9 9 0 1 0 .01 0M8 9l2 1.500M16 9l-2 1.500M8.500 16.500c2-2 5-2 7 0",
  speech: "M4 5h16v11H11l-5 4v-4H4zM8 9h8M8 12h5",
  broken: "M4 5h16v14H4zM12 5l-2 5 4 2-3 7",
  cone: "M12 3l6 17H6zM9 11h6M8 15h8M4 20h16",
  nobody: "M6 21V3h12v18M4 21h16M14 12h.01",
  clock: "M12 3a9 9 0 1 0 .01 0M12 7v5l3 2",
  person: "M12 4a4 4 0 1 0 .01 0M4 21c0-5 4-7 8-7s8 2 8 7",
  tool: "M14 6a4 4 0 0 0-5 5l-6 6 3 3 6-6a4 4 0 0 0 5-5l-3 2-2-2z",
  turn: "M7 4L4 7l3 3M4 7h11a5 5 0 0 1 0 10h-3M17 20",
  offline: "M4 4l16 16M9 18h6M5 12a10 10 0 0 1 3-2M19 12a10 10 0 0 0-6-3M8 15a6 6 0 0 1 3-1.500",
  none: "M12 3a9 9 0 1 0 .01 0M5.6 5.6l12.800 12.800",
};

/** @typedef {keyof typeof ICONS} IconName */

/** @param {{name: IconName}} given */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${ICONS[name]} /></svg>
`;

/**
 * A button. Only one press at a time: while what its words say is under way, further ones are ignored. After other
 * presses it waits until the screen shows what they did, and does nothing if it has then gone or has other words.
 * `isLong`: other buttons do not wait for it, such as for the network.
 * @param {{onPress: () => unknown, children?: Child, icon?: IconName, kind?: "main" | "plain" | "quiet" | "danger" | "update", disabled?: boolean, pressed?: boolean, isLong?: boolean}} given
 */
export function Button({ onPress, children, icon, kind = "plain", disabled, pressed, isLong }) {
  const element = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const latest = useRef(onPress);
  latest.current = onPress;
  const wordsOf = () => element.current?.textContent ?? "";
  const running = useRef(/** @type {string | null} */ (null));
  // not by drawing again: it is to be seen at once, and no longer than the button has these words
  const show = () => element.current?.setAttribute("aria-busy", String(running.current === wordsOf()));
  // the main button of the next step may be another element, where the one before was: it has other words, too
  const shown = useRef(kind === "main" ? "" : null);
  useLayoutEffect(() => {
    show();
    const words = wordsOf();
    if (element.current && shown.current !== null && shown.current !== words) unsettle(element.current);
    shown.current = words;
  });
  const press = async () => {
    const words = wordsOf();
    if (running.current === words) return;
    running.current = words;
    show();
    const act = () => (wordsOf() === words ? latest.current() : null);
    try {
      await (isLong ? act() : inTurn(act));
    } finally {
      if (running.current === words) running.current = null;
      show();
    }
  };
  return html`
    <button ref=${element} type="button" class=${`button ${kind}`} disabled=${disabled} aria-pressed=${pressed} onClick=${press}>
      ${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>
    </button>
  `;
}

/**
 * A link that looks like a button.
 * @param {{to: string, children?: Child, icon?: IconName, kind?: "main" | "plain" | "quiet"}} given `to`: a place in the app, or an address
 */
export const LinkButton = ({ to, children, icon, kind = "plain" }) => html`
  <a class=${`button ${kind}`} href=${/^(https?:|\/|tel:)/.test(to) ? to : address(to)}>
    ${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>
  </a>
`;

/**
 * A part of a screen with a heading.
 * @param {{title?: Child, children?: Child}} given
 */
export const Card = ({ title, children }) => html`
  <section class="card">${title && html`<h2>${title}</h2>`}${children}</section>
`;

const NOTICE_ICONS = /** @type {const} */ ({ good: "check", warn: "warning", bad: "stop", info: "info" });

/**
 * Something that is to be noticed. `alert`: it appeared because of something that just happened, and is read out.
 * @param {{kind: keyof typeof NOTICE_ICONS, title?: Child, children?: Child, alert?: boolean}} given
 */
export const Notice = ({ kind, title, children, alert }) => html`
  <div class=${`notice ${kind}`} role=${alert ? "alert" : undefined}>
    <${Icon} name=${NOTICE_ICONS[kind]} />
    <div>${title && html`<p class="title">${title}</p>`}${children}</div>
  </div>
`;

/**
 * A screen: its title, which a screen reader reads first, what it shows, and what can be done at the bottom.
 * @param {{title: string, children?: Child, actions?: Child, back?: string}} given `back`: the place that "back" leads to
 */
export function Screen({ title, children, actions, back }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    document.title = `${title} · ${t("app")}`;
  }, [title]);
  useEffect(() => {
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return html`
    <header class="top">
      ${back !== undefined &&
      html`<a class="back" href=${address(back)} aria-label=${t("back")}><${Icon} name="back" /></a>`}
      <h1 tabindex="-1" ref=${heading}>${title}</h1>
    </header>
    <main class="screen">${children}</main>
    ${actions && html`<footer class="actions">${actions}</footer>`}
  `;
}

/**
 * A question over the screen. The one that asks shows it as long as it is open.
 * @param {{title: string, children?: Child, onClose: () => void}} given
 */
export function Dialog({ title, children, onClose }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close(); // gives the focus back
  }, []);
  return html`
    <dialog ref=${element} class="dialog" aria-label=${title} onCancel=${onClose}>
      <h2>${title}</h2>
      ${children}
    </dialog>
  `;
}

/**
 * A field of a form with its label.
 * @param {{label: Child, children?: Child, hint?: Child}} given
 */
export const Field = ({ label, children, hint }) => html`
  <label class="field"><span>${label}</span>${hint && html`<small>${hint}</small>`}${children}</label>
`;

/**
 * Says something to a screen reader, without showing it.
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById("announcements");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/** What a screen did wrong stays within it: the person can open it again, or go elsewhere. */
export class Boundary extends Component {
  /** @param {{children?: Child}} props */
  constructor(props) {
    super(props);
    /** @type {{error: unknown}} */
    this.state = { error: null };
  }

  /** @param {unknown} error */
  componentDidCatch(error) {
    console.error(error);
    this.setState({ error });
  }

  /** @param {{children?: Child}} props @param {{error: unknown}} state */
  render({ children }, { error }) {
    if (error === null) return children;
    const again = () => this.setState({ error: null });
    const today = () => {
      go("", { instead: true });
      again();
    };
    return html`
      <${Screen} title=${t("error.title")}>
        <${Notice} kind="good" title=${t("error.kept")} alert />
        <${Button} kind="main" onPress=${again}>${t("error.again")}<//>
        ${place.value !== "" && html`<${Button} onPress=${today}>${t("error.today")}<//>`}
        <details><summary>${t("error.details")}</summary><pre>${error instanceof Error ? error.stack : String(error)}</pre></details>
      <//>
    `;
  }
}

/** The phone remembers it. @param {import("./words.js").Language} to */
export async function speak(to) {
  language.value = to;
  await put("meta", to, "language");
}

/** A button for screens from which there is no way to the settings. Where nothing can be stored, it is not remembered. */
export const OtherLanguage = () =>
  language.value === "en"
    ? html`<${Button} kind="quiet" onPress=${() => speak("zh").catch(() => {})}><span lang="zh-CN">中文</span><//>`
    : html`<${Button} kind="quiet" onPress=${() => speak("en").catch(() => {})}><span lang="en">English</span><//>`;
