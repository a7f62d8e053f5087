// A board's connection: its socket, questions by HTTP where there is none, and what is said and held back meanwhile.
(() => {
  "use strict";

  const board = document.getElementById("board");
  const banner = document.getElementById("board-offline");
  if (!board || !banner || !window.htmx) return;

  const BACK_SECONDS = 6;
  const ASK_SECONDS = 5;
  const ANSWER_MS = 8000;
  const WAKING_MS = 1500;
  // A page that was not run for so long has slept: nobody knows what its socket is worth.
  const ASLEEP_MS = 4000;
  const OPENING_MS = 8000;
  // The server says something every 15 seconds (workflow/live/outbox.py): one that says nothing twice is gone.
  const SILENT_MS = 35000;
  const QUIET_MS = 400;
  const PIECES_AT_ONCE = 20;
  // What htmx opens again by itself; after any other code it is done here.
  const OPENED_BY_HTMX = [1006, 1011, 1012, 1013];
  // The server's own codes: workflow/live/codes.py has the same.
  const ENDINGS = {
    4401: ["You are signed out", "Reload this page to sign in again."],
    4404: ["This book is no longer here", "It may have been deleted."],
  };
  const REASONS = {
    4008: "The server closed the connection, because this page said too much.",
    4009: "The server closed the connection, because this page said something too long.",
    4011: "The server had a fault while it sent this page its news.",
    4013: "This browser took the news too slowly.",
  };
  const TOO_MANY_BOARDS = 4029;

  const clock = (at) => new Date(at).toTimeString().slice(0, 8);
  const shownSeq = () => Number(document.getElementById("board-seq")?.dataset.seq ?? 0);

  // "opening", "live", "asking" (by HTTP), "away" or "ended"
  let state = "opening";
  let socket = null;
  let wrapper = null;
  let failures = 0;
  let reason = "";
  let hasTooMany = false;
  let isChecking = false;
  let isTrying = false;
  // When the page was last known to be right, and what it showed then.
  let rightAt = Date.now();
  let lostSeq = 0;
  let nextQuestion = 0;
  let lastTick = Date.now();
  let heardAt = Date.now();

  // ------------------------------------------------------------------ banner
  function say(heading, text, kind) {
    banner.hidden = false;
    banner.classList.toggle("offline--back", kind === "back");
    banner.classList.toggle("offline--asking", kind === "asking");
    const [head, body] = [banner.querySelector("[data-heading]"), banner.querySelector("[data-text]")];
    // Said again is read out again: only what is new is.
    if (head.textContent !== heading) head.textContent = heading;
    if (body.textContent !== text) body.textContent = text;
    // Without a connection a reload would put the browser's own error page in this one's place.
    banner.querySelector("a").hidden = kind === "back" || kind === "away";
  }

  const sayAway = (first = "") => {
    const parts = [first, reason, `This page shows what was so at ${clock(rightAt)}.`];
    parts.push("Its buttons wait until the connection is back; it is tried again by itself.");
    say("Connection lost", parts.filter(Boolean).join(" "), "away");
  };

  function sayAsking() {
    const every = `This page asks for news every ${ASK_SECONDS} seconds instead.`;
    if (hasTooMany) say("Too many boards are open", `You have so many open that this one has no live connection. ${every}`, "asking");
    else say("No live connection", `${reason || "The server answers, but what lies between keeps live updates from this page."} ${every}`, "asking");
  }

  // What stays in sight below it, and what has the focus, keep clear of it however many lines it has.
  new ResizeObserver(() => document.documentElement.style.setProperty("--banner", `${banner.offsetHeight}px`)).observe(banner);

  // ----------------------------------------------------------------- actions
  const ACTIONS = 'form[method="post"] button:not([type="button"]), button[form], #board a.button';

  /** Lets every action rest, each with the reason; a disabled button could not say it. */
  function hold() {
    for (const each of document.querySelectorAll(ACTIONS)) {
      if (each.dataset.held !== undefined) continue;
      each.dataset.held = "";
      each.setAttribute("aria-disabled", "true");
      each.setAttribute("aria-describedby", "board-offline-text");
    }
  }

  function release() {
    for (const each of document.querySelectorAll("[data-held]")) {
      delete each.dataset.held;
      each.removeAttribute("aria-disabled");
      each.removeAttribute("aria-describedby");
    }
  }

  const isHolding = () => state === "away" || state === "ended";

  function stopHeld(event) {
    const isForm = event.type === "submit";
    if (!isHolding() || !(isForm ? event.target.method === "post" : event.target.closest?.("[data-held]"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (state === "away") sayAway("Nothing was sent.");
  }

  // ------------------------------------------------------------------ states
  function become(next) {
    if (state === "ended") return;
    state = next;
    if (next === "live") document.body.dataset.live = "yes";
    else delete document.body.dataset.live;
    if (isHolding()) hold();
    else release();
  }

  function end(code) {
    become("ended");
    say(...ENDINGS[code], "end");
  }

  function goAway(isSure) {
    if (state !== "away") {
      lostSeq = shownSeq();
      become("away");
    }
    // A short interruption, as when the server starts anew, is not worth a word.
    if (isSure) sayAway();
    else setTimeout(() => { if (state === "away") sayAway(); }, QUIET_MS);
  }

  function ask() {
    // A server that has just come back may take sockets too: that is not known yet.
    isTrying = state === "away" && !hasTooMany;
    become("asking");
    nextQuestion = Date.now() + (isTrying ? OPENING_MS : ASK_SECONDS * 1000);
    if (!isTrying) return sayAsking();
    failures = 0;
    if (!banner.hidden) sayCaughtUp();
    reopen();
  }

  /** All that was missed has come: the mark says so, by which a message ends. */
  function catchUp(by) {
    rightAt = Date.now();
    const before = state;
    if (before === "ended" || (by === "socket" && socket?.readyState !== WebSocket.OPEN)) return;
    if (by === "socket") {
      failures = 0;
      reason = "";
      hasTooMany = false;
      become("live");
    }
    if (state !== "live" || before === "live" || before === "opening" || banner.hidden) return;
    if (before === "away") sayCaughtUp();
    else if (banner.classList.contains("offline--asking")) sayBack("Live again", "Changes come by themselves.");
  }

  function sayCaughtUp() {
    const missed = shownSeq() - lostSeq;
    const caught = missed === 1 ? "1 change was" : `${missed.toLocaleString("en")} changes were`;
    sayBack("Connected again", missed > 0 ? `${caught} caught up.` : "Nothing was missed.");
  }

  function sayBack(heading, text) {
    say(heading, text, "back");
    setTimeout(() => { if (state === "live") banner.hidden = true; }, BACK_SECONDS * 1000);
  }

  // ------------------------------------------------------------------ socket
  // A socket that opens again asks for what this page has not shown yet.
  htmx.createWebSocket = (address) => {
    const url = new URL(address, location.href);
    url.searchParams.set("since", shownSeq());
    const opened = new WebSocket(url);
    socket = opened;
    // What lies between may swallow the question without an answer.
    setTimeout(() => { if (socket === opened && opened.readyState === WebSocket.CONNECTING) askOrGoAway(); }, OPENING_MS);
    return opened;
  };

  // Spread, so that a thousand boards that were lost together do not come back together.
  function delay(tries) {
    if ((state === "asking" && !isTrying) || hasTooMany) return (0.75 + Math.random() / 2) * 30000;
    return 100 + Math.random() * Math.min(500 * 2 ** tries, 4000);
  }
  htmx.config.wsReconnectDelay = delay;

  function reopen() {
    if (state !== "ended" && socket?.readyState !== WebSocket.CONNECTING) wrapper?.reconnect();
  }

  function lose(event) {
    const { code, target } = event.detail.event;
    wrapper = event.detail.socketWrapper ?? wrapper;
    if (target !== socket || state === "ended") return;
    if (ENDINGS[code]) return end(code);
    reason = REASONS[code] ?? "";
    failures += 1;
    hasTooMany = code === TOO_MANY_BOARDS;
    if (state !== "asking") goAway(false);
    // One that opened and was closed, or never opened twice: whether the server answers at all is found out.
    if (hasTooMany || failures > 1) askOrGoAway();
    if (!OPENED_BY_HTMX.includes(code)) setTimeout(reopen, delay(failures));
  }

  // -------------------------------------------------------------- questions
  /** Asks for what this page lacks, and shows it as if the socket had brought it. Throws where no answer comes. */
  async function question(within) {
    const url = new URL(board.dataset.news, location.href);
    url.searchParams.set("since", shownSeq());
    const answer = await fetch(url, { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(within) });
    if (answer.type === "opaqueredirect" || answer.status === 401) return end(4401);
    if (answer.status === 404) return end(4404);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    await show(await answer.text());
    catchUp("answer");
  }

  async function show(text) {
    const box = document.createElement("template");
    box.innerHTML = text;
    const pieces = [...box.content.children].map((piece) => piece.outerHTML);
    for (let at = 0; at < pieces.length; at += PIECES_AT_ONCE) {
      if (at) await new Promise((next) => { setTimeout(next, 50); });
      socket.dispatchEvent(new MessageEvent("message", { data: pieces.slice(at, at + PIECES_AT_ONCE).join("") }));
    }
  }

  async function askOrGoAway() {
    if (isChecking || state === "live" || state === "ended") return;
    isChecking = true;
    try {
      await question(ANSWER_MS);
      if (state !== "live" && state !== "ended") ask();
    } catch {
      if (state !== "live") goAway(true);
    } finally {
      isChecking = false;
    }
  }

  /** A page that was not looked at, or not run: it is right at once, or says that it is not. */
  async function wake(isDoubtful) {
    if (state === "away") {
      reopen();
      return askOrGoAway();
    }
    if (isChecking || state === "ended") return;
    isChecking = true;
    try {
      await question(WAKING_MS);
      if (isDoubtful) reopen();
    } catch {
      goAway(true);
      reopen();
    } finally {
      isChecking = false;
    }
  }

  function tick() {
    const now = Date.now();
    const hasSlept = now - lastTick > ASLEEP_MS && document.visibilityState === "visible";
    lastTick = now;
    if (hasSlept) return wake(true);
    if (state === "live" && now - heardAt > SILENT_MS) {
      heardAt = now;
      return wake(true);
    }
    if (state === "asking" && now >= nextQuestion) askOrGoAway();
  }

  document.addEventListener("click", stopHeld, true);
  document.addEventListener("submit", stopHeld, true);
  document.addEventListener("htmx:wsOpen", (event) => { wrapper = event.detail.socketWrapper ?? wrapper; });
  document.addEventListener("htmx:wsClose", lose);
  document.addEventListener("htmx:wsAfterMessage", (event) => {
    heardAt = Date.now();
    if (state === "live") rightAt = heardAt;
    if (isHolding()) hold();
    if (event.detail.message.includes('id="board-seq"')) catchUp("socket");
  });
  // Without its socket the page does not hear what a button did: it asks.
  document.addEventListener("htmx:afterRequest", () => { if (state !== "live") askOrGoAway(); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake(Date.now() - lastTick > ASLEEP_MS);
  });
  addEventListener("pageshow", (event) => { if (event.persisted) wake(true); });
  for (const change of ["offline", "online"]) addEventListener(change, () => wake(true));
  setInterval(tick, 1000);
})();
