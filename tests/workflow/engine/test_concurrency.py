"""Several workers at once, each in a thread with its own connection."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from books.actions import edit_book
from books.models import Chapter, Origin
from tests.workflow.sessions import calls, kinds, new_session, new_version, statuses
from workflow.actions import start_session
from workflow.engine import advance
from workflow.engine.outcomes import add_revision
from workflow.workers import recovery

pytestmark = pytest.mark.django_db(transaction=True)


def together(works: Sequence[Callable[[], object]]) -> list[object]:
    """Run the works at the same time; return their results, raise the first error."""
    barrier = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            barrier.wait()
            results[index] = works[index]()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if errors:
        raise errors[0]
    return results


@pytest.mark.parametrize("after", [None, {}])
def test_workers_on_one_session_write_each_chapter_once(
    control: Path, after: dict[int, list[int]] | None
) -> None:
    person = User.objects.create_user("emm")
    session = new_session(person, 12, after=after, writer="python:tests.writers:failing")

    def work() -> None:
        for _ in range(6):
            advance(session.pk)

    together([work] * 4)
    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert Counter(calls(control)) == Counter(range(1, 13))
    numbers = list(session.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, session.event_seq + 1))


def test_two_starts_at_once_are_one_session() -> None:
    person = User.objects.create_user("emm")
    version = new_version(person, 5)

    results = together([lambda: start_session(version, actor=person)] * 4)

    sessions = {session.pk for session, _ in results}
    assert len(sessions) == 1
    assert [created for _, created in results].count(True) == 1
    assert version.chapters.count() == 5


def test_reapers_at_once_take_a_lost_chapter_back_once() -> None:
    from tests.workflow.engine.test_leases import claim, expire

    session = new_session(User.objects.create_user("emm"), 2)
    claim(session)
    expire(session)

    together([recovery.reclaim_expired] * 4)

    assert statuses(session) == ["pending", "pending"]
    assert kinds(session).count("worker_lost") == 1


@pytest.mark.parametrize("first", ["store", "edit"])
def test_title_that_is_stored_while_its_words_are_withheld_is_withheld(first: str) -> None:
    person = User.objects.create_user("emm")
    session = new_session(person, 1)
    chapter = Chapter.objects.get()
    book = session.version.book
    is_inside, is_other_done = threading.Event(), threading.Event()

    def store() -> None:
        add_revision(chapter, origin=Origin.WRITER, markdown="Rang.", citations=(), title="The Secret Bell")

    def edit() -> None:
        edit_book(book, actor=person, preferences={"leave_out": ["Secret"]})

    def go_first(work: Callable[[], None]) -> None:
        with transaction.atomic():
            work()
            is_inside.set()
            # The other one waits for this commit; where it does not, it has done its work by now.
            is_other_done.wait(0.5)

    def go_second(work: Callable[[], None]) -> None:
        assert is_inside.wait(10)
        with transaction.atomic():
            work()
        is_other_done.set()

    works = (store, edit) if first == "store" else (edit, store)
    together([lambda: go_first(works[0]), lambda: go_second(works[1])])

    chapter.refresh_from_db()
    assert (chapter.title, chapter.full_title) == ("The […] Bell", "The Secret Bell")
