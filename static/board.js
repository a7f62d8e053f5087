// The live board: focus, clocks, keys. connection.js has its connection. Without either the page is still a page.
(() => {
  "use strict";

  // Where the focus goes when what had it is no longer there.
  const OTHERWISE = { "session-pause": "session-resume", "session-resume": "session-pause" };
  const byId = (id) => document.getElementById(id);
  const board = byId("board");
  if (!board || !window.htmx) return;

  let focused = null;
  let pressed = null;
  let state = stateNow();

  // ------------------------------------------------------------------- focus
  function keepFocus() {
    focused = document.activeElement?.id ? document.activeElement : null;
  }

  /** A leaf that is replaced forgets that it was the one that Tab reaches: the first, or the one in focus, is it. */
  function keepTabStop() {
    const leaves = [...board.querySelectorAll(".fore-edge a")];
    const stop = leaves.find((leaf) => leaf === document.activeElement) ?? leaves[0];
    for (const leaf of leaves) leaf.tabIndex = leaf === stop ? 0 : -1;
  }

  function stateNow() {
    return byId("board-state")?.querySelector("strong")?.textContent ?? "";
  }

  /** Says a new state of the whole book; a failure is an alert and says itself. */
  function sayState() {
    const now = stateNow();
    if (now === state) return;
    state = now;
    if (!board.querySelector("#board-state [role=alert]")) byId("board-said").textContent = now;
  }

  function afterMessage() {
    // A button that was pressed is disabled while it works, and has lost the focus by then.
    const last = focused ?? pressed;
    if (last && !last.isConnected && document.activeElement === document.body) {
      const again = byId(last.id) ?? byId(OTHERWISE[last.id] ?? last.id.replace(/-(retry|attempts|reason)$/, "-link"));
      again?.focus({ preventScroll: true });
      pressed = null;
    }
    const title = byId("board-seq")?.dataset.title;
    if (title && document.title !== title) document.title = title;
    keepTabStop();
    sayState();
    tick();
  }

  // A glimpse at a chapter that is no longer being written has nowhere to go: it is left out before htmx complains.
  htmx.defineExtension("glimpses", {
    transformResponse(text) {
      if (!text.includes('-proof"')) return text;
      const box = document.createElement("template");
      box.innerHTML = text;
      for (const proof of [...box.content.children].filter((child) => child.id.endsWith("-proof"))) {
        const card = box.content.querySelector(`li[id="${proof.id.replace(/-proof$/, "")}"]`);
        if (!(card ?? document).querySelector(`[id="${proof.id}"]`)) proof.remove();
      }
      return box.innerHTML;
    },
  });

  document.addEventListener("htmx:wsBeforeMessage", keepFocus);
  document.addEventListener("htmx:wsAfterMessage", afterMessage);
  document.addEventListener("htmx:beforeRequest", (event) => { pressed = event.target; });
  document.addEventListener("htmx:beforeSend", (event) => event.target.classList?.add("is-busy"));
  document.addEventListener("htmx:afterRequest", (event) => {
    event.target.classList?.remove("is-busy");
    // htmx enables the button again only after this.
    setTimeout(() => {
      if (document.activeElement === document.body && pressed?.isConnected) pressed.focus({ preventScroll: true });
    });
  });

  // ------------------------------------------------------------------ clocks
  // Counted by the server's clock, so that a wrong clock of this machine does no harm.
  const skew = Date.parse(board.dataset.now) - Date.now();

  function spell(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  }

  function tick() {
    const now = Date.now() + skew;
    for (const time of board.querySelectorAll("time[data-until], time[data-since]")) {
      const seconds = (Date.parse(time.dateTime) - now) / 1000;
      if (time.dataset.since !== undefined) time.textContent = spell(-seconds);
      else time.textContent = seconds > 0.5 ? `in ${spell(seconds)}` : "in a moment";
    }
  }
  tick();
  setInterval(tick, 1000);

  // -------------------------------------------------------------------- keys
  const links = () => [...board.querySelectorAll('#board-chapters a[id$="-link"]')];

  /** Goes to a chapter's link, opens the group that it is in, and says where that is. */
  function goTo(link) {
    if (!link) return;
    const group = link.closest("details");
    if (group) group.open = true;
    link.focus({ preventScroll: true });
    link.closest("li").scrollIntoView({ block: "center" });
  }

  function visible(list) {
    return list.filter((link) => link.closest("li").offsetParent !== null || link.closest("details:not([open])"));
  }

  function step(by) {
    const list = visible(links());
    const at = list.indexOf(document.activeElement.closest?.("li")?.querySelector('a[id$="-link"]'));
    goTo(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by]);
  }

  function next(status) {
    const list = links();
    const at = list.indexOf(document.activeElement.closest?.("li")?.querySelector('a[id$="-link"]'));
    const wanted = (link) => link.closest("li").dataset.status === status;
    goTo(list.slice(at + 1).find(wanted) ?? list.find(wanted));
  }

  function retry() {
    const here = document.activeElement.closest?.("li")?.querySelector('button[id$="-retry"]');
    const all = board.querySelectorAll('#board-chapters button[id$="-retry"]');
    const button = here ?? (all.length === 1 ? all[0] : null);
    if (button) button.click();
    else next("failed");
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    g: () => next("in_progress"),
    f: () => next("failed"),
    r: retry,
    p: () => (byId("session-pause") ?? byId("session-resume"))?.click(),
  };

  document.addEventListener("keydown", (event) => {
    const act = KEYS[event.key.toLowerCase()];
    if (!act || event.shiftKey || window.chapterflow?.lettersRest(event)) return;
    event.preventDefault();
    act();
  });

  function openTarget() {
    const target = /^#chapter-\d+$/.test(location.hash) ? byId(location.hash.slice(1)) : null;
    const group = target?.closest("details");
    if (group && !group.open) {
      group.open = true;
      target.scrollIntoView({ block: "center" });
    }
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#chapter-"]');
    const group = link && byId(link.getAttribute("href").slice(1))?.closest("details");
    if (group) group.open = true;
  });
  addEventListener("hashchange", openTarget);
  openTarget();
})();
