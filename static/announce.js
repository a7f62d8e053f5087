// What a screen reader says of a live board: each failure once, chapters by quarters of the book. Nothing that counts
// down or up stands in a live region.
(() => {
  "use strict";

  const GATHER_SECONDS = 5;
  const QUARTERS = ["", "A quarter of the chapters is written", "Half of the chapters are written",
    "Three quarters of the chapters are written", "All chapters are written"];
  const byId = (id) => document.getElementById(id);
  const line = byId("board-announced");
  if (!line || !byId("board-seq")) return;

  const say = (words) => { line.textContent = words; };

  function read() {
    const { written, total, failed, failure } = byId("board-seq").dataset;
    const share = Number(total) ? Math.floor((4 * Number(written)) / Number(total)) : 0;
    return { quarter: Math.min(share, 4), written, total, failed: Number(failed), failure };
  }

  let known = read();
  let gathered = 0;
  let timer = 0;

  /** The first failure is said at once; more within seconds of it are said together. */
  function sayFailures(count, failure) {
    if (timer) {
      gathered += count;
      return;
    }
    say(count === 1 && failure ? failure : `${count} chapters failed.`);
    timer = setTimeout(() => {
      timer = 0;
      if (gathered) say(gathered === 1 ? "Another chapter failed." : `${gathered} more chapters failed.`);
      gathered = 0;
    }, GATHER_SECONDS * 1000);
  }

  function look() {
    const now = read();
    if (now.failed > known.failed) sayFailures(now.failed - known.failed, now.failure);
    else if (now.quarter > known.quarter) say(`${QUARTERS[now.quarter]}: ${now.written} of ${now.total}.`);
    known = now;
  }

  for (const type of ["htmx:wsAfterMessage", "htmx:afterSettle"]) document.addEventListener(type, look);
})();
