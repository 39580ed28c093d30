// Warns before changes of a form are lost: a line says that there are some, and the browser asks when
// the page is left. Forms that an error has sent back contain unsaved changes from the beginning.
// Without this script the forms work as before, without the warning.
"use strict";

for (const form of document.querySelectorAll("form[data-unsaved]")) {
  const note = document.getElementById(form.dataset.unsaved);
  const written = () => new URLSearchParams(new FormData(form)).toString();
  const saved = written();
  const cameBack = form.hasAttribute("data-sent-back");
  let isSent = false;
  const isChanged = () => cameBack || written() !== saved;
  const show = () => { note.hidden = !isChanged(); };

  form.addEventListener("input", show);
  form.addEventListener("submit", () => { isSent = true; });
  // A page that comes out of the browser's memory has not been sent.
  window.addEventListener("pageshow", () => { isSent = false; show(); });
  window.addEventListener("beforeunload", (event) => {
    if (!isSent && isChanged()) event.preventDefault();
  });
}
