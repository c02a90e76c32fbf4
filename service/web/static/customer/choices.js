// A choice can be taken back: one more touch on what is chosen, and nothing is.

import "/web/shared/keep.js";

let chosen = null;

const remember = ({ target }) => {
  const radio = target.closest("label")?.querySelector("input[type=radio]");
  chosen = radio?.checked ? radio : null;
};

document.addEventListener("pointerdown", remember);
document.addEventListener("keydown", (event) => { if (event.key === " ") remember(event); });
document.addEventListener("click", ({ target }) => {
  if (target.type !== "radio" || target !== chosen) return;
  target.checked = false;
  chosen = null;
  target.dispatchEvent(new Event("change", { bubbles: true }));
});

// A form that is emptied keeps nothing for later.
document.addEventListener("reset", ({ target }) => {
  setTimeout(() => target.elements[0]?.dispatchEvent(new Event("change", { bubbles: true })));
});
