// Measures by the browser's monotonic clock when the pictures were painted, how long the page was in
// view, how long the answer took, and how the pictures were used. Answers are accepted only after
// painting. Counts the time limit down, of which the server says how much is left. Without this
// script, everything can be answered, but nothing is measured, and the server alone judges the time.
"use strict";

(() => {
  const form = document.querySelector("form[data-timed]");
  if (!form) return;
  const status = document.querySelector("[data-status]");
  const loadAgain = document.querySelector("[data-load-again]");
  const skip = document.querySelector("[data-skip]");
  const timeLeft = form.querySelector("[data-time-left]");
  const moreTime = form.querySelector("[data-more-time]");
  const COUNTERS = { map: "map_toggles", opacity: "opacity_changes", zoom: "zooms" };
  const MOST_EVENTS = 200;
  const TRIES = 3; // of loading a picture, before the page says that it could not be loaded
  const LONGEST_LOAD = 15_000; // milliseconds of one try; a request can hang for ever
  const WARNING = 20_000; // milliseconds; WCAG 2.2.1 gives people 20 seconds to ask for more time
  const earlier = read(form.elements.timings.value); // the page came back with an answer missing
  const earlierTime = Number(form.elements.response_time_ms.value) || 0;
  const measured = { events: [], ...earlier };
  let start = null; // of the answering: when all pictures were painted
  let since = null; // when the page came into view, or went out of it
  let there = true;
  let end = null; // of the time limit, by this page's clock
  let tries = 0;

  async function begin() {
    const pictures = [...document.querySelectorAll("main img")];
    enable(pictures.length === 0 && !minimum());
    const failed = await loadAll(pictures);
    await painted();
    start = since = performance.now();
    there = document.visibilityState === "visible" && document.hasFocus();
    if (failed) measured.pictures_failed = failed;
    else {
      delete measured.pictures_failed;
      measured.painted_ms ??= start;
    }
    document.dispatchEvent(new CustomEvent("painted"));
    wait(minimum(), () => enable(true));
    if (form.dataset.limitMs) countDown(Number(form.dataset.limitMs));
  }

  // Load the pictures, and return how many of them failed. A trial that needs its pictures waits
  // until they have come, or until the participant goes on without answering.
  async function loadAll(pictures) {
    for (;;) {
      const slow = setTimeout(() => say("loading"), 400);
      const loaded = await Promise.all(pictures.map((picture) => load(picture)));
      clearTimeout(slow);
      const missing = pictures.filter((_, number) => !loaded[number]);
      say(missing.length ? "failed" : "");
      loadAgain.hidden = missing.length === 0;
      if (missing.length === 0) return 0;
      const needed = form.hasAttribute("data-needs-pictures");
      if (!needed) {
        loadAgain.addEventListener("click", () => again(missing), { once: true });
        return missing.length;
      }
      skip.hidden = false;
      const choice = await pressed(loadAgain, skip);
      loadAgain.hidden = skip.hidden = true;
      if (choice === skip) {
        measured.pictures_failed = missing.length;
        leaveOut();
        return new Promise(() => {}); // the page is being sent
      }
      pictures = missing;
    }
  }

  // The page can be answered already; a picture that comes late is only counted as loaded.
  async function again(missing) {
    const failed = await loadAll(missing);
    if (failed) measured.pictures_failed = failed;
    else delete measured.pictures_failed;
  }

  function leaveOut() {
    start = since = performance.now();
    enable(true);
    for (const part of form.querySelectorAll("fieldset")) part.disabled = true;
    form.requestSubmit(form.querySelector("[data-continue]"));
  }

  function pressed(...buttons) {
    return new Promise((resolve) => {
      for (const button of buttons) {
        button.addEventListener("click", () => resolve(button), { once: true });
      }
    });
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
        await within(picture.decode(), LONGEST_LOAD);
        return true;
      } catch {
        if (attempt < TRIES) await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
        tries += 1;
        // Another address ends a request that hangs, and passes by a broken copy in the cache.
        const addresses = picture.srcset;
        if (addresses) {
          picture.srcset = addresses.split(", ").map((one) => {
            const [address, size] = one.split(" ");
            return `${anew(address)} ${size}`;
          }).join(", ");
        }
        picture.src = anew(picture.getAttribute("src"));
      }
    }
    return false;
  }

  function anew(address) {
    const url = new URL(address, location.href);
    url.searchParams.set("again", tries);
    return url.pathname + url.search.replace(/=(?=&|$)/g, "");
  }

  function within(promise, milliseconds) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("too slow")), milliseconds);
      promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  // The second frame starts once the first frame, which contains the pictures, has been painted.
  function painted() {
    return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }

  function enable(now) {
    for (const part of form.querySelectorAll("fieldset, button")) part.disabled = !now;
    form.toggleAttribute("data-ready", now);
  }

  // The server said how much time is left, so that loading the page again gains none.
  function countDown(milliseconds) {
    end = performance.now() + milliseconds;
    if (timeLeft) timeLeft.hidden = false;
    tick();
  }

  let timer = null;
  let warned = false;

  function tick() {
    clearTimeout(timer);
    const left = end - performance.now();
    if (timeLeft) {
      const seconds = Math.max(0, Math.ceil(left / 1000));
      timeLeft.textContent = timeLeft.dataset.said.replace("{seconds}", seconds);
    }
    if (left <= 0) {
      timeIsUp();
      return;
    }
    if (left <= WARNING && !warned && moreTime) {
      warned = true;
      // A limit that is as short as the warning is told by the page itself.
      if (Number(form.dataset.limitMs) > WARNING + 5000) say("hurry");
    }
    timer = setTimeout(tick, left % 1000 || 1000); // at the next whole second
  }

  function timeIsUp() {
    measured.timed_out = 1;
    enable(true);
    form.requestSubmit(form.querySelector("[data-continue]"));
  }

  moreTime?.addEventListener("click", async (event) => {
    event.preventDefault();
    moreTime.disabled = true;
    try {
      const body = new URLSearchParams();
      for (const name of ["csrfmiddlewaretoken", "key", "step"]) {
        body.set(name, form.elements[name].value);
      }
      body.set(moreTime.name, moreTime.value);
      const answer = await fetch(location.pathname, {
        method: "POST",
        headers: { Accept: "application/json" },
        body,
        signal: AbortSignal.timeout(10_000),
      });
      const left = await answer.json();
      did("moretime", left.extensions_left);
      warned = false;
      say("");
      countDown(left.limit_ms);
      if (left.extensions_left) moreTime.disabled = false;
      else moreTime.hidden = true;
    } catch {
      moreTime.disabled = false; // no connection; the button can be pressed again
    }
  });

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
