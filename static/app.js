// Small comforts on every page; each page works without them. The board has a script of its own.
"use strict";

const KEYS_OFF = "chapterflow-keys-off";
const main = () => document.getElementById("main");

/** Whether a single letter may act: no field has the focus, no dialog is open, nobody switched letters off. */
function lettersRest(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  if (localStorage.getItem(KEYS_OFF) === "yes") return true;
  if (document.querySelector("dialog[open]")) return true;
  return Boolean(event.target.closest("input:not([type=checkbox],[type=radio],[type=range]), select, textarea, [contenteditable]"));
}
window.chapterflow = { lettersRest };

/** Shows a sentence at the top of the page, read out at once. */
function showNotice(heading, text) {
  const notice = document.createElement("div");
  notice.className = "notice notice--failed";
  notice.setAttribute("role", "alert");
  const strong = document.createElement("strong");
  strong.textContent = heading;
  notice.append(strong);
  if (text) notice.append(Object.assign(document.createElement("p"), { textContent: text }));
  const messages = document.getElementById("messages");
  if (!messages) return;
  messages.replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

// ---------------------------------------------------------------- shortcuts
const shortcuts = document.getElementById("shortcuts");

function findOrHelp(event) {
  if (lettersRest(event)) return;
  if (event.key === "?" && shortcuts) {
    event.preventDefault();
    shortcuts.showModal();
  }
  const find = document.getElementById("find");
  if (event.key === "/" && find) {
    event.preventDefault();
    find.showModal();
    find.querySelector("input[type=search]").select();
  }
}

function setUpShortcuts() {
  document.addEventListener("keydown", findOrHelp);
  const off = document.getElementById("keys-off");
  if (!off) return;
  off.checked = localStorage.getItem(KEYS_OFF) === "yes";
  off.addEventListener("change", () => localStorage.setItem(KEYS_OFF, off.checked ? "yes" : "no"));
}

/** One tab stop for a fore-edge: the arrow keys move along it. */
function moveAlong(event) {
  const edge = event.target.closest(".fore-edge");
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  if (!edge || step === undefined) return;
  event.preventDefault();
  const leaves = [...edge.querySelectorAll("a")];
  const at = Math.min(Math.max(leaves.indexOf(event.target) + step, 0), leaves.length - 1);
  for (const leaf of leaves) leaf.tabIndex = -1;
  leaves[at].tabIndex = 0;
  leaves[at].focus();
}

/** Closes a menu that Escape is pressed in, or that the person has left. */
function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    const inside = menu.contains(event.target);
    if (event.type === "keydown" ? event.key !== "Escape" || !inside : inside) continue;
    menu.open = false;
    if (event.type === "keydown") menu.querySelector("summary").focus();
  }
}

// -------------------------------------------------------------------- pages
/** Shows what needs a script and hides what is only there for want of one. */
function prepare(root) {
  if (!root) return;
  for (const each of root.querySelectorAll("[data-needs-script], [data-copy]")) each.hidden = false;
  for (const each of root.querySelectorAll("[data-without-script]")) each.hidden = true;
  for (const each of root.querySelectorAll("[data-handle]")) each.disabled = false;
  for (const link of root.querySelectorAll(".faults__line[href]")) {
    if (!document.querySelector(link.getAttribute("href"))) link.removeAttribute("href");
  }
}

async function copy(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.querySelector(button.dataset.copy)?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(document.querySelector(button.dataset.copy));
  }
}

/** Sends the shelf's search form as soon as another order is chosen. */
function sortAtOnce(event) {
  if (event.target.matches("[data-search] select")) event.target.form.requestSubmit();
}

/** Asks before a page is left on which something was changed and not saved. */
function guardChanges() {
  for (const [type, changed] of [["input", true], ["submit", false]]) {
    document.addEventListener(type, (event) => event.target.closest?.("[data-keep]")?.classList.toggle("is-changed", changed));
  }
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("[data-keep].is-changed")) event.preventDefault();
  });
}

function refused(event) {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const heading = page.querySelector(".lost h1")?.textContent ?? "This could not be done";
  showNotice(heading, page.querySelector(".lost h1 + p:not(.quiet)")?.textContent ?? "");
}

function unreachable() {
  showNotice("The server did not answer", "Whether this was done shows when it answers again. Check that it runs.");
}

// ------------------------------------------------------------------- upload
const size = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function nameFile(zone) {
  const file = zone.querySelector("input").files[0];
  zone.querySelector("[data-drop-name]").textContent = file ? `${file.name}, ${size(file.size)}` : "Drop a file here, or choose one";
}

/** The file field lies over the whole zone and takes drops itself; only the looks are ours. */
function markZone(event) {
  const zone = event.target.closest?.("[data-drop]");
  if (zone) zone.classList.toggle("is-over", event.type === "dragover");
}

function showProgress(event) {
  const form = event.target.closest?.("[data-upload]");
  const box = form?.querySelector("[data-upload-progress]");
  if (!box || !event.detail.lengthComputable) return;
  const { loaded, total } = event.detail;
  box.hidden = false;
  box.querySelector("[data-upload-name]").textContent =
    loaded < total ? form.querySelector("input[type=file]").files[0]?.name ?? "Pasted text" : "Being checked";
  box.querySelector("[data-upload-size]").textContent = `${(loaded / 1e6).toFixed(1)} of ${size(total)}`;
  const bar = box.querySelector("progress");
  if (loaded < total) bar.value = loaded / total;
  else bar.removeAttribute("value");
}

// ------------------------------------------------------------------ outline
// A row is lifted by its handle, moved among the others, and dropped: only then is anything sent.
let lifted = null;

const rowsOf = (list) => [...list.children];
// A long outline is shown in groups: each list says the place of its first row.
const firstOf = (list) => Number(list.dataset.first ?? 1);
const placeOf = (row) => rowsOf(row.parentElement).indexOf(row) + firstOf(row.parentElement);
const countAll = (row) => document.getElementById("move-to")?.max ?? row.parentElement.children.length;
const say = (words) => {
  const line = document.querySelector("[data-outline-said]");
  if (line) line.textContent = words;
};
const titleOf = (row) => row.querySelector("h3").textContent;

function lift(row) {
  lifted = { row, from: row.nextElementSibling, place: placeOf(row) };
  row.classList.add("is-lifted");
  row.querySelector("[data-handle]").setAttribute("aria-pressed", "true");
}

function putDown() {
  const { row } = lifted;
  row.classList.remove("is-lifted");
  row.querySelector("[data-handle]").setAttribute("aria-pressed", "false");
  const moved = placeOf(row) !== lifted.place;
  lifted = null;
  return moved;
}

function putBack() {
  const { row, from } = lifted;
  row.parentElement.insertBefore(row, from);
  putDown();
  say(`${titleOf(row)} is back at ${placeOf(row)}.`);
}

function drop() {
  const { row } = lifted;
  if (!putDown()) return;
  // The server answers with the places that changed: each row goes by its place now.
  const first = firstOf(row.parentElement);
  rowsOf(row.parentElement).forEach((each, index) => { each.id = `chapter-${index + first}`; });
  const form = row.closest("form");
  for (const [name, value] of [["node", row.dataset.node], ["to", placeOf(row)]]) {
    const field = form.elements.namedItem(name);
    field.disabled = false;
    field.value = value;
  }
  form.requestSubmit();
}

function shift(row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (step < 0) other.before(row);
  else other.after(row);
  row.querySelector("[data-handle]").focus();
  say(`${titleOf(row)}: place ${placeOf(row)} of ${countAll(row)}.`);
}

/** Takes a row's number to the form below, which stays in view, and goes back to the row on Escape. */
function askPlace(event) {
  const link = event.target.closest?.("[data-move]");
  if (!link) return;
  event.preventDefault();
  const form = document.getElementById("move");
  form.dataset.from = link.id;
  form.elements.namedItem("chapter").value = link.dataset.move;
  const to = form.elements.namedItem("to");
  to.value = "";
  to.focus({ preventScroll: true });
}

function leavePlace(event) {
  const form = event.key === "Escape" && event.target.closest?.("#move");
  if (form) document.getElementById(form.dataset.from)?.focus();
}

/** Goes to a chapter that is on the page without loading the page again. */
function showPlace(event) {
  const link = event.target.closest?.('#outline a[href*="#chapter-"]');
  const row = link && document.getElementById(link.hash.slice(1));
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const group = row.closest("details");
  if (group) group.open = true;
  row.scrollIntoView({ block: "center" });
  [...row.querySelectorAll("a, button:not([disabled])")].find((each) => each.checkVisibility())?.focus({ preventScroll: true });
}

function handleKeys(event) {
  const handle = event.target.closest?.("[data-handle]");
  if (!handle) return;
  const row = handle.closest("li");
  const isLifted = lifted?.row === row;
  if (event.key === " " || (event.key === "Enter" && isLifted)) {
    event.preventDefault();
    if (isLifted) return drop();
    lift(row);
    say(`${titleOf(row)} is lifted. Move it with the arrow keys, Space puts it down, Escape puts it back.`);
  } else if (isLifted && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    shift(row, event.key === "ArrowUp" ? -1 : 1);
  } else if (isLifted && (event.key === "Escape" || event.key === "Tab")) {
    if (event.key === "Escape") event.preventDefault();
    putBack();
    if (event.key === "Escape") handle.focus();
  }
}

function drag(event) {
  const handle = event.target.closest?.("[data-handle]");
  if (!handle || event.button !== 0) return;
  event.preventDefault();
  handle.focus();
  const row = handle.closest("li");
  if (lifted) putBack();
  lift(row);
  const box = row.getBoundingClientRect();
  const middle = box.left + box.width / 2;
  const follow = (move) => {
    if (move.clientY < 60) scrollBy(0, -20);
    if (move.clientY > innerHeight - 60) scrollBy(0, 20);
    const other = document.elementFromPoint(middle, move.clientY)?.closest(".outline__row");
    if (!other || other === row || !lifted || other.parentElement !== row.parentElement) return;
    const { top, height } = other.getBoundingClientRect();
    if (move.clientY < top + height / 2) other.before(row);
    else other.after(row);
  };
  const finish = (end) => {
    removeEventListener("pointermove", follow);
    removeEventListener("pointerup", finish);
    removeEventListener("pointercancel", finish);
    if (!lifted) return;
    if (end.type === "pointerup") drop();
    else putBack();
  };
  addEventListener("pointermove", follow);
  addEventListener("pointerup", finish);
  addEventListener("pointercancel", finish);
}

let focused = "";

/** A button for one step is named after its place: says where its chapter is now. */
function sayStep() {
  const row = document.getElementById(focused)?.closest(".handle--step")?.closest(".outline__row");
  if (row) say(`${titleOf(row)}: place ${placeOf(row)} of ${countAll(row)}.`);
}

/** A button that can go no further is disabled and loses the focus; its neighbour takes it. */
function keepFocus() {
  const button = document.getElementById(focused);
  if (!button || document.activeElement !== document.body) return;
  const row = button.closest(".outline__row");
  const free = row?.querySelector(".handle--step:not([disabled])") ?? row?.querySelector("[data-handle]");
  (button.disabled ? free : button)?.focus({ preventScroll: true });
}

// --------------------------------------------------------------------- begin
setUpShortcuts();
guardChanges();
prepare(document);
document.addEventListener("keydown", moveAlong);
document.addEventListener("keydown", handleKeys);
document.addEventListener("keydown", leavePlace);
document.addEventListener("click", askPlace);
document.addEventListener("click", showPlace);
for (const type of ["keydown", "focusin", "click"]) document.addEventListener(type, closeMenus);
document.addEventListener("pointerdown", drag);
document.addEventListener("click", copy);
document.addEventListener("change", sortAtOnce);
document.addEventListener("change", (event) => {
  const zone = event.target.closest("[data-drop]");
  if (zone) nameFile(zone);
});
for (const type of ["dragover", "dragleave", "drop"]) document.addEventListener(type, markZone);
document.addEventListener("htmx:beforeRequest", () => { focused = document.activeElement?.id ?? ""; });
document.addEventListener("htmx:afterSettle", (event) => {
  prepare(event.target.isConnected ? event.target : main());
  main()?.querySelector("#h-faults, [data-fault]")?.focus();
  main()?.querySelector("[data-look]")?.scrollIntoView({ block: "center" });
  sayStep();
  keepFocus();
});
document.addEventListener("htmx:xhr:progress", showProgress);
document.addEventListener("htmx:responseError", refused);
document.addEventListener("htmx:sendError", unreachable);
