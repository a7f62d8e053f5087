"""Workers and whole installations are killed in the middle of a book: nothing is lost, nothing is written twice."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.installation import Installation, is_alive, wait_for
from tests.servers import REDIS, RedisServer, new_postgres
from tests.storylines import storyline

pytestmark = pytest.mark.faults
IN_FLIGHT = 60
OWNERS = "SELECT owner FROM workflow_chapterworkflowitem WHERE status = 'in_progress'"


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


@pytest.fixture(
    params=["SQLite", pytest.param("PostgreSQL, Redis", marks=[pytest.mark.postgres, pytest.mark.redis])]
)
def crowded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose two workers carry 60 chapters each, which take three seconds."""
    with ExitStack() as stack:
        places = {}
        if request.param != "SQLite":
            if not REDIS:
                pytest.skip("the program redis-server is not on this machine")
            redis = RedisServer(tmp_path)
            stack.callback(redis.kill)
            redis.start()
            places = {"DATABASE_URL": stack.enter_context(new_postgres()), "REDIS_URL": redis.url}
        yield stack.enter_context(
            Installation(
                tmp_path / "site",
                CHAPTERFLOW_TEST_SECONDS="3",
                CHAPTERFLOW_CHAPTERS_PER_WORKER="60",
                **places,
            )
        )


def test_killed_worker_with_many_chapters_in_flight_loses_none(crowded: Installation) -> None:
    session = crowded.start_book(
        storyline(IN_FLIGHT), writer="python:tests.writers:waiting", dependencies="graph"
    )
    wait_for(lambda: crowded.statuses(session).count("in_progress") == IN_FLIGHT)
    owners = Counter(str(owner) for (owner,) in crowded.rows(OWNERS))
    victim, held = owners.most_common(1)[0]

    os.kill(int(victim.split(":")[1]), signal.SIGKILL)
    begin = time.monotonic()
    wait_for(lambda: victim not in {str(owner) for (owner,) in crowded.rows(OWNERS)}, 30, 0.02)
    taken_back = time.monotonic() - begin
    wait_for(lambda: all(each != "pending" for each in crowded.statuses(session)), 30, 0.02)
    print(
        f"\nkill -9 of a worker with {held} chapters in flight → all taken back after {taken_back:.2f} s, "
        f"all in progress again after {time.monotonic() - begin:.2f} s"
    )
    wait_for(lambda: crowded.status(session) == "completed", 60)

    kinds = Counter(str(event["kind"]) for event in crowded.events(session))
    assert (kinds["worker_lost"], kinds["chapter_generated"], kinds["attempt_failed"]) == (held, IN_FLIGHT, 0)
    revisions = crowded.rows("SELECT chapter_id FROM books_chapterrevision WHERE origin = 'writer'")
    assert len(revisions) == len(set(revisions)) == IN_FLIGHT


def test_ctrl_c_with_many_chapters_in_flight_gives_them_all_back(tmp_path: Path) -> None:
    site = Installation(tmp_path, CHAPTERFLOW_TEST_SECONDS="60")
    site.start()
    try:
        session = site.start_book(storyline(40), writer="python:tests.writers:waiting", dependencies="graph")
        wait_for(lambda: site.statuses(session).count("in_progress") == 40)
        processes = site.processes()

        assert site.stop(signal.SIGINT) == 0

        assert not any(is_alive(pid) for pid in processes)
        assert set(site.statuses(session)) == {"pending"}
        kinds = Counter(str(event["kind"]) for event in site.events(session))
        assert (kinds["attempt_stopped"], kinds["worker_lost"], kinds["attempt_failed"]) == (40, 0, 0)
    finally:
        site.stop()


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
