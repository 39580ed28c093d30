// Prevents a second click from sending a form twice, and says after a moment that it is being sent.
// Without this script, the server handles it.
"use strict";

(() => {
  const form = document.querySelector("form[data-once]");
  if (!form) return;
  let sent = false;

  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    form.querySelector("button").disabled = true;
    const status = form.querySelector("[data-slow]");
    if (status) setTimeout(() => { status.textContent = status.dataset.slow; }, 700);
  });

  // A page restored from the browser's cache must be usable again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sent = false;
    form.querySelector("button").disabled = false;
  });
})();
