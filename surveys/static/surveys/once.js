// Keeps a second click from sending a form twice. Without this script the server sorts that out.
"use strict";

(() => {
  const form = document.querySelector("form[data-once]");
  if (!form) return;
  let sent = false;

  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    form.querySelector("button").disabled = true;
  });

  // A page taken back out of the browser's memory must be usable again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sent = false;
    form.querySelector("button").disabled = false;
  });
})();
