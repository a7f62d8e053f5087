// Shows times in the reader's own zone, on every page of a book; without it they stand in the server's.
(() => {
  "use strict";

  // Made once: making a format takes far longer than using it, and a live page uses it for every line.
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const stamp = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

  function localize() {
    for (const time of document.querySelectorAll("time[data-clock], time[data-stamp]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.textContent = (time.dataset.stamp === undefined ? clock : stamp).format(at);
      delete time.dataset.clock;
      delete time.dataset.stamp;
    }
  }

  localize();
  for (const event of ["htmx:wsAfterMessage", "htmx:afterSettle"]) document.addEventListener(event, localize);
})();
