// The way out for what cannot be sent: a file for the supervisor.

import { exportFiles } from "../../data/export.js";
import { html, useState } from "../html.js";
import { Button, Notice } from "../parts.js";
import { t } from "../words.js";

/** Hand files over: to another app, where the phone can do that, else as downloads. @param {File[]} files */
async function handOver(files) {
  if (navigator.canShare?.({ files })) {
    await navigator.share({ files });
    return;
  }
  for (const file of files) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}

/** A button that exports what is not sent. */
export function Export() {
  const [count, setCount] = useState(0);
  const press = async () => {
    const files = await exportFiles();
    try {
      await handOver(files);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return; // they closed the phone's own dialog
      throw error;
    }
    setCount(files.length);
  };
  return html`
    <${Button} icon="unsent" onPress=${press}>${t("settings.export")}<//>
    ${count > 0 && html`<${Notice} kind="good" title=${t("settings.exported", { count })} alert />`}
  `;
}
