"""From the first visit to the finished book, as a person does it."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.installation import Installation
from tests.storylines import storyline

pytestmark = pytest.mark.browser

FAULTY = """{
 "nodes": [
  {"id": "n-1", "title": "One", "centrality_score": "high", "chunk_ids": ["c-1", "c-99"]},
  {"id": "n-1"}
 ],
 "chunks": [{"id": "c-1", "text": "The bell rang."}]
}"""


def upload(page: Page, site: Installation, tmp_path: Path, data: bytes, name: str = "river.json") -> None:
    """Choose a file on the upload page and go to its outline."""
    file = tmp_path / name
    file.write_bytes(data)
    page.goto(f"{site.address}/upload/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check it and show the outline").click()
    page.wait_for_url(re.compile(r"/outline/"))


def start(page: Page, writer: str = "", order: str = "") -> None:
    """Choose the options of the outline page and start."""
    if order:
        page.get_by_label(order).check()
        page.wait_for_load_state("networkidle")
    if writer:
        page.get_by_label("Writer", exact=True).select_option(writer)
    page.get_by_role("button", name="Start writing").click()
    page.wait_for_url("**/board/**")


def chapter(page: Page, number: int) -> Locator:
    """Return the card of one chapter on the board."""
    return page.locator(f"#chapter-{number}")


def test_sample_book_is_written_read_and_exported(signed_in: Page, site: Installation) -> None:
    page = signed_in
    page.goto(f"{site.address}/upload/")
    page.get_by_role("button", name="Open the sample book").click()
    page.wait_for_url(re.compile(r"/outline/"))
    start(page, order="By the links")
    board = page.url

    expect(chapter(page, 12).locator(".status")).to_have_attribute("data-status", "completed")
    expect(page.get_by_text("12 of 12 chapters, 100 %")).to_be_visible()

    page.get_by_role("link", name="Read the book").click()
    page.get_by_role("link", name=re.compile("The Bell on the Far Bank")).first.click()
    expect(page.get_by_role("heading", name="The Bell on the Far Bank")).to_be_visible()
    page.locator("a.cite").first.click()
    expect(page).to_have_url(re.compile(r"#"))

    page.goto(board)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as EPUB").click()
    assert download.value.suggested_filename.endswith(".epub")


def test_faults_are_shown_with_their_places_and_nothing_is_stored(
    signed_in: Page, site: Installation
) -> None:
    page = signed_in
    before = site.rows("SELECT COUNT(*) FROM books_book")
    page.goto(f"{site.address}/upload/")
    page.get_by_text("Paste instead").click()
    page.get_by_label("Storyline as text").fill(FAULTY)

    page.get_by_role("button", name="Check it and show the outline").click()

    expect(page.get_by_role("heading", name="3 faults in the pasted text")).to_be_visible()
    expect(page.locator(".faults")).to_contain_text("No chunk has the id “c-99”.")
    expect(page.get_by_role("link", name="Line 3").first).to_be_visible()
    expect(page.get_by_label("Storyline as text")).to_have_value(FAULTY)
    assert site.rows("SELECT COUNT(*) FROM books_book") == before


def test_board_changes_while_it_is_watched(signed_in: Page, site: Installation, tmp_path: Path) -> None:
    page = signed_in
    upload(page, site, tmp_path, storyline(3))
    start(page, writer="python:tests.writers:slow")

    seen = chapter(page, 2).locator(".status")
    expect(seen).to_have_attribute("data-status", "pending")
    expect(seen).to_have_attribute("data-status", "in_progress")
    expect(seen).to_have_attribute("data-status", "completed")


def test_failed_chapter_is_retried_with_one_click(
    signed_in: Page, site: Installation, tmp_path: Path
) -> None:
    page = signed_in
    (site.control / "fail-4").touch()
    upload(page, site, tmp_path, storyline(6, {2: [1], 3: [1], 4: [2], 5: [4]}))
    start(page, writer="python:tests.writers:failing", order="By the links")

    expect(chapter(page, 4)).to_contain_text("Retry in")
    expect(chapter(page, 4)).to_contain_text("The provider had a fault of its own", timeout=30_000)
    expect(page.locator("#board-state")).to_contain_text("Chapter 4 failed", timeout=30_000)
    expect(chapter(page, 5).locator(".status")).to_have_attribute("data-status", "blocked")
    expect(chapter(page, 5)).to_contain_text("waits for")
    expect(chapter(page, 6).locator(".status")).to_have_attribute("data-status", "generated")

    (site.control / "fail-4").unlink()
    page.locator("#chapter-4-retry").click()

    expect(page.get_by_text("6 of 6 chapters, 100 %")).to_be_visible()
    session = site.rows("SELECT id FROM workflow_processingsession ORDER BY created_at DESC")[0][0]
    kinds = [event["kind"] for event in site.events(str(session))]
    assert kinds.count("chapter_generated") == 6
    assert kinds.count("attempt_failed") + kinds.count("chapter_failed") == 3


def test_pause_and_resume(signed_in: Page, site: Installation, tmp_path: Path) -> None:
    page = signed_in
    upload(page, site, tmp_path, storyline(4))
    start(page, writer="python:tests.writers:slow")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()

    page.get_by_role("button", name="Resume").click()

    expect(page.get_by_text("4 of 4 chapters, 100 %")).to_be_visible()


def test_cancelled_book_starts_again(signed_in: Page, site: Installation, tmp_path: Path) -> None:
    page = signed_in
    upload(page, site, tmp_path, storyline(4))
    start(page, writer="python:tests.writers:slow")
    page.get_by_role("link", name=re.compile("Cancel")).click()
    page.get_by_role("button", name=re.compile("Cancel")).click()
    page.wait_for_url("**/board/**")

    page.get_by_role("button", name="Start again").click()

    expect(page.get_by_text("4 of 4 chapters, 100 %")).to_be_visible()


def test_whole_job_without_script(without_script: Page, site: Installation, tmp_path: Path) -> None:
    page = without_script
    upload(page, site, tmp_path, storyline(2))
    page.get_by_role("button", name="Start writing").click()
    page.wait_for_url("**/board/**")

    for _ in range(20):
        if page.get_by_text("2 of 2 chapters, 100 %").is_visible():
            break
        page.get_by_role("link", name="Reload").first.click()
        page.wait_for_timeout(300)

    expect(page.get_by_text("2 of 2 chapters, 100 %")).to_be_visible()
    page.get_by_role("link", name="Read the book").click()
    expect(page.get_by_role("heading", name="The River")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_the_screen(signed_in: Page, site: Installation, width: int) -> None:
    page = signed_in
    page.set_viewport_size({"width": width, "height": 900})
    pages = "board outline review questions activity read read/1 chapters/1 chapters/1/sources chapters/1/revisions"
    finished = "SELECT version_id FROM workflow_processingsession WHERE status = 'completed' LIMIT 1"
    query = f"SELECT book_id, number FROM books_bookversion WHERE id = ({finished})"
    ((book, number),) = site.rows(query)
    ((book_id,),) = site.rows("SELECT book_id FROM books_book WHERE id = ?", (book,))
    of_book = [f"/books/{book_id}/v{number}/{name}/" for name in pages.split()]
    paths = ["/", "/upload/", "/help/", "/account/", *of_book]

    for path in paths:
        page.goto(site.address + path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is {wider} px wider than {width} px"


def test_lost_connection_is_said_and_what_was_missed_is_caught_up(
    site: Installation, browser: Browser, cookies: list[object], tmp_path: Path
) -> None:
    context = browser.new_context()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    upload(page, site, tmp_path, storyline(8))
    start(page, writer="python:tests.writers:slow")
    expect(chapter(page, 1).locator(".status")).to_have_attribute("data-status", "generated")

    os.kill(site.processes()[1], signal.SIGKILL)

    expect(page.get_by_text("Connection lost")).to_be_visible()
    expect(page.get_by_text("Connected again")).to_be_visible()
    expect(page.get_by_text("8 of 8 chapters, 100 %")).to_be_visible()
    context.close()
