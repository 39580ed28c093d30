// A slider is empty until it is moved: no handle, no value sent. Without this script it waits left
// of its scale instead, which the server takes for no answer.
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
  // Neither end is nearer than the other: where a slider starts pulls the answers towards it.
  slider.value = (Number(slider.min) + Number(slider.max)) / 2;
  slider.removeAttribute("name");
  slider.setAttribute("aria-valuetext", part.dataset.empty);
  part.classList.add("empty");

  const answer = () => {
    slider.name = name;
    slider.removeAttribute("aria-valuetext");
    part.classList.remove("empty");
  };
  for (const event of ["pointerdown", "input", "change"]) slider.addEventListener(event, answer);
  // The middle itself is an answer too: by keyboard, Space takes the place where the slider stands.
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    answer();
  });
}
