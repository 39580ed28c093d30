// Number keys choose an answer, Enter continues. Single keys can interfere with speech input and
// screen readers, so they can be turned off. Without this script, Tab, arrows and Space suffice.
"use strict";

(() => {
  const form = document.querySelector("form[data-timed]");
  const groups = form ? [...form.querySelectorAll("fieldset[role=radiogroup]")] : [];
  const choice = document.querySelector("[data-keys]");
  // Where nobody can see the choice to turn the keys off, because only fingers point, they are off.
  if (!form || !choice || !matchMedia("(any-pointer: fine)").matches) return;
  const NAME = "keys";
  let last = null; // the group in which a number key chose last

  function store(value) {
    try {
      if (value === undefined) return localStorage.getItem(NAME);
      localStorage.setItem(NAME, value);
    } catch {
      // If the browser stores nothing, the keys are on at every page.
    }
    return null;
  }

  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  label.append(box, choice.dataset.keys.replace("{digits}", digits()));
  choice.append(label);
  box.checked = store() !== "off";
  box.addEventListener("change", () => {
    store(box.checked ? "on" : "off");
    show();
  });
  // The hint is only for people with a keyboard. A keyboard that a tablet gets later works as well.
  const keyboard = matchMedia("(hover: hover) and (pointer: fine)").matches;
  choice.hidden = groups.length === 0 || !keyboard;

  function answers(group) {
    return [...group.querySelectorAll("input[type=radio]")];
  }

  // Return the digits that choose an answer on this page, such as 1-7.
  function digits() {
    const last = groups.map((group) => {
      const all = answers(group).filter((one) => !one.closest(".apart"));
      return group.querySelector(".scale") ? Number(all.at(-1)?.value) : all.length;
    });
    const most = Math.max(1, ...last.filter(Boolean));
    return most > 9 ? "0–9" : `1–${most}`;
  }

  function show() {
    form.classList.toggle("keyed", box.checked);
  }

  function current() {
    const focused = document.activeElement?.closest?.("fieldset[role=radiogroup]");
    return focused ?? groups.find((group) => !answers(group).some((one) => one.checked)) ?? last;
  }

  function choose(digit) {
    const group = current();
    const all = group ? answers(group) : [];
    // On a scale, the digit is the point itself, otherwise the position in the list; 0 is the tenth.
    const wanted = group?.querySelector(".scale")
      ? all.find((one) => one.value === digit)
      : all[(Number(digit) || 10) - 1];
    if (!wanted || wanted.matches(":disabled")) return false;
    wanted.click();
    last = group;
    const next = groups.find((one) => !answers(one).some((answer) => answer.checked));
    (next ? answers(next)[0] : form.querySelector(".actions button")).focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const field = event.target.closest("textarea, input:not([type=radio]), summary, a, button");
    if (/^[0-9]$/.test(event.key) && !field?.matches("textarea, input")) {
      if (choose(event.key)) event.preventDefault();
    } else if (event.key === "Enter" && !field && !event.target.closest("form")) {
      form.requestSubmit(form.querySelector(".actions button"));
    }
  });

  show();
})();
