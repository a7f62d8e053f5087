// Turning chapters by arrow keys, keeping the reader's settings, showing which mark was followed. Nothing needs it.
(() => {
  "use strict";

  const busy = (target) =>
    target instanceof Element && target.closest("input, textarea, select, [contenteditable], .fore-edge, dialog, [role='region']");

  document.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (busy(event.target) || document.querySelector("dialog[open]")) return;
    // A book that is read from right to left goes on to the left.
    const ahead = document.querySelector("[data-turn]:dir(rtl)") ? -1 : 1;
    const link = document.querySelector(`[data-turn="${way === ahead ? "next" : "prev"}"]`);
    if (link) link.click();
  });

  const followMark = () => {
    for (const mark of document.querySelectorAll(".cite[aria-current]")) mark.removeAttribute("aria-current");
    const number = /^#[np](\d+)$/.exec(window.location.hash)?.[1];
    if (!number) return;
    const first = document.getElementById(`cite-${number}`);
    if (first) first.setAttribute("aria-current", "true");
  };
  window.addEventListener("hashchange", followMark);
  followMark();

  const settings = document.querySelector("[data-reading-settings]");
  if (!settings) return;
  const KEY = "chapterflow-reading";
  const read = () => {
    try { return JSON.parse(window.localStorage.getItem(KEY) || "{}"); } catch { return {}; }
  };
  const kept = read();
  if (["size-s", "size-m", "size-l"].includes(kept.size)) document.getElementById(kept.size).checked = true;
  if (kept.marks === false) document.getElementById("marks").checked = false;
  settings.addEventListener("change", () => {
    const size = settings.querySelector("[name='size']:checked");
    const now = { size: size ? size.id : "size-m", marks: document.getElementById("marks").checked };
    try { window.localStorage.setItem(KEY, JSON.stringify(now)); } catch { /* a private window keeps nothing */ }
  });
})();
