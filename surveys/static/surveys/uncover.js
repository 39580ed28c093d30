// Clears a small circle of a blurred picture where a pointer, a finger or the arrow keys are, and notes
// its path: [milliseconds, x, y, kind] in thousandths of the picture, and [milliseconds] where it closes.
// Without this script, a grid of buttons clears one place after the other, each by a request.
"use strict";

(() => {
  const stage = document.querySelector("[data-uncover]");
  const form = document.querySelector("form[data-timed]");
  if (!stage || !form) return;
  const words = stage.dataset;
  const field = form.elements.path;
  const place = document.querySelector("[data-uncover-place]");
  const radius = Number(words.radius); // percent of the width
  const LEAST_MS = 100; // between two points, so that a path of minutes has some hundreds
  const LEAST_MOVE = 10; // thousandths
  const MOST = 1498; // points; the server keeps 1500
  const points = read(field.value); // the page came back with an answer missing
  const earlier = points.at(-1)?.[0] ?? 0;
  const blurred = stage.querySelector("img");
  const sharp = blurred.cloneNode();
  let zero = null; // when the pictures were painted
  let at = null; // where the keys have moved the circle
  let waiting = null; // a point that came too soon after the last one
  let timer = null;

  // In the page before the pictures are awaited, so that nobody waits for the clear one later.
  blurred.src = words.blurred; // not the picture with a place that was cleared without the script
  sharp.src = words.sharp;
  sharp.alt = "";
  sharp.className = "sharp";
  sharp.classList.toggle("pixels", words.tiny === "1");
  if (words.dense) {
    blurred.srcset = `${words.blurred} 1x, ${words.blurred}${words.dense} 2x`;
    sharp.srcset = `${words.sharp} 1x, ${words.sharp}${words.dense} 2x`;
  }
  blurred.after(sharp);
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", words.label);
  for (const grid of document.querySelectorAll("[data-cells]")) grid.remove();
  for (const caption of document.querySelectorAll("[data-uncover-caption]")) {
    caption.textContent = caption.dataset.uncoverCaption;
  }

  document.addEventListener("painted", () => {
    zero ??= performance.now();
  });

  function now() {
    return earlier + Math.round(performance.now() - zero);
  }

  function open(x, y, kind) {
    if (zero === null) return;
    if (x < 0 || x > 1 || y < 0 || y > 1) {
      close();
      return;
    }
    sharp.style.clipPath = `circle(${radius}% at ${100 * x}% ${100 * y}%)`;
    waiting = [now(), Math.round(1000 * x), Math.round(1000 * y), kind];
    const last = points.at(-1);
    const rest = last?.length === 4 ? last[0] + LEAST_MS - waiting[0] : 0;
    if (rest <= 0) note();
    else timer ??= setTimeout(note, rest);
  }

  function note() {
    clearTimeout(timer);
    timer = null;
    if (waiting === null) return;
    const [, x, y, kind] = waiting;
    const last = points.at(-1);
    const rests = last?.length === 4 && last[3] === kind
      && Math.hypot(x - last[1], y - last[2]) < LEAST_MOVE;
    if (!rests && points.length < MOST) points.push(waiting);
    waiting = null;
  }

  function close() {
    note();
    sharp.style.clipPath = "";
    if (points.at(-1)?.length === 4) points.push([now()]);
  }

  function pointed(event) {
    const box = blurred.getBoundingClientRect();
    const kind = event.pointerType === "touch" ? "t" : "p";
    open((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, kind);
  }

  stage.addEventListener("pointerdown", pointed);
  stage.addEventListener("pointermove", pointed);
  stage.addEventListener("pointerleave", close);
  stage.addEventListener("pointercancel", close);
  stage.addEventListener("pointerup", (event) => {
    if (event.pointerType === "touch") close();
  });

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: null };

  stage.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (!(event.key in MOVES) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const move = MOVES[event.key];
    // Half a circle at a time, so that every place can be seen.
    const moved = (value, step) => Math.min(1, Math.max(0, value + step * radius / 100));
    at = move && at ? [moved(at[0], move[0]), moved(at[1], move[1])] : [0.5, 0.5];
    open(at[0], at[1], "k");
    place.textContent = words.place
      .replace("{right}", Math.round(100 * at[0])).replace("{down}", Math.round(100 * at[1]));
  });
  stage.addEventListener("blur", close);
  addEventListener("blur", close);
  document.addEventListener("visibilitychange", close);

  form.addEventListener("submit", () => {
    if (zero !== null) close();
    field.value = JSON.stringify(points);
  });

  function read(text) {
    try {
      const earlierPoints = JSON.parse(text);
      return Array.isArray(earlierPoints) ? earlierPoints : [];
    } catch {
      return [];
    }
  }
})();
