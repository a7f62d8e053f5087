"""A board whose connection is away, cannot be live, or was lost while nobody looked: it says so, and comes back."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.installation import Installation, plain
from tests.storylines import storyline

from .proxy import PASSING, SILENT, WITHOUT_SOCKETS, Proxy

pytestmark = pytest.mark.browser

# More than are written while these tests run.
CHAPTERS = 300


@pytest.fixture(scope="module")
def board(site: Installation) -> Iterator[tuple[str, str]]:
    """Return the path of a book's board that can be paused and resumed, and its session."""
    session_id = site.start_book(storyline(CHAPTERS), writer="python:tests.writers:slow")
    version = "SELECT version_id FROM workflow_processingsession WHERE id = ?"
    book = f"SELECT book_id FROM books_bookversion WHERE id = ({version})"
    ((book_id,),) = site.rows(f"SELECT book_id FROM books_book WHERE id = ({book})", (plain(session_id),))
    yield f"/books/{book_id}/v1/board/", session_id
    site.call("POST", f"/sessions/{session_id}/cancel")


@pytest.fixture
def proxy(site: Installation) -> Iterator[Proxy]:
    between = Proxy(site.port)
    yield between
    between.close()


@pytest.fixture
def page(browser: Browser, cookies: list[object]) -> Iterator[Page]:
    """A page of somebody who is signed in; its console may complain of what is taken from it here."""
    context = browser.new_context()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def toggle(page: Page) -> str:
    """Press Pause or Resume, whichever is there; return the name of the other."""
    resume = page.get_by_role("button", name="Resume")
    other = "Pause" if resume.count() else "Resume"
    page.locator("#session-pause, #session-resume").click()
    return other


def test_buttons_rest_with_a_reason_while_the_server_is_away(
    page: Page, proxy: Proxy, board: tuple[str, str]
) -> None:
    page.goto(proxy.address + board[0])
    expect(page.locator("body[data-live=yes]")).to_be_visible()
    proxy.go_away()
    expect(page.get_by_text("Connection lost")).to_be_visible()
    button = page.locator("#session-pause, #session-resume")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_accessible_description(re.compile("buttons wait until the connection is back"))

    # By the keyboard: the sentence above it may still move the button from under a pointer.
    button.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Nothing was sent.")).to_be_visible()
    assert page.url == proxy.address + board[0]

    proxy.mode = PASSING
    expect(page.get_by_text("Connected again")).to_be_visible()
    expect(button).not_to_have_attribute("aria-disabled", "true")
    other = toggle(page)
    expect(page.get_by_role("button", name=other)).to_be_visible()


def test_board_without_websockets_follows_by_asking(
    page: Page, proxy: Proxy, board: tuple[str, str], site: Installation
) -> None:
    proxy.mode = WITHOUT_SOCKETS
    page.goto(proxy.address + board[0])

    expect(page.get_by_text("No live connection")).to_be_visible()
    other = toggle(page)
    expect(page.get_by_role("button", name=other)).to_be_visible()

    # What somebody else does arrives as well.
    site.call("POST", f"/sessions/{board[1]}/{'pause' if other == 'Pause' else 'resume'}")
    expect(page.get_by_role("button", name="Resume" if other == "Pause" else "Pause")).to_be_visible()

    proxy.mode = PASSING
    page.reload()
    expect(page.locator("body[data-live=yes]")).to_be_visible()


def test_tab_that_slept_says_that_it_may_be_wrong_and_is_right_again(
    page: Page, proxy: Proxy, board: tuple[str, str], site: Installation
) -> None:
    page.goto(proxy.address + board[0])
    expect(page.locator("body[data-live=yes]")).to_be_visible()
    proxy.mode = SILENT
    before = page.locator("#session-pause, #session-resume").get_attribute("id")
    site.call("POST", f"/sessions/{board[1]}/{'pause' if before == 'session-pause' else 'resume'}")

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_text("Connection lost")).to_be_visible()
    proxy.mode = PASSING
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#session-resume" if before == "session-pause" else "#session-pause")).to_be_visible()


def test_connection_that_dies_without_a_word_is_noticed(
    page: Page, proxy: Proxy, board: tuple[str, str]
) -> None:
    page.clock.install()
    page.goto(proxy.address + board[0])
    page.clock.run_for(1_000)
    expect(page.locator("body[data-live=yes]")).to_be_visible()
    proxy.mode = SILENT

    page.clock.run_for(40_000)

    expect(page.get_by_text("Connection lost")).to_be_visible()


@pytest.mark.parametrize(
    ("code", "said", "comes_back"),
    [
        (4401, "You are signed out", False),
        (4404, "This book is no longer here", False),
        (4008, "this page said too much", True),
        (4009, "something too long", True),
        (4011, "The server had a fault", True),
        (4013, "This browser took the news too slowly", True),
        (4029, "Too many boards are open", False),
        (1000, "Connection lost", True),
    ],
)
def test_each_code_is_said_and_the_page_comes_back_where_it_should(
    page: Page, site: Installation, board: tuple[str, str], code: int, said: str, comes_back: bool
) -> None:
    sockets: list[WebSocketRoute] = []
    seen = threading.Event()

    def route(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if seen.is_set():
            socket.connect_to_server()
        else:
            socket.close(code=code)

    page.route_web_socket("**/ws/**", route)
    page.goto(site.address + board[0])

    expect(page.locator("#board-offline")).to_contain_text(said)
    seen.set()
    if comes_back:
        expect(page.locator("body[data-live=yes]")).to_be_visible()
    else:
        assert len(sockets) == 1
