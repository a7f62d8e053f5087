"""A board whose book waits for a worker says who works, on what, or how workers are started."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tests.workflow.sessions import new_session
from workflow.live.subscription import Viewer
from workflow.live.workers import workers_pieces
from workflow.models import ProcessingSession
from workflow.progress import workers
from workflow.progress.workers import notice_for, notices_for

SignedIn = Callable[[User], Client]


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Says how many workers live on this machine."""

    def set_count(count: int) -> None:
        monkeypatch.setattr(workers, "_living", lambda moment: count)

    set_count(2)
    return set_count


def waiting_session(owner: User, title: str = "The River") -> ProcessingSession:
    session = new_session(owner, 2)
    book = session.version.book
    book.title = title
    book.save()
    ProcessingSession.objects.filter(pk=session.pk).update(updated_at=timezone.now() - timedelta(minutes=1))
    session.refresh_from_db()
    return session


def busy_session(owner: User, title: str, worker: str) -> ProcessingSession:
    session = waiting_session(owner, title)
    session.items.filter(number=1).update(
        status="in_progress", owner=worker, token=uuid.uuid4(),
        lease_expires_at=timezone.now() + timedelta(seconds=30),
    )  # fmt: skip
    return session


def said(session: ProcessingSession, user: User) -> str:
    notice = notice_for(session, user)
    return f"{notice.heading}. {notice.text} {notice.command}".strip() if notice else ""


@pytest.mark.usefixtures("living")
def test_who_writes_what_is_told_and_that_this_book_is_next(person: User, stranger: User) -> None:
    busy_session(person, "Sixty Slow Chapters", "run:1:1")
    busy_session(stranger, "Somebody’s Secret", "run:2:2")
    session = waiting_session(person)

    assert said(session, person) == (
        "Waiting for a worker. 2 of 2 workers write “Sixty Slow Chapters” and another book; this book is next."
    )


@pytest.mark.usefixtures("living")
def test_other_books_that_wait_are_counted(person: User, stranger: User) -> None:
    busy_session(stranger, "Secret", "run:1:1")
    busy_session(stranger, "Secret too", "run:2:2")
    session = waiting_session(person)
    waiting_session(stranger, "Third")

    assert said(session, person) == (
        "Waiting for a worker. 2 of 2 workers write 2 other books; this book and 1 more wait."
    )


def test_where_no_worker_runs_staff_is_told_the_command_and_others_whom_to_ask(
    person: User, living: Callable[[int], None]
) -> None:
    living(0)
    session = waiting_session(person)
    User.objects.create_superuser("ottokar", first_name="Ottokar", last_name="Weir")

    guest = said(session, person)
    person.is_staff = True

    assert guest == (
        "No worker is running. Chapters are written by workers. Ask Ottokar Weir to start them; nothing is lost."
    )
    assert said(session, person).endswith("Start them on the server: python manage.py work")


@pytest.mark.usefixtures("living")
@pytest.mark.parametrize(
    "change",
    [
        {"paused_at": timezone.now()},
        {"held_back_at": timezone.now()},
        {"status": "completed"},
        {"status": "failed"},
        {"updated_at": timezone.now() + timedelta(hours=1)},
    ],
)
def test_a_book_that_waits_for_no_worker_says_nothing(person: User, change: dict[str, object]) -> None:
    busy_session(person, "Sixty", "run:1:1")
    busy_session(person, "Seventy", "run:2:2")
    session = waiting_session(person)
    ProcessingSession.objects.filter(pk=session.pk).update(**change)

    assert said(session, person) == ""


def by_model(session: ProcessingSession) -> ProcessingSession:
    ProcessingSession.objects.filter(pk=session.pk).update(writer="openai:scripted")
    return session


@pytest.mark.usefixtures("living")
class TestBooksByModels:
    """A worker writes several chapters at once by models, beside one thing that computes."""

    @pytest.fixture(autouse=True)
    def two_places(self, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_PER_WORKER = 2

    def fill(self, owner: User, places: int = 4) -> None:
        for number, title in enumerate(["Ash", "Birch", "Cedar", "Elm"][:places]):
            by_model(busy_session(owner, title, f"run:{number % 2}:1"))

    def test_while_a_place_is_free_nothing_waits_for_a_worker(self, person: User) -> None:
        self.fill(person, places=3)
        session = by_model(waiting_session(person))

        assert said(session, person) == ""

    def test_who_has_all_places_is_told(self, person: User) -> None:
        self.fill(person)
        session = by_model(waiting_session(person))

        assert said(session, person) == (
            "Waiting for a worker. All 4 places of 2 workers are taken by “Ash”, “Birch”, “Cedar” and another book; "
            "this book is next."
        )

    def test_places_of_the_only_worker(self, person: User, living: Callable[[int], None]) -> None:
        living(1)
        by_model(busy_session(person, "Ash", "run:1:1"))
        by_model(busy_session(person, "Birch", "run:1:1"))
        session = by_model(waiting_session(person))

        assert said(session, person) == (
            "Waiting for a worker. All 2 places of the one worker are taken by “Ash” and “Birch”; this book is next."
        )

    def test_full_places_keep_no_book_of_quotations_waiting(self, person: User) -> None:
        self.fill(person)
        session = waiting_session(person)

        assert said(session, person) == ""

    def test_a_worker_that_computes_hands_no_chapter_to_its_places(self, person: User) -> None:
        busy_session(person, "Quotations", "run:0:1")
        by_model(busy_session(person, "Ash", "run:0:1"))
        for title in ["Birch", "Cedar"]:
            by_model(busy_session(person, title, "run:1:1"))
        session = by_model(waiting_session(person))

        assert said(session, person) == (
            "Waiting for a worker. 2 of 2 workers write “Birch”, “Cedar” and “Quotations”; this book is next."
        )

    @pytest.mark.parametrize("change", [{"lost_count": 2}, {"writer": "quotations"}])
    def test_a_chapter_that_is_for_no_place_waits_for_a_thread(
        self, person: User, change: dict[str, object]
    ) -> None:
        self.fill(person)
        session = by_model(waiting_session(person))
        session.items.update(**change)

        without = said(session, person)
        for number in range(2):
            busy_session(person, f"Quotations {number}", f"run:{number}:1")
        among = said(session, person)

        assert without == ""
        assert among.endswith("2 of 2 workers write “Quotations 0” and “Quotations 1”; this book is next.")

    @pytest.mark.parametrize("number", [1, 2])
    def test_one_chapter_that_a_free_thread_would_write_is_enough_to_wait_for_none(
        self, person: User, number: int
    ) -> None:
        self.fill(person)
        session = by_model(waiting_session(person))
        session.items.update(unmet_count=0)
        session.items.filter(number=number).update(writer="quotations")

        assert said(session, person) == ""

    def test_only_those_that_wait_for_the_same_are_before_or_after(self, person: User) -> None:
        self.fill(person)
        session = by_model(waiting_session(person))
        waiting_session(person, "Quotations")

        assert said(session, person).endswith("this book is next.")


@pytest.mark.usefixtures("living")
def test_books_of_both_kinds_wait_at_the_cost_of_few_queries(
    person: User, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.CHAPTERFLOW_CHAPTERS_PER_WORKER = 1
    for number in range(2):
        busy_session(person, f"Quotations {number}", f"run:{number}:1")
    sessions = [waiting_session(person, f"Q {number}") for number in range(3)]
    sessions += [by_model(waiting_session(person, f"M {number}")) for number in range(3)]

    with django_assert_num_queries(7):
        notices = notices_for([session.pk for session in sessions], person)

    assert {notice.text.partition("; ")[2] for notice in notices.values()} == {"this book and 2 more wait."}
    assert len(notices) == 6


@pytest.mark.usefixtures("living")
def test_an_idle_worker_and_a_chapter_of_ones_own_are_no_wait(person: User) -> None:
    busy = busy_session(person, "Sixty", "run:1:1")
    session = waiting_session(person)

    assert said(session, person) == ""
    assert said(busy, person) == ""


def test_the_page_shows_it_and_viewers_are_told_when_it_changes(
    person: User, client_of: SignedIn, living: Callable[[int], None]
) -> None:
    living(0)
    session = waiting_session(person)
    viewer = Viewer(session.pk, "", None, user_id=person.pk)

    page = client_of(person).get(f"/books/{session.version.book.book_id}/v1/board/").content.decode()
    before = workers_pieces([viewer])
    living(2)
    after = workers_pieces([viewer])

    assert "No worker is running" in page
    assert 'hx-swap-oob="true"' in before[0]
    assert "No worker is running" in before[0]
    assert "notice" not in after[0]


@pytest.mark.usefixtures("living")
def test_where_nothing_waits_it_costs_one_query(
    person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sessions = [busy_session(person, f"Book {number}", f"run:{number}:1") for number in range(3)]
    viewers = [Viewer(session.pk, "", None, user_id=person.pk) for session in sessions for _ in range(5)]

    with django_assert_num_queries(1):
        assert not any("notice" in piece for piece in workers_pieces(viewers))
    with django_assert_num_queries(0):
        assert notices_for([], person) == {}
