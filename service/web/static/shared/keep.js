// What somebody wrote survives a reload, a dead network, a session that ended and a page that their telephone let go of:
// the forms with an id are kept in this tab alone until they were taken. Codes and passwords are not kept, nor is
// anything when the browser keeps nothing. `data-keep` says whose page it is and which, where its address does not;
// `data-version` which state of it is shown, where a form does not say so itself.

const page = document.querySelector("[data-keep]")?.dataset.keep ?? location.pathname;
const name = (form) => form.getAttribute("id"); // form.id is a field, where one is called id
const place = (form) => `${page} ${name(form)}`;
const secret = (field) => field.type === "password" || field.name === "code";
const own = (field) => field.name && !secret(field) && (field.type !== "hidden" || field.name === "strokes");
const fields = (form) => [...form.elements].filter((field) => field.tagName !== "BUTTON" && own(field));
const chosen = (field) => field.type === "radio" || field.type === "checkbox";
const filled = (field) => (chosen(field) ? field.checked : field.value !== "");
const state = document.querySelector("[data-version]")?.dataset.version ?? "";
const version = (form) => form.elements.tag?.value ?? state;

/** Whether it is otherwise than it came from the server. */
const touched = (field) => {
  if (chosen(field)) return field.checked !== field.defaultChecked;
  if (field.type === "hidden") return field.value !== "";
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
};

const quietly = (work) => {
  try {
    return work(sessionStorage);
  } catch {
    return null; // storage is full or forbidden: then it is as without this script
  }
};

/** Something in a form is another than before. */
export const changed = (form) => {
  const pairs = fields(form).filter(touched).map((field) => [field.name, field.value, chosen(field) && field.checked]);
  const kept = JSON.stringify({ version: version(form), pairs });
  quietly((store) => (pairs.length ? store.setItem(place(form), kept) : store.removeItem(place(form))));
};

/** Whether it says why something is chosen (`data-why` names it) that was chosen without it. */
const another = (form, field) =>
  field.dataset.why && fields(form).some((one) => one.name === field.dataset.why && one.checked);

// What comes from the server goes before, where the server shows a form again; other forms of that page have what was
// typed into them. Where it shows another version of what
// the form is about, nothing is chosen again that somebody has to look at first, and no reason is given for the choice
// of somebody else; once it said so, only what it shows of what was typed is kept.
const restore = (form) => {
  const kept = quietly((store) => JSON.parse(store.getItem(place(form))));
  if (!kept) return;
  const stale = kept.version !== version(form);
  if (stale && refused) {
    const shown = ([name, value]) => fields(form).some((one) => one.name === name && !chosen(one) && one.value === value);
    const left = JSON.stringify({ version: version(form), pairs: kept.pairs.filter(shown) });
    quietly((store) => store.setItem(place(form), left));
    return;
  }
  if (refused && (!answering || answering === place(form)) && fields(form).some(filled)) return;
  for (const [name, value, checked] of kept.pairs) {
    for (const field of fields(form).filter((one) => one.name === name)) {
      if (stale && (chosen(field) || field.value !== "" || another(form, field))) continue;
      if (!chosen(field)) field.value = value;
      else if (field.value === value) field.checked = checked;
      for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    }
  }
};

// A form that was taken leads on by a redirect; a reload, a page that came back from the history, and one that says
// that nothing was saved, do not. Only then is it let go of, or where the server shows it again and marks what it lacks:
// that page has what was typed, and somebody who leaves it should not meet the mistake again.
const SENT = "sent";
const came = performance.getEntriesByType("navigation")[0];
const refused = document.querySelector("[role=alert]");
const marked = (form) => !form.elements.tag && [...form.elements].some((field) => field.ariaInvalid === "true");
const answering = quietly((store) => store.getItem(SENT));
quietly((store) => {
  const sent = answering;
  const form = [...document.querySelectorAll("form[id]")].find((one) => place(one) === sent);
  const answered = refused ? form && marked(form) : came?.redirectCount > 0;
  if (sent && answered) store.removeItem(sent);
  store.removeItem(SENT);
});

for (const form of document.querySelectorAll("form[id]")) restore(form);
for (const happens of ["input", "change"]) {
  document.addEventListener(happens, ({ target }) => { if (target.form && name(target.form)) changed(target.form); });
}
document.addEventListener("submit", ({ target }) => { if (name(target)) quietly((store) => store.setItem(SENT, place(target))); });
