// Fills the response time, from the moment everything on the page is painted, and keeps a second
// click from sending the page twice. Without this script the page works; the time stays empty.
"use strict";

(() => {
  const form = document.querySelector("form[data-timed]");
  if (!form) return;
  const field = form.elements.response_time_ms;
  const earlier = Number(field?.value) || 0; // the page came back with an answer missing
  let start = null;
  let sent = false;

  const afterPaint = () =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

  const begin = async () => {
    const pictures = [...document.querySelectorAll("main img")];
    await Promise.allSettled(pictures.map((picture) => picture.decode()));
    await afterPaint();
    start = performance.now();
  };

  form.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
      return;
    }
    sent = true;
    if (field && start !== null) field.value = (earlier + performance.now() - start).toFixed(1);
    form.querySelector("button").disabled = true;
  });

  // A page taken back out of the browser's memory must be usable again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sent = false;
    form.querySelector("button").disabled = false;
  });

  begin();
})();
