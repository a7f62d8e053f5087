// Shows times in the reader's own zone, on every page of a book; without it they stand in the server's.
(() => {
  "use strict";

  // By hand, as the server writes them: the browser's first format of its own takes longer than all else on the page.
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const two = (number) => String(number).padStart(2, "0");
  const minutes = (at) => `${two(at.getHours())}:${two(at.getMinutes())}`;
  const clock = (at) => `${minutes(at)}:${two(at.getSeconds())}`;
  const stamp = (at) => `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}, ${minutes(at)}`;

  function localize() {
    for (const time of document.querySelectorAll("time[data-clock], time[data-stamp]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.textContent = (time.dataset.stamp === undefined ? clock : stamp)(at);
      delete time.dataset.clock;
      delete time.dataset.stamp;
    }
  }

  localize();
  for (const event of ["htmx:wsAfterMessage", "htmx:afterSettle"]) document.addEventListener(event, localize);
})();
