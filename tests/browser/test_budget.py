"""A book that a model writes pauses at its budget; a click lets it go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.installation import Installation, wait_for
from tests.storylines import storyline
from tests.workflow.agents.llm.server import KEY, ScriptedServer

pytestmark = pytest.mark.browser

MODEL = "openai-chat:house"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def press(server: ScriptedServer, tmp_path: Path) -> Iterator[Installation]:
    """An installation with a model at a stated price, and quotations by default."""
    environment = {
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": KEY,
        "CHAPTERFLOW_WRITERS": f"quotations,{MODEL}",
        "CHAPTERFLOW_PRICES": f"{MODEL}=1/2/0.1",
    }
    with Installation(tmp_path, **environment) as installation:
        yield installation


@pytest.fixture
def reader(press: Installation, browser: Browser) -> Iterator[Page]:
    """Somebody who is signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(press.sign_in_link)
    yield page
    context.close()


def test_book_pauses_at_its_budget_and_a_click_lets_it_go_on(
    reader: Page, press: Installation, server: ScriptedServer
) -> None:
    book = press.call("POST", "/books", {"title": "The River"})["book_id"]
    press.call("POST", f"/books/{book}/storyline", storyline(4))
    reader.goto(f"{press.address}/books/{book}/v1/outline/")
    expect(reader.locator("#start-budget")).to_be_hidden()
    reader.get_by_label("Writer", exact=True).select_option(MODEL)
    expect(reader.locator("#estimate")).to_contain_text("Tokens sent")
    reader.get_by_label("US dollars").fill("0.011")

    reader.get_by_role("button", name="Start writing").click()

    notice = reader.locator("#board-state")
    expect(notice).to_contain_text("Paused: the next call would pass the budget of $0.0110", timeout=60_000)
    expect(reader.locator("#board-usage")).to_contain_text("$0.0026 of $0.0110")
    expect(reader.locator("#chapter-3 .status")).to_have_attribute("data-status", "pending")
    assert len(server.seen) == 2

    reader.get_by_role("button", name="Raise and go on").click()

    expect(reader.get_by_text("4 of 4 chapters, 100 %")).to_be_visible(timeout=60_000)
    expect(reader.locator("#board-usage")).to_contain_text("$0.0052 of $0.02")
    session = str(press.rows("SELECT id FROM workflow_processingsession")[0][0])
    wait_for(lambda: press.status(session) == "completed")
    assert len(server.seen) == 4
