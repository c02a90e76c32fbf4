// The switch of the language. The phone remembers it.

import { put } from "../data/database.js";
import { html } from "./html.js";
import { Button } from "./parts.js";
import { language } from "./words.js";

/** @param {import("./words.js").Language} to */
export async function speak(to) {
  language.value = to;
  await put("meta", to, "language");
}

/** A button for screens from which there is no way to the settings. Where nothing can be stored, it is not remembered. */
export const OtherLanguage = () =>
  language.value === "en"
    ? html`<${Button} kind="quiet" onPress=${() => speak("zh").catch(() => {})}><span lang="zh-CN">中文</span><//>`
    : html`<${Button} kind="quiet" onPress=${() => speak("en").catch(() => {})}><span lang="en">English</span><//>`;
