// A slider is empty until it is moved: it has no handle and sends no value. Without this script, it
// is parked to the left of its scale, which the server treats as no answer.
"use strict";

for (const part of document.querySelectorAll("[data-slider]")) prepare(part);

function prepare(part) {
  const slider = part.querySelector("input");
  const name = slider.name;
  const answered = Number(slider.value) >= Number(part.dataset.minimum);
  const given = slider.value;
  slider.min = part.dataset.minimum;
  part.classList.add("scripted");
  if (answered) {
    slider.value = given;
    return;
  }
  // It starts in the middle, because answers are drawn towards the starting position.
  slider.value = (Number(slider.min) + Number(slider.max)) / 2;
  slider.removeAttribute("name");
  slider.dataset.name = name; // by which keeping.js finds it
  slider.setAttribute("aria-valuetext", part.dataset.empty);
  part.classList.add("empty");

  const answer = () => {
    slider.name = name;
    slider.removeAttribute("aria-valuetext");
    part.classList.remove("empty");
  };
  for (const event of ["pointerdown", "input", "change"]) slider.addEventListener(event, answer);
  // The middle can be the answer, too: on the keyboard, Space selects the current position.
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    answer();
  });
}
