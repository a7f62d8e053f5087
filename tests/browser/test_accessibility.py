"""What every page owes to people who use a keyboard or a screen reader."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import colour_faults_of, faults_of
from tests.browser.test_book import FAULTY
from tests.installation import Installation, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.browser

OF_SITE = ("/", "/upload/", "/help/", "/account/", "/account/password/", "/nowhere/")
OF_BOOK = [
    "board",
    "board/?view=compact",
    "outline",
    "activity",
    "review",
    "questions",
    "read",
    "read/1",
    "chapters/1",
    "chapters/1/sources",
    "chapters/1/attempts",
    "chapters/1/revisions",
    "chapters/1/metrics",
]

DisplayStatus = Callable[[Page], list[str]]
Scheme = Literal["light", "dark"]
SLOWEST = """() => Math.max(...[...document.querySelectorAll("*")].flatMap((each) => {
  const style = getComputedStyle(each);
  return [style.transitionDuration, style.animationDuration].map(parseFloat);
}))"""


@pytest.fixture(scope="module")
def written(site: Installation) -> str:
    """The address of a finished book, with a slash at its end."""
    session = site.start_book(storyline(3), writer="quotations")
    wait_for(lambda: site.status(session) == "completed")
    return _address(site)


@pytest.fixture(scope="module")
def outlined(site: Installation) -> str:
    """The address of a book that is not started, and of whose upload something was not read."""
    book = site.call("POST", "/books", {"title": "The Outline"})["book_id"]
    site.call("POST", f"/books/{book}/storyline", json.loads(storyline(4)) | {"titel": "Salt"})
    return _address(site)


@pytest.fixture(scope="module")
def long_outline(site: Installation) -> str:
    """The address of a book of 120 chapters that is not started."""
    book = site.call("POST", "/books", {"title": "The Long Outline"})["book_id"]
    site.call("POST", f"/books/{book}/storyline", storyline(120))
    return _address(site)


@pytest.fixture
def page(site: Installation, browser: Browser, cookies: list[object]) -> Iterator[Page]:
    """A page of somebody who is signed in; unlike `signed_in`, a page that is missing is no complaint."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies(cookies)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def _address(site: Installation) -> str:
    book = site.rows("SELECT book_id FROM books_book ORDER BY created_at DESC")[0][0]
    return f"{site.address}/books/{book}/v1/"


def _has_focus(page: Page, selector: str) -> bool:
    return bool(page.evaluate("selector => document.activeElement.matches(selector)", selector))


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until the focus is on `selector`; fails after `most` times."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if _has_focus(page, selector):
            return
    raise AssertionError(f"{selector} is not reached on {page.url}")


@pytest.mark.parametrize(("scheme", "look"), [("light", faults_of), ("dark", colour_faults_of)])
def test_every_page_has_names_and_an_order(
    page: Page, site: Installation, written: str, outlined: str, scheme: Scheme, look: DisplayStatus
) -> None:
    page.emulate_media(color_scheme=scheme)
    paths = [site.address + path for path in OF_SITE]
    paths += [written + (path if "?" in path else f"{path}/") for path in OF_BOOK]
    broken: dict[str, list[str]] = {}

    for path in [*paths, f"{outlined}outline/"]:
        page.goto(path)
        if faults := look(page):
            broken[path] = faults

    assert broken == {}


def test_sign_in_has_names_and_an_order(site: Installation, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{site.address}/sign-in/")

    assert faults_of(page) == []
    page.close()


def test_faults_of_an_upload_have_names_and_take_the_focus(signed_in: Page, site: Installation) -> None:
    page = signed_in
    page.goto(f"{site.address}/upload/")
    page.get_by_text("Paste instead").click()
    page.get_by_label("Storyline as text").fill(FAULTY)
    page.get_by_role("button", name="Check it and show the outline").press("Enter")

    expect(page.get_by_role("heading", name="3 faults in the pasted text")).to_be_focused()
    assert faults_of(page) == []


def test_refused_upload_takes_the_focus(signed_in: Page, site: Installation) -> None:
    page = signed_in
    page.goto(f"{site.address}/upload/")

    page.get_by_role("button", name="Check it and show the outline").press("Enter")

    expect(page.get_by_role("alert").first).to_be_focused()


def test_skip_link_comes_first_and_leads_past_the_navigation(signed_in: Page, written: str) -> None:
    page = signed_in
    page.goto(f"{written}board/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("main :focus")).to_have_count(1)


@pytest.mark.parametrize("selector", ["[data-handle]", "[name=down]", "#start .button--primary"])
def test_tab_reaches_what_an_outline_is_for(signed_in: Page, outlined: str, selector: str) -> None:
    signed_in.goto(f"{outlined}outline/")

    tab_to(signed_in, selector)


@pytest.mark.parametrize(
    ("path", "selector"), [("board/", "#board-read"), ("read/", ".contents a"), ("chapters/1/", "[rel=next]")]
)
def test_tab_reaches_what_a_page_is_for(signed_in: Page, written: str, path: str, selector: str) -> None:
    signed_in.goto(written + path)

    tab_to(signed_in, selector)


def test_chapter_is_moved_by_keyboard_and_keeps_the_focus(signed_in: Page, outlined: str) -> None:
    page = signed_in
    page.goto(f"{outlined}outline/")
    first = page.locator(".outline__row").first
    title = first.locator("h3").inner_text()
    first.locator("[data-handle]").focus()

    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    with page.expect_response(re.compile("/outline/move/")):
        page.keyboard.press("Space")

    moved = page.locator(".outline__row").nth(1)
    expect(moved.locator("h3")).to_have_text(title)
    expect(moved.locator("[data-handle]")).to_be_focused()


def test_step_is_said_and_keeps_the_focus(signed_in: Page, outlined: str) -> None:
    page = signed_in
    page.goto(f"{outlined}outline/")
    title = page.locator(".outline__row").nth(1).locator("h3").inner_text()

    page.locator("[name=down]").nth(1).press("Enter")

    expect(page.locator("[data-outline-said]")).to_have_text(f"{title}: place 3 of 4.")
    expect(page.locator(".outline__row").nth(2).locator("[name=down]")).to_be_focused()


def test_retry_keeps_the_focus_on_its_chapter(signed_in: Page, site: Installation) -> None:
    page = signed_in
    control = site.control / "fail-2"
    control.write_text("quota_exhausted")
    session = site.start_book(storyline(2), writer="python:tests.writers:failing")
    wait_for(lambda: site.status(session) == "failed")
    control.unlink()
    page.goto(f"{_address(site)}board/")
    expect(page.locator("body[data-live]")).to_be_attached()

    page.locator("#needs-2-retry").press("Enter")

    expect(page.get_by_text("2 of 2 chapters, 100 %")).to_be_visible()
    expect(page.locator("#chapter-2-link")).to_be_focused()
    expect(page.locator("#board-said")).not_to_be_empty()


def test_shortcuts_keep_the_focus_and_give_it_back(signed_in: Page, site: Installation) -> None:
    page = signed_in
    page.goto(f"{site.address}/help/")
    before = page.get_by_role("link", name="Upload", exact=True)
    before.focus()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    expect(page.locator("dialog :focus")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(before).to_be_focused()


def test_export_menu_closes_by_escape(signed_in: Page, written: str) -> None:
    page = signed_in
    page.goto(f"{written}read/")
    menu = page.locator("details.menu")
    menu.locator("summary").press("Enter")
    page.keyboard.press("Tab")

    page.keyboard.press("Escape")

    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_bar_at_the_bottom_covers_nothing_in_focus(page: Page, written: str) -> None:
    page.set_viewport_size({"width": 390, "height": 600})
    page.goto(f"{written}outline/")
    bar = page.locator(".bar__nav").bounding_box()
    assert bar

    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator("main :focus").count():
            box = page.locator("main :focus").bounding_box()
            assert box
            assert box["y"] + box["height"] <= bar["y"] + 1, page.locator("main :focus").inner_text()


@pytest.mark.parametrize("width", [640, 320])
def test_nothing_is_cut_off_when_enlarged(page: Page, site: Installation, written: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})

    for path in (
        *(site.address + path for path in OF_SITE),
        *(f"{written}{name}/" for name in ("board", "read")),
    ):
        page.goto(path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is {wider} px wider than {width} px"


def test_printed_chapter_has_its_text_and_no_controls(page: Page, written: str) -> None:
    page.goto(f"{written}read/1/")

    page.emulate_media(media="print")

    expect(page.locator(".prose")).to_be_visible()
    for selector in (".room__tools", ".turn", ".skip", ".page-end"):
        expect(page.locator(selector)).to_be_hidden()


def test_nothing_moves_for_those_who_ask_for_rest(page: Page, written: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{written}board/")

    slowest = page.evaluate(SLOWEST)

    assert slowest < 0.001


def test_what_opens_has_names_and_an_order_too(
    page: Page, site: Installation, written: str, long_outline: str
) -> None:
    session = site.start_book(storyline(1_000), writer="python:tests.writers:slow")
    paused = _address(site)
    site.call("POST", f"/sessions/{session}/pause")
    shown = {
        "long paused board": (f"{paused}board/", []),
        "opened attempt": (f"{written}chapters/1/attempts/", ["text=What the writer was given"]),
        "fetched group": (
            f"{long_outline}outline/",
            ["#outline-group-2 > summary", "#chapter-60 [data-move]"],
        ),
        "found chapters": (f"{site.address}/find/?q=year", []),
    }
    broken: dict[str, list[str]] = {}
    for name, (address, clicks) in shown.items():
        page.goto(address)
        for selector in clicks:
            page.locator(selector).first.click()
        if faults := faults_of(page):
            broken[name] = faults
    site.call("POST", f"/sessions/{session}/cancel")

    assert broken == {}


def test_a_chapter_is_moved_far_by_keyboard_alone(signed_in: Page, long_outline: str) -> None:
    page = signed_in
    page.goto(f"{long_outline}outline/")
    page.locator("#outline-group-3 > summary").press("Enter")
    link = page.locator("#chapter-110 [data-move]")
    title = page.locator("#chapter-110 h3").inner_text()

    link.press("Enter")
    expect(page.locator("#move-to")).to_be_focused()
    page.keyboard.type("2")
    page.keyboard.press("Enter")

    expect(page.locator("#outline-said")).to_contain_text(f"“{title}” is chapter 2 now.")
    expect(page.locator("#chapter-2 h3")).to_have_text(title)
    expect(page.locator("#chapter-110 h3")).not_to_have_text(title)
    page.locator("#outline-show").press("Enter")
    assert page.evaluate("document.activeElement.closest('li').id") == "chapter-2"


def test_a_chapter_is_found_from_any_page_by_keyboard(signed_in: Page, written: str) -> None:
    page = signed_in
    page.goto(f"{written}chapters/1/metrics/")

    page.keyboard.press("/")
    page.keyboard.type("year 3")
    page.locator("#find-found a").first.press("Enter")

    page.wait_for_url(re.compile(r"/chapters/3/|/outline/"))
