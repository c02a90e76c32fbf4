// The signature is drawn over the whole screen. Only points are sent, no pressure and no times: how somebody writes is
// nobody's business. Without this script the typed name and the code are the signature.

import "/web/customer/choices.js";
import { changed } from "/web/shared/keep.js";
import SignaturePad from "/web/vendor/signature_pad.min.js";

const pen = { penColor: "black", dotSize: 0, minWidth: 1.5, maxWidth: 3, velocityFilterWeight: 0.7 };

const strokesIn = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return []; // nothing was drawn, or nothing that could be read
  }
};

/** Give a canvas the size at which it is shown; it loses its content. */
const fit = (canvas) => {
  const scale = Math.max(window.devicePixelRatio || 1, 1);
  canvas.width = Math.round(canvas.clientWidth * scale);
  canvas.height = Math.round(canvas.clientHeight * scale);
  const pencil = canvas.getContext("2d");
  pencil.scale(scale, scale);
  return pencil;
};

/** Draw strokes into a canvas, as large as they fit. */
const show = (canvas, strokes) => {
  const pencil = fit(canvas);
  const points = strokes.flat();
  const [left, top] = [0, 1].map((n) => Math.min(...points.map((point) => point[n])));
  const [wide, high] = [0, 1].map((n) => Math.max(...points.map((point) => point[n])) - [left, top][n]);
  const scale = Math.min((canvas.clientWidth - 24) / Math.max(wide, 1), (canvas.clientHeight - 24) / Math.max(high, 1), 1);
  Object.assign(pencil, { lineWidth: 2.5, lineCap: "round", lineJoin: "round" });
  const place = ([x, y]) => [
    (x - left - wide / 2) * scale + canvas.clientWidth / 2,
    (y - top - high / 2) * scale + canvas.clientHeight / 2,
  ];
  for (const stroke of strokes) {
    pencil.beginPath();
    for (const point of stroke.length > 1 ? stroke : [stroke[0], stroke[0]]) pencil.lineTo(...place(point));
    pencil.stroke();
  }
};

for (const form of document.querySelectorAll("form[data-pad]")) {
  const box = form.querySelector(".pad");
  const [ground, drawn, dialog] = ["canvas.ground", "canvas.drawn", "dialog"].map((one) => box.querySelector(one));
  const field = form.elements.strokes;
  const pad = new SignaturePad(ground, pen);
  box.hidden = false;

  const preview = () => {
    const strokes = strokesIn(field.value);
    drawn.hidden = !strokes.length;
    if (strokes.length && drawn.clientWidth) show(drawn, strokes);
  };

  const written = () => {
    const short = (number) => Math.round(number * 10) / 10;
    const strokes = pad.toData().map((stroke) => stroke.points.map(({ x, y }) => [short(x), short(y)]));
    field.value = strokes.length ? JSON.stringify(strokes) : "";
    changed(form);
    preview();
  };

  const refit = () => {
    if (!dialog.open) return preview();
    const before = pad.toData();
    fit(ground);
    pad.clear();
    pad.fromData(before);
  };

  const close = () => (dialog.close ? dialog.close() : dialog.removeAttribute("open"));
  box.querySelector(".draw").addEventListener("click", () => {
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute("open", "");
    fit(ground);
    pad.clear();
    // What was drawn before something else in the form was lacking, or the code had ended.
    const point = ([x, y], n) => ({ x, y, time: 10 * n, pressure: 0.5 });
    pad.fromData(strokesIn(field.value).map((stroke) => ({ ...pen, points: stroke.map(point) })));
  });
  box.querySelector(".finish").addEventListener("click", close);
  box.querySelector(".clear").addEventListener("click", () => {
    pad.clear();
    written();
  });
  dialog.addEventListener("close", preview);
  pad.addEventListener("endStroke", written);
  for (let one = form.closest("details"); one; one = one.parentElement.closest("details")) {
    one.addEventListener("toggle", preview);
  }
  window.addEventListener("resize", refit);
  preview();
}
