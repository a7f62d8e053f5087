"""Workers and whole installations are killed in the middle of a book: nothing is lost, nothing is written twice."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, is_alive, plain, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.faults


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installation]:
    """An installation with two workers, whose slow chapters take a second."""
    with Installation(tmp_path, CHAPTERFLOW_TEST_SECONDS="1") as installation:
        yield installation


def assert_complete_and_once(site: Installation, session: str, chapters: int) -> None:
    events = site.events(session)
    assert site.statuses(session) == ["completed"] * chapters
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    written = Counter(event["item"] for event in events if event["kind"] == "chapter_generated")
    assert sorted(written.values()) == [1] * chapters
    revisions = site.rows(
        "SELECT item.number, COUNT(*) FROM books_chapterrevision AS revision"
        " JOIN workflow_chapterworkflowitem AS item ON item.chapter_id = revision.chapter_id"
        " WHERE origin = 'writer' AND item.session_id = ? GROUP BY item.number",
        (plain(session),),
    )
    assert [count for _, count in revisions] == [1] * chapters


def test_killed_worker_is_noticed_and_its_chapter_written_again(site: Installation) -> None:
    session = site.start_book(storyline(4), writer="python:tests.writers:slow")
    wait_for(lambda: site.statuses(session)[1] == "in_progress")
    victim = site.busy_worker()
    assert victim is not None

    os.kill(victim, signal.SIGKILL)
    begin = time.monotonic()
    wait_for(lambda: any(event["kind"] == "worker_lost" for event in site.events(session)), 10, 0.01)
    wait_for(lambda: site.busy_worker() not in {None, victim}, 10, 0.01)
    print(f"\nkill -9 of the busy worker → claimed again: {time.monotonic() - begin:.2f} s")

    wait_for(lambda: site.status(session) == "completed", 40)
    assert_complete_and_once(site, session, 4)


def test_everything_killed_during_a_book_goes_on_at_the_next_start(site: Installation) -> None:
    session = site.start_book(storyline(4), writer="python:tests.writers:slow")
    wait_for(lambda: site.statuses(session)[1] == "in_progress")
    before = site.processes()

    site.kill_everything()
    assert not any(is_alive(pid) for pid in before)
    site.start()
    begin = time.monotonic()
    wait_for(lambda: site.busy_worker() is not None or site.status(session) == "completed", 20, 0.01)
    print(
        f"\neverything killed, started again → writing: {time.monotonic() - begin:.2f} s after it was ready"
    )

    wait_for(lambda: site.status(session) == "completed", 40)
    assert_complete_and_once(site, session, 4)


def test_killed_supervisor_leaves_no_process_behind(site: Installation) -> None:
    # Supervisor, web server, pacemaker; the cluster's parent and sentinel, its two workers, pusher and monitor.
    wait_for(lambda: len(site.processes()) == 9)
    processes = site.processes()

    os.kill(processes[0], signal.SIGKILL)
    assert site.process is not None
    site.process.wait(timeout=5)
    site.process = None

    took = wait_for(lambda: not any(is_alive(pid) for pid in processes), 20)
    print(f"\nkill -9 of the supervisor → all gone: {took:.2f} s")


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
