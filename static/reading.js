// Turning chapters by arrow keys, keeping the reader's settings, showing which mark was followed. Nothing needs it.
(() => {
  "use strict";

  const busy = (target) =>
    target instanceof Element && target.closest("input, textarea, select, [contenteditable], .fore-edge, dialog, [role='region']");

  document.addEventListener("keydown", (event) => {
    const side = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (!side || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (busy(event.target) || document.querySelector("dialog[open]")) return;
    const link = document.querySelector(`[data-turn="${side}"]`);
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
