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

  // ------------------------------------------------------------------ groups
  // The chapters of a long book come when their group is opened.
  const missedWhileRead = new Set();
  const groups = {
    of: (number) => byId(`group-${Math.ceil(Number(number) / Number(byId("board-chapters").dataset.group || Infinity))}`),

    /** A change came for a chapter that is not on the page; if it is on its way, it may be older than the change. */
    missed(number) {
      const group = groups.of(number);
      if (group?.querySelector(".group__unread.htmx-request")) missedWhileRead.add(group.id);
    },

    /** Opens a group and waits until its chapters are there. */
    read(group) {
      group.open = true;
      if (!group.querySelector(".group__unread")) return Promise.resolve();
      return new Promise((resolve) => {
        const seen = new MutationObserver(() => { if (!group.querySelector(".group__unread")) finish(); });
        const finish = () => { seen.disconnect(); clearTimeout(late); resolve(); };
        const late = setTimeout(finish, 5000);
        seen.observe(group, { childList: true });
      });
    },
  };

  document.addEventListener("htmx:afterSwap", () => {
    for (const id of missedWhileRead) {
      const rows = byId(`${id}-rows`);
      if (rows?.matches(".group__unread")) continue;
      missedWhileRead.delete(id);
      const url = rows?.dataset.url;
      if (url) htmx.ajax("GET", url, { target: rows, swap: "outerHTML", source: board });
    }
  });

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
      const again = byId(last.id) ?? byId(OTHERWISE[last.id] ?? last.id.replace(/^(?:chapter|needs|now)-(\d+)-[a-z]+$/, "chapter-$1-link"));
      again?.focus({ preventScroll: true });
      pressed = null;
    }
    const title = byId("board-seq")?.dataset.title;
    if (title && document.title !== title) document.title = title;
    keepTabStop();
    sayState();
    tick();
  }

  // What has no place on this page is left out before htmx complains: the preview of a chapter that is no longer being
  // written, and a chapter of a group that is not open.
  htmx.defineExtension("previews", {
    transformResponse(text) {
      if (!/id="(now-\d+-preview|chapter-\d+)"/.test(text)) return text;
      const box = document.createElement("template");
      box.innerHTML = text;
      for (const piece of [...box.content.children]) {
        if (/^now-\d+-preview$/.test(piece.id)) {
          const lane = box.content.querySelector("#lane-now") ?? document;
          if (!lane.querySelector(`[id="${piece.id}"]`)) piece.remove();
        } else if (/^chapter-\d+$/.test(piece.id) && !byId(piece.id)) {
          groups.missed(Number(piece.id.slice(8)));
          piece.remove();
        }
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

  const linkIn = (element) => element?.querySelector?.('a[id$="-link"]') ?? null;
  const linkHere = () => linkIn(document.activeElement.closest?.("#board-chapters li"));

  function isShown(link) {
    return link.closest("li").offsetParent !== null || link.closest("details:not([open])") !== null;
  }

  /** Goes one chapter on or back; where that is in a group that is not read yet, opens it first. */
  async function step(by) {
    const stops = [...board.querySelectorAll('#board-chapters li a[id$="-link"], #board-chapters .group__unread')];
    const list = stops.filter((stop) => stop.matches(".group__unread") ? stop.closest("details").offsetParent : isShown(stop));
    const at = list.indexOf(linkHere());
    const to = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by];
    if (!to?.matches(".group__unread")) return goTo(to);
    const group = to.closest("details");
    await groups.read(group);
    const found = [...group.querySelectorAll('li a[id$="-link"]')].filter(isShown);
    goTo(by > 0 ? found[0] : found.at(-1));
  }

  /** Goes to the next chapter of this status, in the open groups or behind a tile that shows one. */
  async function next(status) {
    const wanted = (link) => link.closest("li").dataset.status === status;
    const list = links();
    const after = list.slice(list.indexOf(linkHere()) + 1).find(wanted);
    const behind = [...board.querySelectorAll(".group:has(.group__unread)")].find((group) => group.querySelector(`summary [data-status="${status}"]`));
    const found = after ?? (behind ? null : list.find(wanted));
    if (found || !behind) return goTo(found);
    await groups.read(behind);
    goTo([...behind.querySelectorAll('li a[id$="-link"]')].find(wanted) ?? list.find(wanted));
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

  async function openTarget() {
    const number = /^#chapter-(\d+)$/.exec(location.hash)?.[1];
    if (!number) return;
    const group = byId(`chapter-${number}`)?.closest("details") ?? groups.of(number);
    if (!group || (group.open && byId(`chapter-${number}`))) return;
    await groups.read(group);
    byId(`chapter-${number}`)?.scrollIntoView({ block: "center" });
  }
  // On this page there is nothing to load for a link that leads to a chapter of it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('#board a[href*="#chapter-"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.pathname !== location.pathname) return;
    event.preventDefault();
    if (location.hash === link.hash) openTarget();
    else location.hash = link.hash;
  });
  addEventListener("hashchange", openTarget);
  openTarget();
})();
