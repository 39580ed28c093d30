// Goes back to the recruitment service after the declared pause, unless the participant stays. Without
// this script, the button leads back.
"use strict";

(() => {
  const part = document.querySelector("[data-return]");
  const button = part?.parentElement.querySelector("a.button");
  if (!part || !button) return;
  let left = Number(part.dataset.return);

  const text = document.createElement("span");
  const stay = document.createElement("button");
  Object.assign(stay, { type: "button", className: "secondary", textContent: part.dataset.stay });
  part.append(text, " ", stay);
  part.hidden = false;

  const timer = setInterval(() => {
    // Time that the page is out of view does not count: nobody is sent on unawares.
    if (document.visibilityState === "visible") left -= 1;
    show();
    if (left <= 0) {
      clearInterval(timer);
      location.assign(button.href);
    }
  }, 1000);

  function show() {
    text.textContent = part.dataset.say.replace("{seconds}", Math.max(0, left));
  }

  stay.addEventListener("click", () => {
    clearInterval(timer);
    stay.remove();
    part.setAttribute("role", "status");
    text.textContent = part.dataset.stayed;
  });
  show();
})();
