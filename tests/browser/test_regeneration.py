"""A written chapter is asked for again with a note; what builds on it is offered, and a failure changes nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_book import chapter, start, upload
from tests.installation import Installation
from tests.storylines import storyline

pytestmark = pytest.mark.browser


def test_chapter_is_written_again_with_a_note_and_those_behind_it_after_it(
    signed_in: Page, site: Installation, tmp_path: Path
) -> None:
    page = signed_in
    upload(page, site, tmp_path, storyline(4))
    start(page, writer="python:tests.writers:failing")
    expect(page.get_by_text("All 4 chapters.")).to_be_visible()

    chapter(page, 2).get_by_role("link").first.click()
    page.get_by_role("link", name="Write again…").click()
    page.get_by_label("What shall be different?").fill("more of the <ferry>")
    page.get_by_role("button", name="Write again").click()

    expect(chapter(page, 3)).to_contain_text("Chapter 2, which it builds on, has been written again since.")
    expect(page.get_by_text("All 4 chapters.")).to_be_visible()
    page.get_by_role("button", name="Write 2 outdated chapters again").click()
    expect(page.get_by_role("button", name="outdated chapters again")).to_have_count(0)
    expect(page.get_by_text("All 4 chapters.")).to_be_visible()
    expect(page.get_by_text("Outdated", exact=True)).to_have_count(0)
    chapter(page, 2).get_by_role("link").first.click()
    expect(page.locator(".prose")).to_contain_text("Told anew: more of the <ferry>.")


def test_failure_leaves_the_text_and_says_why(signed_in: Page, site: Installation, tmp_path: Path) -> None:
    page = signed_in
    upload(page, site, tmp_path, storyline(3))
    start(page, writer="python:tests.writers:failing")
    expect(page.get_by_text("All 3 chapters.")).to_be_visible()
    (site.control / "fail-3").write_text("bad_credentials")

    chapter(page, 3).get_by_role("link").first.click()
    page.get_by_role("link", name="Write again…").click()
    page.get_by_role("button", name="Write again").click()

    expect(chapter(page, 3)).to_contain_text("Not written again")
    (site.control / "fail-3").unlink()
    expect(chapter(page, 3).locator(".status")).to_have_attribute("data-status", "completed")
    chapter(page, 3).get_by_role("link").first.click()
    expect(page.locator(".notice").first).to_contain_text("The earlier text stays.")
    expect(page.locator(".prose")).to_contain_text("This is what chapter 3")


def test_earlier_text_is_kept_while_the_new_one_is_written(
    signed_in: Page, site: Installation, tmp_path: Path
) -> None:
    page = signed_in
    upload(page, site, tmp_path, storyline(2))
    (site.control / "done").touch()
    start(page, writer="python:tests.writers:dictating")
    expect(page.get_by_text("All 2 chapters.")).to_be_visible()
    (site.control / "done").unlink()

    chapter(page, 2).get_by_role("link").first.click()
    page.get_by_role("link", name="Write again…").click()
    page.get_by_role("button", name="Write again").click()
    expect(chapter(page, 2).locator(".status").first).to_have_attribute("data-status", "in_progress")
    expect(page.locator("#lane-now")).to_contain_text("word5")
    chapter(page, 2).get_by_role("button", name="Keep the earlier text").click()

    expect(page.get_by_text("All 2 chapters.")).to_be_visible()
    expect(chapter(page, 2).locator(".status")).to_have_attribute("data-status", "completed")
