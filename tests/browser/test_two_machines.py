"""A board on one machine shows what is written on another: PostgreSQL and Redis are all that they share."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.faults.processes import Workers
from tests.installation import Installation, wait_for
from tests.servers import new_postgres
from tests.storylines import storyline

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.redis]

DICTATING = "python:tests.writers:dictating"


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[tuple[Installation, Installation]]:
    """A machine that people reach, and one with workers alone, with a data directory of its own."""
    with new_postgres() as database:
        shared = {
            "DATABASE_URL": database,
            "REDIS_URL": os.environ["CHAPTERFLOW_TEST_REDIS"],
            "SECRET_KEY": "shared by both machines, and long enough for any check of its length",
            "CHAPTERFLOW_TEST_CONTROL": str(tmp_path),
        }
        reached = Installation(tmp_path / "reached", workers=1, **shared)
        with reached, Workers(tmp_path / "other", workers=2, **shared) as other:
            yield reached, other


def test_text_is_shown_while_it_is_written_elsewhere(
    machines: tuple[Installation, Installation], browser: Browser, tmp_path: Path
) -> None:
    reached, other = machines
    session = reached.start_book(storyline(3), writer=DICTATING, dependencies="graph")
    page = browser.new_context().new_page()
    page.goto(reached.sign_in_link)
    page.goto(reached.address)
    page.get_by_role("link", name="The River").first.click()
    if "/board/" not in page.url:
        page.get_by_role("link", name=re.compile("board", re.IGNORECASE)).first.click()

    for number in (1, 2, 3):
        expect(page.locator(f"#now-{number}-preview .preview")).to_contain_text("word1 word2")
        expect(page.locator(f"#now-{number}-preview .preview")).to_contain_text("word40")
    written_by = _workers_of(reached)
    assert len(written_by & set(other.processes())) == 2
    assert len(written_by & set(reached.processes())) == 1

    (tmp_path / "done").touch()
    for number in (1, 2, 3):
        expect(page.locator(f"#chapter-{number} .status")).to_have_attribute("data-status", "completed")
    wait_for(lambda: reached.status(session) == "completed")
    page.context.close()


def _workers_of(site: Installation) -> set[int]:
    """Return the ids of the processes that write now."""
    rows = site.rows("SELECT owner FROM workflow_attempt WHERE outcome = 'running'")
    return {int(str(owner).split(":")[1]) for (owner,) in rows}
