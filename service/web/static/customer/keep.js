// What he wrote survives a reload, a dead network and a page that his telephone let go of: the forms are kept in this
// tab alone until they were taken. The code is not kept, nor is anything when the browser keeps nothing.

const place = (form) => `${location.pathname} ${form.id}`;
const own = (field) => field.name && field.name !== "code" && (field.type !== "hidden" || field.name === "strokes");
const fields = (form) => [...form.elements].filter((field) => field.tagName !== "BUTTON" && own(field));
const filled = (field) => (field.type === "radio" ? field.checked : field.value !== "");

const quietly = (work) => {
  try {
    return work(sessionStorage);
  } catch {
    return null; // storage is full or forbidden: then it is as without this script
  }
};

/** Something in a form is another than before. */
export const changed = (form) => {
  const pairs = fields(form).filter(filled).map((field) => [field.name, field.value]);
  quietly((kept) => (pairs.length ? kept.setItem(place(form), JSON.stringify(pairs)) : kept.removeItem(place(form))));
};

const restore = (form) => {
  const pairs = quietly((kept) => JSON.parse(kept.getItem(place(form))));
  if (!pairs || fields(form).some(filled)) return; // what comes from the server goes before
  for (const [name, value] of pairs) {
    for (const field of fields(form).filter((one) => one.name === name)) {
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }
  for (let box = form.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
};

// A form that was taken leads here by a redirect; a reload, a page that came back from the history, and one that says
// what was lacking do not. Only then is it let go of.
const sent = `${location.pathname} sent`;
const came = performance.getEntriesByType("navigation")[0];
const refused = document.querySelector("[role=alert]");
quietly((kept) => {
  if (came && came.redirectCount > 0 && !refused && kept.getItem(sent)) kept.removeItem(kept.getItem(sent));
  kept.removeItem(sent);
});

for (const form of document.querySelectorAll("form")) {
  restore(form);
  form.addEventListener("input", () => changed(form));
  form.addEventListener("change", () => changed(form));
  form.addEventListener("submit", () => quietly((kept) => kept.setItem(sent, place(form))));
}
