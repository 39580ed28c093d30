// Controls to hide, fade and enlarge the map and to enlarge the image; also loads the next pictures.
// Without this script, image and map are shown as the method draws them.
"use strict";

(() => {
  const stimulus = document.querySelector("[data-stimulus]");
  if (!stimulus) return;
  const words = stimulus.dataset;
  const image = stimulus.querySelector(".image img");
  const map = stimulus.querySelector(".map > img");
  const tools = stimulus.querySelector("[data-tools]");

  function did(kind, value) {
    document.dispatchEvent(new CustomEvent("did", { detail: { kind, value } }));
  }

  function button(text, pressed, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "tool";
    made.textContent = text;
    made.setAttribute("aria-pressed", pressed);
    made.addEventListener("click", () => {
      const now = made.getAttribute("aria-pressed") !== "true";
      made.setAttribute("aria-pressed", now);
      act(now);
    });
    tools.append(made);
    return made;
  }

  // The map is laid over the image, so that fading the map reveals the image.
  function lay() {
    const stack = document.createElement("div");
    stack.className = "stack";
    const ground = image.cloneNode();
    ground.alt = "";
    map.before(stack);
    stack.append(ground, map);
    stimulus.classList.add("scripted");
  }

  function slider() {
    const label = document.createElement("label");
    label.className = "opacity";
    label.textContent = words.opacity;
    const made = document.createElement("input");
    Object.assign(made, { type: "range", min: 0, max: 100, step: 5, value: 100, autocomplete: "off" });
    label.append(made);
    tools.append(label);
    return made;
  }

  if (map) {
    lay();
    const opacity = slider();
    const show = button(words.show, true, (now) => {
      fade();
      did("map", now ? 1 : 0);
    });
    show.classList.add("show");
    for (const view of stimulus.querySelectorAll("[data-views] input")) {
      view.addEventListener("change", () => did("map", view.value === "map" ? 1 : 0));
    }
    const fade = () => {
      map.style.opacity = show.getAttribute("aria-pressed") === "true" ? opacity.value / 100 : 0;
    };
    opacity.addEventListener("input", () => {
      show.setAttribute("aria-pressed", true);
      fade();
    });
    opacity.addEventListener("change", () => did("opacity", Number(opacity.value)));
  }

  // An enlarged picture needs as many dots on any screen as an ordinary one on a dense screen.
  const sharp = [...stimulus.querySelectorAll("img[srcset]")].map((shown) => [shown, shown.srcset]);

  const enlarge = button(words.enlarge, false, (now) => {
    stimulus.classList.toggle("large", now);
    for (const [shown, usual] of sharp) {
      shown.srcset = now ? usual.split(", ").at(-1).replace(" 2x", " 1x") : usual;
    }
    did("zoom", now ? 1 : 0);
  });
  enlarge.classList.add("enlarge");
  tools.hidden = false;

  // The next page's pictures are fetched during this page, so that all arms load equally fast.
  document.addEventListener("painted", () => {
    for (const addresses of (words.next ?? "").split(" ").filter(Boolean)) {
      const [address, dense] = addresses.split(",");
      const picture = new Image();
      if (dense) picture.srcset = `${address} 1x, ${dense} 2x`;
      picture.src = address;
    }
  });
})();
