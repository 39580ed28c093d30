// Shows times in the reader's own zone. Without this script they are in the server's, which they name.
"use strict";

(() => {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "numeric", minute: "2-digit", timeZoneName: "short",
  });
  for (const shown of document.querySelectorAll("time[datetime]")) {
    shown.textContent = format.format(new Date(shown.dateTime));
  }
})();
