"""*Check connection* on the start panel, with the process that does it and a server that plays the provider."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import faults_of
from tests.installation import Installation, wait_for
from tests.storylines import storyline
from tests.workflow.agents.llm.server import KEY
from tests.workflow.agents.llm.wires import WIRES, WireServer

pytestmark = pytest.mark.browser
WIRE = WIRES["openai-chat"]


@pytest.fixture
def server() -> Iterator[WireServer]:
    server = WireServer()
    server.wire = WIRE
    yield server
    server.close()


@pytest.fixture
def site(server: WireServer, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose writer is the model that the server plays."""
    environment = {"CHAPTERFLOW_WRITER": WIRE.writer, **WIRE.environment(server)}
    with Installation(tmp_path, workers=1, **environment) as installation:
        yield installation


@pytest.fixture
def outline(site: Installation, browser: Browser) -> Iterator[Page]:
    """The outline of a book, before its start."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.sign_in_link)
    book = site.call("POST", "/books", {"title": "The River"})["book_id"]
    site.call("POST", f"/books/{book}/storyline", storyline(3))
    page.goto(f"{site.address}/books/{book}/v1/outline/")
    yield page
    context.close()


def test_person_learns_what_is_wrong_while_others_are_served(
    outline: Page, site: Installation, server: WireServer
) -> None:
    server.play("401")
    outline.get_by_role("button", name="Check connection").click()
    expect(outline.locator("#writer-checking")).to_be_visible()
    site.call("GET", "/books")  # one process answers both
    found = outline.locator("#writer-check .notice")
    expect(found).to_contain_text("The provider does not accept the key.", timeout=40_000)
    expect(found).to_contain_text("OPENAI_API_KEY")
    assert KEY[3:20] not in outline.content()
    assert faults_of(outline) == []


def test_all_is_well_without_scripts(
    outline: Page, site: Installation, server: WireServer, browser: Browser
) -> None:
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(outline.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(outline.url)

    page.get_by_role("button", name="Check connection").click()

    expect(page.locator("#writer-check .notice")).to_contain_text("All is well", timeout=40_000)
    page.get_by_role("link", name="Back to the outline").click()
    expect(page.get_by_role("button", name="Check connection")).to_be_visible()
    wait_for(lambda: len(server.seen) == 1)
    plain.close()
