"""A book that goes on without a chapter, chosen on the start panel and mended on the board while it is watched."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_book import chapter, start, upload
from tests.installation import Installation
from tests.storylines import storyline

pytestmark = pytest.mark.browser


def test_missing_chapter_is_added_while_the_board_is_watched(
    signed_in: Page, site: Installation, tmp_path: Path
) -> None:
    page = signed_in
    (site.control / "fail-2").write_text("bad_credentials")
    upload(page, site, tmp_path, storyline(4))
    page.get_by_label("Go on without it").check()
    start(page, writer="python:tests.writers:failing")
    expect(page.get_by_text("The book is written, but not whole").first).to_be_visible()
    expect(chapter(page, 2)).to_contain_text("The book goes on without it.")
    (site.control / "fail-2").unlink()

    chapter(page, 2).get_by_role("button", name="Retry").click()

    expect(chapter(page, 2).locator(".status")).to_have_attribute("data-status", "completed")
    expect(chapter(page, 4)).to_contain_text("It was written without chapter 2, which has come since.")
    expect(page.get_by_text("All 4 chapters.")).to_be_visible()
