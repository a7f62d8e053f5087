"""A book is written by a language model that has all its troubles on the way, while somebody watches."""

import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.installation import Installation, wait_for
from tests.storylines import storyline
from tests.workflow.agents.llm.server import KEY, SCENARIOS, Play, ScriptedServer, Seen, chapter, fails

pytestmark = pytest.mark.browser

MODEL = "openai-chat:scripted"
INDEPENDENT = (1, 2, 3, 5, 6, 9, 10)
FILTERED, WAITING = 4, (7, 8)
SLOWLY = fails(429, "Slow down", {"Retry-After": "1"}, code="rate_limit_exceeded")


def book_with_a_long_chapter() -> bytes:
    """Ten chapters; 8 comes after 7 and 7 after 4, and 5 has more passages than a small model takes."""
    data = json.loads(storyline(10, {7: [4], 8: [7]}))
    for n in range(1, 21):
        text = "The water came in at the door of the mill. " * 40
        data["chunks"].append({"id": f"c-5-{n}", "text": text, "speaker": "Emm"})
        data["nodes"][4]["chunk_ids"].append(f"c-5-{n}")
    return json.dumps(data).encode()


class Director(ScriptedServer):
    """Streams every chapter slowly, until `done` is set; some get a trouble first, chapter 4 until `well` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.well, self.done = threading.Event(), threading.Event()
        self.sizes: dict[int, list[int]] = defaultdict(list)
        self._guard = threading.Lock()
        self._troubles = {
            2: [SLOWLY, SLOWLY],
            3: [SCENARIOS["cut in mid-stream"]],
            5: [SCENARIOS["too long for 6,000"]],
        }

    def _play(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        seen = Seen(handler.path, handler.headers.get("Authorization", ""), body)
        play = Play(handler, seen, self._closing)
        number = int(play.ids[0].split("-")[1])
        with self._guard:
            self.seen.append(seen)
            self.sizes[number].append(len(seen.text))
            trouble = self._troubles[number].pop(0) if self._troubles.get(number) else None
        try:
            if number == FILTERED and not self.well.is_set():
                trouble = SCENARIOS["filter with 400"]
            (trouble or self._write)(play)
        except OSError:
            handler.close_connection = True

    def _write(self, play: Play) -> None:
        play.open()
        text = chapter(play.ids, 12)
        for start in range(0, len(text), 25):
            play.text(text[start : start + 25])
            self.done.wait(0.1)
        play.stop()


@pytest.fixture
def director() -> Iterator[Director]:
    server = Director()
    yield server
    server.done.set()
    server.close()


@pytest.fixture
def press(director: Director, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose writer is the model that the director plays."""
    environment = {
        "OPENAI_BASE_URL": director.url,
        "OPENAI_API_KEY": KEY,
        "CHAPTERFLOW_WRITER": MODEL,
        "CHAPTERFLOW_WRITERS": f"quotations,{MODEL}",
    }
    with Installation(tmp_path, workers=4, **environment) as installation:
        yield installation


@pytest.fixture
def reader(press: Installation, browser: Browser) -> Iterator[Page]:
    """Somebody who is signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(press.sign_in_link)
    yield page
    context.close()


def test_book_of_a_model_in_trouble_ends_as_promised(
    reader: Page, press: Installation, director: Director
) -> None:
    session = press.start_book(book_with_a_long_chapter(), dependencies="graph")
    reader.goto(press.address)
    reader.get_by_role("link", name="The River").first.click()
    reader.wait_for_url(re.compile("/board/"))

    expect(reader.locator(".preview").first).to_contain_text("The river rose in that year")
    expect(reader.locator(f"#chapter-{FILTERED}")).to_contain_text("refused", ignore_case=True)
    expect(reader.locator("#chapter-7 .status")).to_have_attribute("data-status", "blocked")
    director.done.set()

    for number in INDEPENDENT:
        card = reader.locator(f"#chapter-{number} .status")
        expect(card).to_have_attribute("data-status", "generated", timeout=60_000)
    expect(reader.locator("#board-state")).to_contain_text("Chapter 4 failed")
    wait_for(lambda: press.status(session) == "failed")
    assert [n for n, status in enumerate(press.statuses(session), 1) if status != "generated"] == [4, 7, 8]
    ended = "SELECT number, outcome, error_code FROM workflow_attempt WHERE item_id IN ({}) ORDER BY number"
    item = "SELECT id FROM workflow_chapterworkflowitem WHERE number = {}"
    tried = {n: press.rows(ended.format(item.format(n))) for n in (2, 3, 4, 5)}
    assert [row[1:] for row in tried[2]] == [("waited", "rate_limited")] * 2 + [("succeeded", "")]
    assert [row[1:] for row in tried[3]] == [("failed", "stream_broken"), ("succeeded", "")]
    assert [row[1:] for row in tried[4]] == [("failed", "content_filtered")]
    assert [row[1:] for row in tried[5]] == [("succeeded", "")]
    assert director.sizes[5][1] < 0.8 * director.sizes[5][0]

    director.well.set()
    reader.locator(f"#chapter-{FILTERED}-retry").click()

    expect(reader.get_by_text("10 of 10 chapters, 100 %")).to_be_visible(timeout=60_000)
    wait_for(lambda: press.status(session) == "completed")
    assert set(press.statuses(session)) == {"completed"}
    assert KEY not in (press.log.read_text() + reader.content())
