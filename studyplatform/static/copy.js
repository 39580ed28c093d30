// Selects a text to copy as soon as it has the focus, and copies it at the button. Without this script
// the field can be selected by hand.
"use strict";

for (const field of document.querySelectorAll("[data-copied]")) {
  field.addEventListener("focus", () => field.select());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // on addresses without https
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  });
}
