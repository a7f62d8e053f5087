"""Saying what the writer is asked for, without leaving the outline page."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture
def outline(signed_in: Page, site: Installation) -> Page:
    """The outline of a sample book of one's own, with the preferences open."""
    signed_in.goto(f"{site.address}/upload/")
    signed_in.get_by_role("button", name="Open the sample book").click()
    signed_in.wait_for_url(re.compile(r"/outline/"))
    signed_in.get_by_role("heading", name="What the writer is asked for").click()
    return signed_in


def test_saving_is_said_and_moves_the_estimate_on_the_spot(outline: Page) -> None:
    length = outline.locator("#estimate dd").first
    outline.get_by_label("Words per chapter").fill("200")
    outline.get_by_label("Leave out").fill("the ferry licence")
    before = length.inner_text()

    outline.get_by_label("Leave out").press("Tab")
    outline.get_by_role("button", name="Save preferences").press("Enter")

    expect(outline.get_by_text("The estimate counts with it.")).to_be_visible()
    expect(length).not_to_have_text(before)
    expect(outline.get_by_role("button", name="Save preferences")).to_be_focused()
    outline.reload()
    expect(outline.get_by_label("Leave out")).to_have_value("the ferry licence")


def test_page_with_unsaved_wishes_is_not_left_without_a_question(outline: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    outline.on("dialog", stay)
    outline.get_by_label("Tone", exact=True).fill("warm")

    outline.get_by_role("button", name="Start writing").click()

    expect(outline.get_by_label("Tone", exact=True)).to_have_value("warm")
    assert asked == ["beforeunload"]
