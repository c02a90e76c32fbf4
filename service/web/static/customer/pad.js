// The box to draw a signature in. Only points are sent, no pressure and no times: how somebody writes is nobody's
// business. Without this script the typed name and the code are the signature.

import { changed } from "/web/shared/keep.js";
import SignaturePad from "/web/vendor/signature_pad.min.js";

const pen = { penColor: "black", dotSize: 0, minWidth: 1.5, maxWidth: 3, velocityFilterWeight: 0.7 };

const strokesIn = (text) => {
  try {
    const point = ([x, y], n) => ({ x, y, time: 10 * n, pressure: 0.5 });
    return JSON.parse(text).map((stroke) => stroke.map(point));
  } catch {
    return []; // nothing was drawn, or nothing that could be read
  }
};

for (const form of document.querySelectorAll("form[data-pad]")) {
  const box = form.querySelector(".pad");
  const canvas = box.querySelector("canvas");
  box.hidden = false;
  const pad = new SignaturePad(canvas, pen);

  // A canvas has no size while it is not shown, and loses its content when its size changes.
  const fit = () => {
    const scale = Math.max(window.devicePixelRatio || 1, 1);
    const { clientWidth: wide, clientHeight: high } = canvas;
    if (!wide || (canvas.width === Math.round(wide * scale) && canvas.height === Math.round(high * scale))) return;
    const drawn = pad.toData();
    canvas.width = Math.round(wide * scale);
    canvas.height = Math.round(high * scale);
    canvas.getContext("2d").scale(scale, scale);
    pad.clear();
    pad.fromData(drawn);
  };
  fit();
  // What was drawn before something else in the form was lacking, or the code had ended.
  let before = strokesIn(form.elements.strokes.value);
  const again = () => {
    if (!before.length || !canvas.clientWidth) return;
    pad.fromData(before.map((points) => ({ ...pen, points })));
    before = [];
  };
  again();
  form.closest("details").addEventListener("toggle", again);
  form.closest("details").addEventListener("toggle", fit);
  window.addEventListener("resize", fit);

  const written = () => {
    const short = (number) => Math.round(number * 10) / 10;
    if (before.length) return; // not looked at again: it goes as it came
    const strokes = pad.toData().map((stroke) => stroke.points.map(({ x, y }) => [short(x), short(y)]));
    form.elements.strokes.value = strokes.length ? JSON.stringify(strokes) : "";
    changed(form);
  };
  pad.addEventListener("endStroke", written);
  form.querySelector(".clear").addEventListener("click", () => {
    before = [];
    pad.clear();
    written();
  });
  form.addEventListener("submit", written);
}
