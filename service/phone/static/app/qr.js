// QR codes, drawn here: they are needed where there is no network.

import { correction, generate } from "../vendor/lean-qr/nano.mjs";
import { html } from "./html.js";

const QUIET = 4;

/** @param {{text: string, name: string}} given */
export function QrCode({ text, name }) {
  const code = generate(text, { minCorrectionLevel: correction.M });
  let path = "";
  for (let y = 0; y < code.size; y += 1) for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  const box = `${-QUIET} ${-QUIET} ${code.size + 2 * QUIET} ${code.size + 2 * QUIET}`;
  return html`<svg class="qr" viewBox=${box} role="img" aria-label=${name} shape-rendering="crispEdges"><path d=${path} /></svg>`;
}
