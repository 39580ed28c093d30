// Numbers the lines of the study file next to the text, and goes to the line of a mistake. Without this
// script the links of the mistakes go to a numbered copy of the text below.
"use strict";

const field = document.getElementById("source");
const gutter = document.createElement("div");
const mirror = document.createElement("div");
gutter.className = "gutter";
mirror.className = "mirror";
gutter.setAttribute("aria-hidden", "true");
mirror.setAttribute("aria-hidden", "true");
field.parentElement.classList.add("is-numbered");
field.before(gutter, mirror);

// A long line takes several rows, so that each number is as high as its line in a copy of the text.
function number() {
  const style = getComputedStyle(field);
  mirror.style.width = `${field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)}px`;
  const lines = field.value.split("\n");
  mirror.replaceChildren(...lines.map((line) => {
    const row = document.createElement("div");
    row.textContent = line || " ";
    return row;
  }));
  const heights = [...mirror.children].map((row) => row.offsetHeight);
  gutter.replaceChildren(...heights.map((height, index) => {
    const row = document.createElement("div");
    row.textContent = index + 1;
    row.style.height = `${height}px`;
    return row;
  }));
  gutter.style.height = `${field.offsetHeight}px`;
  follow();
}

function follow() {
  gutter.scrollTop = field.scrollTop;
}

function goTo(line) {
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const above = [...gutter.children].slice(0, line - 1).reduce((sum, row) => sum + row.offsetHeight, 0);
  field.scrollTop = Math.max(0, above - field.clientHeight / 3);
  follow();
}

let waiting = 0;
function later() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(number);
}

field.addEventListener("input", later);
field.addEventListener("scroll", follow);
new ResizeObserver(later).observe(field);
for (const link of document.querySelectorAll("[data-line]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(Number(link.dataset.line));
  });
}
number();
