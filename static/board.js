// The live board: its socket, what it says while the connection is away, clocks, keys. Without it the page is still a page.
(() => {
  "use strict";

  const SIGNED_OUT = 4401;
  const NOT_VISIBLE = 4404;
  const RECONNECTING = [1006, 1011, 1012, 1013];
  const BACK_SECONDS = 6;
  // Where the focus goes when what had it is no longer there.
  const OTHERWISE = { "session-pause": "session-resume", "session-resume": "session-pause" };
  const byId = (id) => document.getElementById(id);
  const board = byId("board");
  const banner = byId("board-offline");
  if (!board || !banner || !window.htmx) return;

  const shownSeq = () => Number(byId("board-seq")?.dataset.seq ?? 0);
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

  // ------------------------------------------------------------------ socket
  // A socket that opens again asks for what this page has not shown yet.
  htmx.createWebSocket = (address) => {
    const url = new URL(address, location.href);
    url.searchParams.set("since", shownSeq());
    return new WebSocket(url);
  };

  let nextTry = 0;
  htmx.config.wsReconnectDelay = (tries) => {
    const delay = Math.min(300 * 2 ** tries, 3000) * (0.5 + Math.random() / 2);
    nextTry = Date.now() + delay;
    return delay;
  };

  let isOpen = false;
  let lostAt = null;
  let lostSeq = 0;
  let focused = null;
  let pressed = null;
  let state = stateNow();

  function say(heading, text, kind) {
    banner.hidden = false;
    banner.classList.toggle("offline--back", kind === "back");
    banner.querySelector("[data-heading]").textContent = heading;
    banner.querySelector("[data-text]").textContent = text;
    banner.querySelector("a").hidden = kind === "back";
  }

  function lose(event) {
    isOpen = false;
    const { code } = event.detail.event;
    if (code === SIGNED_OUT) return say("You are signed out", "Reload this page to sign in again.", "end");
    if (code === NOT_VISIBLE) return say("This book is no longer here", "It may have been deleted.", "end");
    if (!RECONNECTING.includes(code)) {
      setTimeout(() => event.detail.socketWrapper.reconnect(), htmx.config.wsReconnectDelay(1));
    }
    if (!lostAt) {
      lostAt = new Date();
      lostSeq = shownSeq();
    }
    sayLost();
  }

  function sayLost() {
    if (!lostAt) return;
    const seconds = Math.max(0, Math.ceil((nextTry - Date.now()) / 1000));
    const when = seconds ? `tries again in ${seconds} s` : "tries again now";
    // A short interruption, as when the server starts anew, is not worth a word.
    if (Date.now() - lostAt > 400) say("Connection lost", `The writing goes on. This page shows ${clock.format(lostAt)} and ${when}.`, "lost");
  }

  /** The first message after an interruption that says how far the page is ends the interruption. */
  function comeBack() {
    if (!lostAt || !isOpen) return;
    const missed = shownSeq() - lostSeq;
    lostAt = null;
    if (banner.hidden) return;
    const caught = missed === 1 ? "1 change was" : `${missed.toLocaleString("en")} changes were`;
    say("Connected again", missed > 0 ? `${caught} caught up.` : "Nothing was missed.", "back");
    setTimeout(() => { if (!lostAt) banner.hidden = true; }, BACK_SECONDS * 1000);
  }

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

  function afterMessage(event) {
    // A button that was pressed is disabled while it works, and has lost the focus by then.
    const last = focused ?? pressed;
    if (last && !last.isConnected && document.activeElement === document.body) {
      const again = byId(last.id) ?? byId(OTHERWISE[last.id] ?? last.id.replace(/-(retry|attempts|reason)$/, "-link"));
      again?.focus({ preventScroll: true });
      pressed = null;
    }
    if (event.detail.message.includes('id="board-seq"')) comeBack();
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

  document.addEventListener("htmx:wsOpen", () => { isOpen = true; document.body.dataset.live = "yes"; });
  document.addEventListener("htmx:wsClose", (event) => { delete document.body.dataset.live; lose(event); });
  document.addEventListener("htmx:wsBeforeMessage", keepFocus);
  document.addEventListener("htmx:wsAfterMessage", afterMessage);
  // Without its socket the page would not show what a button did: then the form goes the plain way.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const button = event.target;
    pressed = button;
    if (isOpen || !button.form || !button.formAction) return;
    event.preventDefault();
    button.form.requestSubmit(button);
  });
  document.addEventListener("htmx:beforeSend", (event) => event.target.classList?.add("is-busy"));
  document.addEventListener("htmx:afterRequest", (event) => {
    event.target.classList?.remove("is-busy");
    // htmx enables the button again only after this.
    setTimeout(() => {
      if (document.activeElement === document.body && pressed?.isConnected) pressed.focus({ preventScroll: true });
    });
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

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
  setInterval(() => { tick(); if (lostAt) sayLost(); }, 1000);

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
