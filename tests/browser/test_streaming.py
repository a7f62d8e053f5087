"""Text appears on the board as it is written, and is there again after a reload and after an outage."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.installation import Installation, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.browser
CHAPTERS = (1, 2, 3)


@pytest.fixture
def dictation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a worker for each of three chapters."""
    with Installation(tmp_path_factory.mktemp("dictation"), workers=3) as installation:
        yield installation


@pytest.fixture
def board(dictation: Installation, browser: Browser) -> Iterator[Page]:
    """The board of three chapters that do not depend on each other, while all are being written."""
    dictation.start_book(storyline(3), writer="python:tests.writers:dictating", dependencies="graph")
    context = browser.new_context()
    page = context.new_page()
    page.goto(dictation.sign_in_link)
    page.goto(dictation.address)
    page.get_by_role("link", name="The River").first.click()
    if "/board/" not in page.url:
        page.get_by_role("link", name=re.compile("board", re.IGNORECASE)).first.click()
    page.wait_for_url("**/board/**")
    yield page
    (dictation.control / "done").touch()
    context.close()


def preview(page: Page, number: int) -> Locator:
    """Return the text of a chapter as the board shows it."""
    return page.locator(f"#now-{number}-preview .preview")


def last_word(page: Page, number: int) -> int:
    """Return the number of the newest word that the board shows of a chapter."""
    return int(re.findall(r"word(\d+)", preview(page, number).inner_text())[-1])


def kept(site: Installation, number: int) -> str:
    """Return what the database keeps of the chapter's text so far."""
    query = (
        "SELECT partial_text FROM workflow_attempt a JOIN workflow_chapterworkflowitem i ON a.item_id = i.id "
        "WHERE i.number = ? AND a.outcome = 'running'"
    )
    return "".join(str(row[0]) for row in site.rows(query, (number,)))


def hush(site: Installation, page: Page) -> dict[int, int]:
    """Let the writers fall silent. Returns the last word of each chapter, once the database has them all."""
    for number in CHAPTERS:
        (site.control / f"silent-{number}").touch()

    def is_kept() -> bool:
        page.wait_for_timeout(50)
        return all(kept(site, number).endswith(f" word{last_word(page, number)}") for number in CHAPTERS)

    wait_for(is_kept)
    return {number: last_word(page, number) for number in CHAPTERS}


def test_texts_of_several_chapters_grow_and_end_as_chapters(board: Page, dictation: Installation) -> None:
    for number in CHAPTERS:
        expect(preview(board, number)).to_contain_text(f"Chapter {number} begins. word1 word2")
        expect(board.locator(f"#now-{number}-preview")).to_contain_text("Not final")
    seen = {number: last_word(board, number) for number in CHAPTERS}
    for number in CHAPTERS:
        expect(preview(board, number)).to_contain_text(f"word{seen[number] + 20}")
    assert len(set(dictation.rows("SELECT owner FROM workflow_attempt WHERE outcome = 'running'"))) == 3
    events = dictation.rows("SELECT COUNT(*) FROM workflow_event")

    for number in CHAPTERS:
        expect(preview(board, number)).to_contain_text(f"word{seen[number] + 40}")
    assert dictation.rows("SELECT COUNT(*) FROM workflow_event") == events
    (dictation.control / "done").touch()

    for number in CHAPTERS:
        expect(board.locator(f"#chapter-{number} .status")).to_have_attribute("data-status", "completed")
        expect(board.locator(f"#now-{number}-preview")).to_have_count(0)
    assert dictation.rows("SELECT DISTINCT partial_text FROM workflow_attempt WHERE phase = 'writing'") == [
        ("",)
    ]


def test_text_so_far_is_there_after_a_reload_and_on_the_chapters_page(
    board: Page, dictation: Installation
) -> None:
    for number in CHAPTERS:
        expect(preview(board, number)).to_contain_text("word10")
    last = hush(dictation, board)

    board.reload()

    for number in CHAPTERS:
        assert last_word(board, number) == last[number]
    board.goto(board.url + "?view=compact")
    expect(preview(board, 2)).to_contain_text(f"word{last[2]}")
    board.locator("#chapter-2-link").click()
    expect(board.get_by_text("The text so far")).to_be_visible()
    expect(board.get_by_role("main")).to_contain_text(f"word{last[2]}")


def test_text_so_far_is_there_again_after_an_outage(board: Page, dictation: Installation) -> None:
    for number in CHAPTERS:
        expect(preview(board, number)).to_contain_text("word10")
    last = hush(dictation, board)
    board.evaluate("document.querySelectorAll('.preview').forEach((preview) => preview.remove())")

    os.kill(dictation.processes()[1], signal.SIGKILL)

    expect(board.get_by_text("Connected again")).to_be_visible()
    for number in CHAPTERS:
        expect(preview(board, number)).to_contain_text(f"word{last[number]}")
    for number in CHAPTERS:
        (dictation.control / f"silent-{number}").unlink()
    for number in CHAPTERS:
        expect(preview(board, number)).to_contain_text(f"word{last[number] + 10}")
