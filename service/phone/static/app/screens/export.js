// The way out for what cannot be sent: a file for the supervisor.

import { exportFiles } from "../../data/export.js";
import { html, useState } from "../html.js";
import { Button, Notice } from "../parts.js";
import { t } from "../words.js";

/**
 * Hand files over: to another app, where the phone can do that, else as downloads. False if the person changed their mind.
 * @param {File[]} files
 */
async function handOver(files) {
  if (navigator.canShare?.({ files })) {
    try {
      await navigator.share({ files });
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return false;
      // reading them took so long that the browser does not take it for the person's wish any more
    }
  }
  for (const file of files) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
  return true;
}

/** A button that exports what is not sent. */
export function Export() {
  const [count, setCount] = useState(0);
  const press = async () => {
    const files = await exportFiles();
    if (await handOver(files)) setCount(files.length);
  };
  return html`
    <${Button} icon="unsent" isLong onPress=${press}>${t("settings.export")}<//>
    ${count > 0 && html`<${Notice} kind="good" title=${t("settings.exported", { count })} alert />`}
  `;
}
