// Keeps the answers on a page that was not sent yet in this browser, so that a reload, a look at the
// page for stopping, or a crash loses none of them. They are erased once the page is stored, and by
// any page of another participation or of none, so that nobody sees another person's answers on a
// shared device. Without this script, answers are kept only once the page is sent.
"use strict";

(() => {
  const PREFIX = "answers ";
  const LONGEST = 24 * 3_600_000; // milliseconds; a page that was left for longer starts empty
  const HIDDEN = ["hidden", "submit", "button", "file"];
  // The path contains the participant's secret code, so that it names one participation.
  const own = /^.*\/p\/[^/]+\//.exec(location.pathname)?.[0];
  const form = document.querySelector("form[data-timed]");
  if (document.querySelector("nav.preview")) return; // researchers try pages without leaving answers
  let stored = false;

  for (const key of keys()) {
    if (key !== PREFIX + own) erase(key);
  }
  // The page after the last, or after stopping, has no form. Pages below it keep the answers.
  if (!own || (!form && location.pathname === own)) {
    if (own) erase(PREFIX + own);
    return;
  }
  if (!form || location.pathname !== own) return;

  const step = form.elements.step.value;
  const kept = read();
  if (kept?.step !== step || !(Date.now() - kept.at < LONGEST)) {
    erase(PREFIX + own);
  } else if (!document.querySelector(".errors")) {
    // A page that came back with a mistake has its answers already.
    restore(kept.fields);
  }
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", keep);
  document.addEventListener("stored", () => {
    stored = true;
    erase(PREFIX + own);
  });

  function fields() {
    return [...form.elements].filter((one) => one.name && !HIDDEN.includes(one.type));
  }

  function keep() {
    if (stored) return;
    const given = fields()
      .filter((one) => (["radio", "checkbox"].includes(one.type) ? one.checked : one.value !== ""))
      .map((one) => [one.name, one.value]);
    if (given.length === 0) {
      erase(PREFIX + own);
      return;
    }
    try {
      localStorage.setItem(PREFIX + own, JSON.stringify({ step, at: Date.now(), fields: given }));
    } catch {
      // Without storage, the answers are kept only while the page is open.
    }
  }

  function restore(given) {
    for (const [name, value] of given) {
      const part = [...form.elements].find(
        (one) => (one.name === name || one.dataset.name === name) && fits(one, value),
      );
      if (!part) continue;
      if (["radio", "checkbox"].includes(part.type)) part.checked = true;
      else part.value = value;
      // A slider that was moved counts as answered from its first event on.
      if (part.type === "range") part.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function fits(part, value) {
    if (HIDDEN.includes(part.type)) return false;
    return !["radio", "checkbox"].includes(part.type) || part.value === value;
  }

  function keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    } catch {
      return [];
    }
  }

  function read() {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + own));
    } catch {
      return null;
    }
  }

  function erase(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // Nothing was kept.
    }
  }
})();
