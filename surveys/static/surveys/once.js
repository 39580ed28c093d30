// Prevents a second click from sending a form twice. Without this script, the server handles it.
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

  // A page restored from the browser's cache must be usable again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sent = false;
    form.querySelector("button").disabled = false;
  });
})();
