"""What every page owes to people who use a keyboard or a screen reader: axe-core's rules, and those it lacks."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# These two are off by default, one as an experiment. What is preloaded serves none of the rules that are on.
RULES = {name: {"enabled": True} for name in ("label-content-name-mismatch", "target-size")}
WHOLE = {"preload": False, "rules": RULES}
COLOURS = {"preload": False, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
THEIRS = """async (options) => {
  const { violations } = await axe.run({ resultTypes: ["violations"], ...options });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}"""

# Each entry is a rule that the page breaks, with the element that breaks it. axe-core takes a placeholder for a name,
# any number of h1, an h2 before it, ids twice, and ids that nothing has, where they describe.
OURS = """() => {
  const faults = [];
  const fault = (rule, element) => faults.push(`${rule}: ${(element.outerHTML ?? element).slice(0, 160)}`);
  const shown = (element) => element.checkVisibility() && !element.closest("[aria-hidden=true]");
  const named = (element) => Boolean(
    element.getAttribute("aria-label")?.trim()
    || element.getAttribute("aria-labelledby")?.split(" ").some((id) => document.getElementById(id)?.textContent.trim())
    || [...(element.labels ?? [])].some((label) => label.textContent.trim())
  );
  const all = (selector) => [...document.querySelectorAll(selector)];

  if (!/^\\S.+ · ChapterFlow$/.test(document.title)) fault("no title", document.title);
  if (all("h1").filter(shown).length !== 1) fault("not one h1", `${all("h1").length}`);
  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6").filter(shown)) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) fault(`heading after h${level}`, heading);
    level = own;
  }
  const ids = new Set();
  for (const element of all("[id]")) {
    if (ids.has(element.id)) fault("second of this id", element);
    ids.add(element.id);
  }
  for (const control of all("input:not([type=hidden]), select, textarea, progress")) {
    if (shown(control) && !named(control)) fault("no name", control);
  }
  for (const picture of all("img, svg")) {
    const isNamed = picture.hasAttribute("alt") || named(picture) || picture.textContent.trim();
    if (!picture.closest("[aria-hidden=true]") && !isNamed) fault("neither hidden nor named", picture);
  }
  for (const element of all("[aria-labelledby], [aria-describedby]")) {
    for (const name of ["aria-labelledby", "aria-describedby"]) {
      for (const id of element.getAttribute(name)?.split(" ") ?? []) if (!ids.has(id)) fault(`no ${id}`, element);
    }
  }
  for (const live of all("[aria-live]:not([aria-live=off]), [role=status], [role=alert]")) {
    if (live.querySelector("time[data-since], time[data-until]")) fault("a clock that is read out", live);
    if (live.querySelector("li[id^=chapter-]")) fault("chapters that are read out", live);
  }
  return faults;
}"""


def faults_of(page: Page) -> list[str]:
    """Return what is wrong with the page as it stands: names, order, ways to reach it, colours."""
    ours: list[str] = page.evaluate(OURS)
    return ours + _found(page, WHOLE)


def colour_faults_of(page: Page) -> list[str]:
    """Return the texts that can hardly be told from what is behind them: all that dark and light do not share.

    A page is loaded in its colours: what is out of sight is not painted anew when they change.
    """
    return _found(page, COLOURS)


def _found(page: Page, options: dict[str, object]) -> list[str]:
    page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(THEIRS, options)
    return found
