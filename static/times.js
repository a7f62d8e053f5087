// Shows times in the reader's own zone, on every page of a book; without it they stand in the server's.
(() => {
  "use strict";

  const clock = (at) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = (at) => at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

  function localize() {
    for (const time of document.querySelectorAll("time[data-clock], time[data-stamp]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.textContent = time.dataset.stamp === undefined ? clock(at) : `${day(at)}, ${clock(at).slice(0, 5)}`;
      delete time.dataset.clock;
      delete time.dataset.stamp;
    }
  }

  localize();
  for (const event of ["htmx:wsAfterMessage", "htmx:afterSettle"]) document.addEventListener(event, localize);
})();
