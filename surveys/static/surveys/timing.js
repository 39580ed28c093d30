// Measures by the browser's monotonic clock when the pictures were painted, how long the page was in
// view, how long the answer took, and how the pictures were used. Answers are accepted only after
// painting. Without this script, everything can be answered, but nothing is measured.
"use strict";

(() => {
  const form = document.querySelector("form[data-timed]");
  if (!form) return;
  const status = document.querySelector("[data-status]");
  const COUNTERS = { map: "map_toggles", opacity: "opacity_changes", zoom: "zooms" };
  const MOST_EVENTS = 200;
  const TRIES = 3; // of loading a picture, before the page can be answered without it
  const earlier = read(form.elements.timings.value); // the page came back with an answer missing
  const earlierTime = Number(form.elements.response_time_ms.value) || 0;
  const measured = { events: [], ...earlier };
  let start = null; // of the answering: when all pictures were painted
  let since = null; // when the page came into view, or went out of it
  let there = true;

  async function begin() {
    const pictures = [...document.querySelectorAll("main img")];
    enable(pictures.length === 0 && !minimum());
    const slow = setTimeout(() => say("loading"), 400);
    const loaded = await Promise.all(pictures.map((picture) => load(picture)));
    const failed = loaded.filter((one) => !one).length;
    await painted();
    clearTimeout(slow);
    say(failed ? "failed" : "");
    start = since = performance.now();
    there = document.visibilityState === "visible" && document.hasFocus();
    if (failed) measured.pictures_failed = failed;
    else measured.painted_ms ??= start;
    document.dispatchEvent(new CustomEvent("painted"));
    wait(minimum(), () => enable(true));
    if (Number(form.dataset.limitMs)) wait(Number(form.dataset.limitMs) - earlierTime, timeIsUp);
  }

  function minimum() {
    return Math.max(0, Number(form.dataset.minimumMs || 0) - earlierTime);
  }

  function wait(milliseconds, then) {
    if (milliseconds <= 0) then();
    else setTimeout(then, milliseconds);
  }

  async function load(picture) {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      try {
        await picture.decode();
        return true;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
        picture.src = picture.src.split("?")[0] + `?again=${attempt}`;
      }
    }
    return false;
  }

  // The second frame starts once the first frame, which contains the pictures, has been painted.
  function painted() {
    return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }

  function enable(now) {
    for (const part of form.querySelectorAll("fieldset, button")) part.disabled = !now;
    form.toggleAttribute("data-ready", now);
  }

  function timeIsUp() {
    measured.timed_out = 1;
    enable(true);
    form.requestSubmit();
  }

  function say(name) {
    if (status) status.textContent = name ? status.dataset[name] : "";
  }

  function did(kind, value) {
    if (COUNTERS[kind]) measured[COUNTERS[kind]] = (measured[COUNTERS[kind]] ?? 0) + 1;
    if (kind === "opacity") measured.opacity = value;
    if (kind === "away") measured.times_away = (measured.times_away ?? 0) + 1;
    if (start === null || measured.events.length >= MOST_EVENTS) return;
    measured.events.push([rounded(earlierTime + performance.now() - start), kind, value]);
  }

  function look() {
    if (start === null) return;
    const now = document.visibilityState === "visible" && !blurred;
    if (now === there) return;
    turn();
    there = now;
    did(now ? "back" : "away", 0);
  }

  // Add the time since the last change to the time in view or to the time away.
  function turn() {
    const now = performance.now();
    const name = there ? "dwell_ms" : "away_ms";
    measured[name] = (measured[name] ?? 0) + now - since;
    since = now;
    return now;
  }

  let blurred = !document.hasFocus();
  addEventListener("blur", () => { blurred = true; look(); });
  addEventListener("focus", () => { blurred = false; look(); });
  document.addEventListener("visibilitychange", look);
  document.addEventListener("did", (event) => did(event.detail.kind, event.detail.value));

  form.addEventListener("submit", () => {
    if (start === null) return;
    const now = turn();
    form.elements.response_time_ms.value = rounded(earlierTime + now - start);
    form.elements.timings.value = JSON.stringify({
      ...measured,
      painted_ms: rounded(measured.painted_ms),
      dwell_ms: rounded(measured.dwell_ms ?? 0),
      away_ms: rounded(measured.away_ms ?? 0),
      times_away: measured.times_away ?? 0,
      viewport_width: innerWidth,
      viewport_height: innerHeight,
      pixel_ratio: devicePixelRatio,
    });
  });

  // A page restored from the browser's cache must be usable again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) enable(true);
  });

  function rounded(milliseconds) {
    return milliseconds === undefined ? undefined : Math.round(milliseconds * 10) / 10;
  }

  function read(text) {
    try {
      return JSON.parse(text) ?? {};
    } catch {
      return {};
    }
  }

  begin();
})();
