// Counts how the answers of a page come about, where the study's consent says so: pastes, text
// without keys, events that a script made. It never stores which key was pressed or what was
// pasted. The counts decide nothing; docs/signals.md explains them. Without this script, only what
// the server sees is known.
"use strict";

(() => {
  const form = document.querySelector("form[data-timed]");
  const field = form?.elements.signals;
  if (!field) return;
  const MOST_GAPS = 100;
  const RECENT = 1000; // milliseconds from a key or a pointer to what it causes
  const PROMPTS = ["keydown", "keyup", "pointerdown", "pointermove", "pointerup", "touchstart",
    "touchend", "mousedown", "mouseup"];
  const counted = {
    changes: 0, synthetic: 0, unprompted: 0, silent: 0,
    pastes: 0, characters: 0, pasted: 0, keyless: 0, gaps: [],
    ...read(field.value), // the page came back with an answer missing
  };
  const lengths = new Map(); // of texts, by field
  const heard = new Set(); // names of the answers that came with an event
  let before = null; // the answers before anybody could give one
  let prompted = -Infinity; // when a key, a pointer or a finger was last used
  let key = -Infinity; // when a key was last pressed
  let handling = false; // of a key of the person; number keys then choose by a click of keys.js
  let faking = false; // a script made the click that is being handled
  let last = null; // when the page became ready, then when the last answer was given

  for (const kind of PROMPTS) {
    addEventListener(kind, (event) => {
      if (event.isTrusted) prompted = performance.now();
    }, { capture: true, passive: true });
  }
  addEventListener("keydown", (event) => {
    handling = event.isTrusted;
    if (event.isTrusted) key = performance.now();
    setTimeout(() => { handling = false; });
  }, true);
  addEventListener("click", (event) => {
    if (event.isTrusted || handling || !form.contains(event.target)) return;
    faking = true;
    // The change follows the click within the same task.
    setTimeout(() => { faking = false; });
  }, true);

  function begin() {
    before ??= answers();
    for (const part of form.querySelectorAll("textarea, input[type=text]")) {
      if (!lengths.has(part)) lengths.set(part, part.value.length);
    }
  }

  // A browser restores what was typed before a reload until the page is shown.
  addEventListener("pageshow", begin, { once: true });

  form.addEventListener("change", (event) => {
    begin();
    answered(event);
  }, true);

  form.addEventListener("input", (event) => {
    begin();
    if (lengths.has(event.target)) typed(event);
  }, true);

  function answered(event) {
    const now = performance.now();
    const name = event.target.name || event.target.dataset.name;
    if (!name) return;
    heard.add(name);
    counted.changes += 1;
    if (!event.isTrusted || (faking && !handling)) counted.synthetic += 1;
    else if (now - prompted > RECENT) counted.unprompted += 1;
    if (last !== null && counted.gaps.length < MOST_GAPS) {
      counted.gaps.push(Math.round((now - last) * 10) / 10);
    }
    last = now;
  }

  function typed(event) {
    const part = event.target;
    const added = Math.max(0, part.value.length - lengths.get(part));
    lengths.set(part, part.value.length);
    heard.add(part.name);
    counted.characters += added;
    const kind = event.inputType ?? "";
    if (event.isTrusted && ["insertFromPaste", "insertFromDrop"].includes(kind)) {
      counted.pastes += 1;
      counted.pasted += added;
    } else if (!event.isTrusted) {
      counted.synthetic += 1;
      counted.changes += 1;
      counted.keyless += added;
    } else if (!/Composition|Replacement/.test(kind) && performance.now() - key > RECENT) {
      // Input methods and corrections of spelling do not press a key for each character.
      counted.keyless += added;
    }
  }

  // Return the value of each answer by its name.
  function answers() {
    const given = new Map();
    for (const part of form.elements) {
      const name = part.name || part.dataset.name;
      if (!name || ["hidden", "submit", "button", "fieldset"].includes(part.type)) continue;
      const value = ["radio", "checkbox"].includes(part.type) && !part.checked ? "" : part.value;
      given.set(name, `${given.get(name) ?? ""} ${value}`);
    }
    return given;
  }

  function ready() {
    if (form.hasAttribute("data-ready")) last ??= performance.now();
  }

  new MutationObserver(ready).observe(form, { attributeFilter: ["data-ready"] });
  ready();

  form.addEventListener("submit", () => {
    const now = answers();
    let silent = 0;
    for (const [name, value] of before ?? now) {
      if (now.get(name) !== value && !heard.has(name)) silent += 1;
    }
    field.value = JSON.stringify({
      ...counted,
      silent: counted.silent + silent,
      changes: counted.changes + silent,
      webdriver: navigator.webdriver ? 1 : 0,
    });
  });

  function read(text) {
    try {
      return JSON.parse(text) ?? {};
    } catch {
      return {};
    }
  }
})();
