"""What happened, in plain sentences."""

import pytest
from django.contrib.auth.models import User

from tests.workflow.boards import make_board
from workflow.contract.events import EventKind
from workflow.models import Event, ProcessingSession
from workflow.progress.activity import describe, read_entries


@pytest.fixture
def session(person: User) -> ProcessingSession:
    return make_board(person, ["pending", "pending"])


def sentence(session: ProcessingSession, kind: str, number: int | None = None, **columns: object) -> str:
    item = session.items.get(number=number) if number else None
    return describe(Event(session=session, seq=2, kind=kind, item=item, **columns)).text


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_reads_as_a_sentence(session: ProcessingSession, person: User, kind: EventKind) -> None:
    for number, actor in ((1, None), (None, person), (1, person), (None, None)):
        text = sentence(session, kind, number, actor=actor)

        assert text.endswith(".")
        assert text[0].isupper() or text.startswith("ottilie")
        assert "_" not in text
        assert "None" not in text


def test_an_unknown_kind_reads_as_its_own_words(session: ProcessingSession) -> None:
    assert sentence(session, "chapter_was_sung", 2) == "Chapter 2: chapter was sung."
    assert sentence(session, "moon_rose") == "Moon rose."


def test_a_generated_chapter_says_its_words(session: ProcessingSession) -> None:
    text = sentence(session, EventKind.CHAPTER_GENERATED, 1, detail={"words": 1_688})

    assert text == "Chapter 1 is written, 1,688 words."


def test_a_failed_attempt_says_when_it_goes_on(session: ProcessingSession) -> None:
    event = Event(session=session, seq=2, kind=EventKind.ATTEMPT_FAILED, attempt=1)
    event.item = session.items.get(number=2)
    event.detail = {"code": "rate_limited", "retry_at": event.at.replace(year=event.at.year + 1).isoformat()}

    text = describe(event).text

    assert text.startswith("Chapter 2: attempt 1 failed, next try in ")
    assert text.endswith("The provider asked us to slow down.")


@pytest.mark.parametrize("detail", [{"words": "many"}, {"retry_at": "soon"}, {"code": 7}, [], "text"])
def test_a_detail_of_another_shape_does_no_harm(session: ProcessingSession, detail: object) -> None:
    for kind in EventKind:
        assert sentence(session, kind, 1, detail=detail)


def test_the_newest_entries_come_oldest_first(session: ProcessingSession) -> None:
    for seq in range(2, 6):
        Event.objects.create(session=session, seq=seq, kind="session_paused")

    assert [entry.seq for entry in read_entries(session.pk, newest=2)] == [4, 5]
    assert [entry.seq for entry in read_entries(session.pk, after=1, before=4)] == [2, 3]


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"phase": "harmonizing", "code": "timeout"}, "could not judge what was found. It did not answer in time."),
        ({"phase": "harmonizing", "code": "timeout", "answered": 3}, "could not judge all of what was found."),
        ({"phase": "questions", "code": "?"}, "could not help with the questions. Something went wrong on our side"),
    ],
)  # fmt: skip
def test_model_that_could_not_help_is_told_plainly(
    session: ProcessingSession, detail: dict[str, object], words: str
) -> None:
    assert words in sentence(session, EventKind.MODEL_FAILED, detail=detail)
