"""Whether the browser is asked to tell of a book's end: once, in the right words, and only where it may."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_board_lane import board_of_newest
from tests.installation import Installation
from tests.storylines import storyline

pytestmark = pytest.mark.browser

# Notes each notification, and lets the page take itself for one in the background: no headless browser has such.
LISTENER = """
  window.told = [];
  const real = window.Notification;
  window.Notification = class extends real {
    constructor(title, options) {
      super(title, options);
      window.told.push([title, options.tag, new URL(options.icon, location).pathname]);
    }
  };
  Object.defineProperty(document, "visibilityState", { get: () => window.away ? "hidden" : "visible" });
  Object.defineProperty(document, "hidden", { get: () => Boolean(window.away) });
"""
WANTED = 'localStorage.setItem("chapterflow-tell-me", "on");'
# What a second notification would come in.
A_WHILE = 3_000


@pytest.fixture
def book(site: Installation) -> Iterator[str]:
    """The address of a book of two chapters, of which the first is being written until `done` is there."""
    site.start_book(storyline(2), writer="python:tests.writers:dictating")
    yield board_of_newest(site)
    (site.control / "done").unlink(missing_ok=True)


def open_board(context: BrowserContext, cookies: list[object], address: str, script: str) -> Page:
    """Open the board, its browser listening."""
    context.add_cookies(cookies)  # type: ignore[arg-type]
    context.add_init_script(script)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("body[data-live]")).to_be_attached()
    return page


def end_book_in_the_background(page: Page, site: Installation) -> None:
    """Hide the page, let its book come to its end, and wait until a second notification would be there."""
    page.evaluate("() => { window.away = true; document.dispatchEvent(new Event('visibilitychange')); }")
    (site.control / "done").touch()
    expect(page.locator("#board-seq[data-signal=done]")).to_be_attached(timeout=60_000)
    page.wait_for_timeout(A_WHILE)


def test_end_of_a_book_is_told_once(
    browser: Browser, site: Installation, cookies: list[object], book: str
) -> None:
    context = browser.new_context(permissions=["notifications"])
    page = open_board(context, cookies, book, LISTENER)
    page.locator("#board-notify").click()
    expect(page.locator("#board-notify")).to_have_attribute("aria-pressed", "true")

    end_book_in_the_background(page, site)

    [[title, tag, icon]] = page.evaluate("window.told")
    assert title == page.title()
    assert title.startswith("Done: 2 of 2 · ")
    assert tag in book
    assert "mark-done" in icon
    context.close()


@pytest.mark.parametrize(
    ("permissions", "script"),
    [([], WANTED + LISTENER), (["notifications"], LISTENER)],
    ids=["not permitted", "not asked for"],
)
def test_end_of_a_book_is_not_told_where_it_may_not_be_or_nobody_asked(
    browser: Browser,
    site: Installation,
    cookies: list[object],
    book: str,
    permissions: list[str],
    script: str,
) -> None:
    context = browser.new_context(permissions=permissions)
    page = open_board(context, cookies, book, script)
    permission = page.evaluate("Notification.permission")

    end_book_in_the_background(page, site)

    assert permission == ("granted" if permissions else "denied")
    assert page.evaluate("window.told") == []
    context.close()
