// Keeping and undoing by single letters on the review desk, and times in the reader's own zone. Nothing needs it.
(() => {
  "use strict";

  const KEYS = { a: "keep", u: "undo" };

  /** The change in focus, else the first that can still be decided so. */
  function decide(decision) {
    const here = document.activeElement.closest?.(".change")?.querySelector(`[data-decision="${decision}"]`);
    (here ?? document.querySelector(`.change [data-decision="${decision}"]`))?.click();
  }

  document.addEventListener("keydown", (event) => {
    const decision = KEYS[event.key.toLowerCase()];
    if (!decision || event.shiftKey || window.chapterflow?.lettersRest(event)) return;
    event.preventDefault();
    decide(decision);
  });

  // The decided change stays in its place; the focus goes on to the next one.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!event.detail.target?.classList?.contains("change")) return;
    const now = document.getElementById(event.detail.target.id);
    const list = [...document.querySelectorAll(".change")];
    (list[list.indexOf(now) + 1] ?? now)?.focus();
  });
})();
