// Sends the page. A dead network or a restarting server loses nothing: the answer is kept in this tab,
// even over a reload, and is sent again until it is stored; the page tells the participant so. By the
// form's key the server recognises repeated attempts. A slow line is named, so that nobody wonders
// whether the button was pressed. Without this script, the browser sends the form.
"use strict";

(() => {
  const form = document.querySelector("form[data-timed]");
  if (!form) return;
  const status = document.querySelector("[data-status]");
  const again = document.querySelector("[data-again]");
  const PLACE = `unsent ${location.pathname}`;
  const LONGEST_WAIT = 30_000; // milliseconds, between attempts and for one
  const SLOW = 700; // milliseconds after which the page says what it is doing
  let sent = false;
  let wake = null; // ends the waiting

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sent) return;
    const body = new URLSearchParams(new FormData(form)).toString();
    store({ step: form.elements.step.value, body });
    send(body);
  });

  async function send(body) {
    sent = true;
    for (const button of form.querySelectorAll(".actions button")) button.disabled = true;
    for (let attempts = 1; ; attempts += 1) {
      const slow = setTimeout(() => say("sending"), SLOW);
      const answer = await attempt(body, attempts);
      clearTimeout(slow);
      if (!answer.trouble) {
        show(answer);
        return;
      }
      removeEventListener("beforeunload", ask);
      addEventListener("beforeunload", ask);
      // What it lists may have been answered since. If not, the server will list it again.
      document.querySelector(".errors")?.setAttribute("hidden", "");
      say(answer.trouble);
      again.hidden = false;
      await pause(Math.min(LONGEST_WAIT, 1000 * 2 ** (attempts - 1)));
      say("sending");
    }
  }

  // Return the server's answer. ``trouble`` tells a server that cannot store the page right now from
  // a network on which no server was reached.
  async function attempt(body, attempts) {
    try {
      const answer = await fetch(location.pathname, {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: counted(body, attempts),
        redirect: "manual",
        signal: AbortSignal.timeout(LONGEST_WAIT),
      });
      if (answer.type === "opaqueredirect") return { stored: true };
      if (answer.status >= 500 || answer.status === 429) return { trouble: "busy" };
      return { stored: false, page: await answer.text() };
    } catch {
      return { trouble: "lost" };
    }
  }

  function say(name) {
    status.textContent = status.dataset[name];
  }

  function counted(body, attempts) {
    const fields = new URLSearchParams(body);
    try {
      fields.set("timings", JSON.stringify({ ...JSON.parse(fields.get("timings")), attempts }));
    } catch {
      // Sent before anything was measured.
    }
    return fields.toString();
  }

  function show(answer) {
    removeEventListener("beforeunload", ask);
    store(null);
    if (answer.stored) {
      document.dispatchEvent(new CustomEvent("stored"));
      setTimeout(() => say("stored"), SLOW);
      location.replace(location.pathname);
      return;
    }
    // The page that lists missing answers, or explains a refusal, has this page's address.
    document.open();
    document.write(answer.page);
    document.close();
  }

  function pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  function ask(event) {
    event.preventDefault();
  }

  function store(unsent) {
    try {
      if (unsent === undefined) return JSON.parse(sessionStorage.getItem(PLACE));
      if (unsent === null) sessionStorage.removeItem(PLACE);
      else sessionStorage.setItem(PLACE, JSON.stringify(unsent));
    } catch {
      // Without storage, the answer is kept only while the page is open.
    }
    return null;
  }

  addEventListener("online", () => wake?.());
  again.addEventListener("click", () => wake?.());
  // A page restored from the browser's cache must be usable again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) sent = false;
  });

  const unsent = store();
  if (unsent?.step === form.elements.step.value) {
    say("sending");
    send(unsent.body);
  } else if (unsent) {
    store(null); // it was stored, since the study has moved on
  }
})();
