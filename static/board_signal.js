// Says in the browser's tab how the book is doing, and in a notification that it ended or needs somebody, if asked to.
(() => {
  "use strict";

  const KEPT = "chapterflow-tell-me";
  const TOLD = ["needs", "failed", "done"];
  const board = document.getElementById("board");
  const button = document.getElementById("board-notify");
  const mark = () => document.getElementById("board-seq");
  if (!board || !mark()) return;
  let shown = mark().dataset.signal;

  function showIcon() {
    const icon = document.querySelector('link[rel="icon"]');
    const { icon: address, title } = mark().dataset;
    if (icon && address && icon.getAttribute("href") !== address) icon.setAttribute("href", address);
    if (title && document.title !== title) document.title = title;
  }

  // ----------------------------------------------------------- notifications
  const isOffered = window.isSecureContext && "Notification" in window && Notification.permission !== "denied";

  function wants() {
    try {
      return localStorage.getItem(KEPT) === "on" && Notification.permission === "granted";
    } catch {
      return false;
    }
  }

  function keep(value) {
    try {
      localStorage.setItem(KEPT, value);
    } catch {
      // A browser that keeps nothing asks again on the next page.
    }
  }

  function showButton() {
    if (!button || !isOffered) return;
    // Its place is kept until then, so that nothing below it moves.
    delete button.dataset.unoffered;
    button.setAttribute("aria-pressed", String(wants()));
  }

  async function press() {
    if (wants()) keep("off");
    else if ((await Notification.requestPermission()) === "granted") keep("on");
    showButton();
  }

  function tell({ signal, title, icon }) {
    if (!isOffered || !TOLD.includes(signal) || !wants()) return;
    try {
      const note = new Notification(title, { icon, tag: location.pathname });
      note.addEventListener("click", () => { window.focus(); note.close(); });
    } catch {
      // Some browsers of telephones have the name but not the thing.
    }
  }

  function follow() {
    if (!mark()) return;
    showIcon();
    const now = mark().dataset;
    if (now.signal === shown) return;
    shown = now.signal;
    tell(now);
  }

  showIcon();
  showButton();
  button?.addEventListener("click", press);
  new MutationObserver(follow).observe(board, { childList: true });
})();
