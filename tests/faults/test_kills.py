"""Workers and whole installations are killed in the middle of a book: nothing is lost, nothing is written twice."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, is_alive, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.faults


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installation]:
    """An installation with two workers, whose slow chapters take a second."""
    with Installation(tmp_path, CHAPTERFLOW_TEST_SECONDS="1") as installation:
        yield installation


def test_killed_web_server_comes_back(site: Installation) -> None:
    web = site.processes()[1]
    site.call("GET", "/books")

    os.kill(web, signal.SIGKILL)
    begin = time.monotonic()
    wait_for(lambda: site.processes()[1] != web and "started again" in site.log.read_text(), 10)

    wait_for(lambda: answers(site), 20)
    print(f"\nkill -9 of the web server → answers: {time.monotonic() - begin:.2f} s")


def answers(site: Installation) -> bool:
    try:
        return bool(site.call("GET", "/books")) or True
    except OSError:
        return False


def test_ctrl_c_in_the_middle_of_a_chapter_gives_it_back_and_leaves_nothing_running(tmp_path: Path) -> None:
    site = Installation(tmp_path, CHAPTERFLOW_TEST_SECONDS="60")
    site.start()
    try:
        session = site.start_book(storyline(2), writer="python:tests.writers:slow")
        wait_for(lambda: site.statuses(session)[0] == "in_progress")
        processes = site.processes()
        begin = time.monotonic()

        code = site.stop(signal.SIGINT)

        print(f"\nCtrl-C in the middle of a chapter → all gone: {time.monotonic() - begin:.2f} s")
        assert code == 0
        assert time.monotonic() - begin < 16
        assert not any(is_alive(pid) for pid in processes)
        assert site.statuses(session) == ["pending", "pending"]
        assert site.events(session)[-1]["kind"] == "attempt_stopped"
    finally:
        site.stop()
