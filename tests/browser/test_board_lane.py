"""What a person sees of a board first: the lane, the line that stays, the tab, and groups that come when opened."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import faults_of
from tests.installation import Installation, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def failed_book(site: Installation) -> Iterator[str]:
    """The address of a book of ten chapters, of which two failed and hold up others."""
    for number in (3, 6):
        (site.control / f"fail-{number}").write_text("bad_credentials")
    after = {4: [3], 7: [6], 8: [7], 10: [3, 6]}
    session = site.start_book(
        storyline(10, after), writer="python:tests.writers:failing", dependencies="graph"
    )
    wait_for(lambda: site.status(session) == "failed")
    yield board_of_newest(site)
    for number in (3, 6):
        (site.control / f"fail-{number}").unlink(missing_ok=True)


@pytest.fixture
def page(browser: Browser, cookies: list[object]) -> Iterator[Page]:
    """A page of somebody who is signed in; its console may complain of a connection that is taken away."""
    context = browser.new_context()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def board_of_newest(site: Installation) -> str:
    book = site.rows("SELECT book_id FROM books_book ORDER BY created_at DESC")[0][0]
    return f"{site.address}/books/{book}/v1/board/"


def see(page: Page, width: int, height: int = 900) -> None:
    page.set_viewport_size({"width": width, "height": height})


@pytest.mark.parametrize("width", [390, 1440, 1920])
def test_failures_are_seen_without_scrolling(
    signed_in: Page, site: Installation, failed_book: str, width: int
) -> None:
    page = signed_in
    see(page, width)
    page.goto(failed_book)

    expect(page.locator("#needs-3")).to_contain_text("Holds up 2 chapters")
    expect(page.locator("#board-signal")).to_contain_text("Stopped")
    box = page.locator("#needs-6").bounding_box()
    assert box is not None
    assert box["y"] < 900
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tab_and_line_tell_the_state_while_one_scrolls(signed_in: Page, failed_book: str) -> None:
    page = signed_in
    see(page, 1440)
    page.goto(failed_book)
    expect(page).to_have_title(re.compile(r"^Failed: 4 of 10"))
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("mark-failed"))

    page.locator("#chapter-10-link").focus()
    page.mouse.wheel(0, 3_000)

    expect(page.locator("#board-signal")).to_be_in_viewport()
    expect(page.locator("#session-retry")).to_be_in_viewport()


def test_line_covers_nothing_that_has_the_focus(signed_in: Page, failed_book: str) -> None:
    page = signed_in
    see(page, 390, 700)
    page.goto(failed_book)
    page.locator("#chapter-10-link").focus()

    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        covered = page.evaluate(
            """() => {
              const top = document.activeElement.getBoundingClientRect().top;
              const line = document.querySelector(".board-line");
              return !line.contains(document.activeElement) && top < line.getBoundingClientRect().bottom - 1;
            }"""
        )
        assert not covered


def test_line_stays_in_sight_below_what_is_said_of_the_connection(page: Page, failed_book: str) -> None:
    see(page, 390)
    page.goto(failed_book)
    expect(page.locator("body[data-live]")).to_be_attached()

    page.context.set_offline(True)
    expect(page.get_by_text("Connection lost")).to_be_visible()
    page.locator("#chapter-10-link").scroll_into_view_if_needed()

    said, line = (page.locator(each).bounding_box() for each in ("#board-offline", ".board-line"))
    assert said
    assert line
    assert said["height"] > 100  # several lines on a telephone
    assert line["y"] == pytest.approx(said["y"] + said["height"], abs=1)
    assert faults_of(page) == []


def test_lane_has_names_and_an_order(signed_in: Page, failed_book: str) -> None:
    page = signed_in
    see(page, 390)
    page.goto(failed_book)
    expect(page.locator("#needs-3")).to_be_visible()

    assert faults_of(page) == []


def test_long_book_reads_a_group_when_it_is_opened(signed_in: Page, site: Installation) -> None:
    page = signed_in
    see(page, 1440)
    site.start_book(storyline(120), writer="python:tests.writers:plain", dependencies="graph")
    page.goto(board_of_newest(site))
    expect(page.get_by_text("120 of 120 chapters, 100 %")).to_be_visible(timeout=60_000)
    assert page.locator("#chapter-110").count() == 0

    page.locator("#group-3-summary").click()
    expect(page.locator("#chapter-110-link")).to_be_visible()

    page.goto(f"{page.url}#chapter-60")
    expect(page.locator("#chapter-60-link")).to_be_in_viewport()


def test_notification_is_asked_for_by_a_click_and_remembered(
    browser: Browser, site: Installation, cookies: list[object], failed_book: str
) -> None:
    context = browser.new_context(permissions=["notifications"])
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(failed_book)
    button = page.locator("#board-notify")
    expect(button).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "false")

    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()

    expect(button).to_have_attribute("aria-pressed", "true")
    context.close()
