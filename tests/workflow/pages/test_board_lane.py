"""Above the list: what waits for the person, with what it holds up, and what is being written, with its text."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.workflow.boards import claim, fail, finish, make_board
from workflow.contract.states import SessionStatus
from workflow.live.board_state import BoardState
from workflow.models import ProcessingSession
from workflow.notify.local import Preview
from workflow.pages.board.board import read_board
from workflow.pages.board.lane import SHOWN_AT_MOST, needs_you, written_now
from workflow.pages.board.markup import COMPACT, DETAILED, BoardView
from workflow.pages.board.signal import page_title, signal_of

pytestmark = pytest.mark.django_db
LENS = BoardView(DETAILED)


def board_page(person: User, client: Client, session: ProcessingSession, query: str = "") -> str:
    client.force_login(person)
    where = reverse("board", args=[session.version.book.book_id, 1])
    return client.get(f"{where}{query}").content.decode()


def test_what_holds_up_most_comes_first(person: User) -> None:
    plan = ["failed", "failed", "failed", "pending", "pending", "pending"]
    board = read_board(make_board(person, plan, {4: [2], 5: [4], 6: [3]}))

    lane = needs_you(board)

    assert [(card.number, card.held_up) for card in lane.cards] == [
        (2, "2 chapters"),
        (3, "1 chapter"),
        (1, "0 chapters"),
    ]


def test_many_are_counted_rather_than_shown(person: User, client: Client) -> None:
    session = make_board(person, ["failed"] * 12 + ["in_progress"] * 32)
    board = read_board(session)

    assert (len(needs_you(board).cards), needs_you(board).more) == (SHOWN_AT_MOST, 4)
    assert (len(written_now(board).cards), written_now(board).more) == (SHOWN_AT_MOST, 24)
    assert "and 24 more" in board_page(person, client, session)


@pytest.mark.parametrize("view", [COMPACT, DETAILED])
def test_no_id_stands_twice(person: User, client: Client, view: str) -> None:
    session = make_board(person, ["failed", "in_progress", "pending", "generated"] * 16, {3: [1]})

    ids = re.findall(r' id="([^"]+)"', board_page(person, client, session, f"?view={view}"))

    assert "needs-1" in ids
    assert "now-2" in ids
    assert len(ids) == len(set(ids))


def test_failures_stand_before_the_list(person: User, client: Client) -> None:
    session = make_board(person, ["generated"] * 8 + ["failed", "pending"], {10: [9]})

    html = board_page(person, client, session)

    assert html.index("Needs you</h2>") < html.index('id="needs-9"') < html.index('id="chapter-1"')
    assert "Holds up 1 chapter<" in html


def test_lane_follows_what_begins_and_ends(person: User) -> None:
    session = make_board(person, ["pending"] * 3)
    picture = BoardState(session.pk)
    picture.catch_up(picture.seq, LENS)

    claim(session, 2)
    begun = picture.advance([LENS])[LENS].pieces["lane-now"]
    finish(session, 2)
    ended = picture.advance([LENS])[LENS].pieces["lane-now"]

    assert 'id="now-2-preview"' in begun
    assert 'id="now-2"' not in ended
    assert " hidden" in ended[: ended.index(">")]


def test_text_stays_while_another_chapter_begins_and_goes_with_its_attempt(person: User) -> None:
    session = make_board(person, ["pending"] * 3)
    picture = BoardState(session.pk)
    picture.catch_up(picture.seq, LENS)
    claim(session, 1)
    picture.advance([LENS])

    picture.show(Preview.of(session.pk, 1, "It rained."))
    claim(session, 2)
    shown = picture.advance([LENS])[LENS].pieces["lane-now"]
    fail(session, 1)
    picture.advance([LENS])
    claim(session, 3)

    assert "It rained.</p>" in shown
    assert "It rained" not in picture.advance([LENS])[LENS].pieces["lane-now"]


def test_what_changes_elsewhere_leaves_the_lane_alone(person: User) -> None:
    session = make_board(person, ["in_progress"] * 9)
    picture = BoardState(session.pk)
    picture.catch_up(picture.seq, LENS)
    ProcessingSession.objects.filter(pk=session.pk).update(questions_error="x")

    finish(session, 9)

    assert "and 1 more" not in picture.advance([LENS])[LENS].pieces["lane-now"]


def test_another_writer_is_the_advice_where_a_retry_fails_alike(person: User, client: Client) -> None:
    session = make_board(person, ["failed", "failed"])
    ProcessingSession.objects.filter(pk=session.pk).update(writer="openai-chat:scripted")
    session.items.filter(number=1).update(error_code="bad_credentials")

    html = board_page(person, client, session)

    advised = re.findall(r'class="button button--primary"[^>]* id="([^"]+)"', html)
    assert {"needs-1-quotations", "needs-2-retry", "chapter-1-quotations", "chapter-2-retry"} <= set(advised)
    assert not {"needs-1-retry", "needs-2-quotations"} & set(advised)


def test_retry_takes_the_writer_that_was_chosen_beside_it(person: User, client: Client) -> None:
    session = make_board(person, ["failed", "failed"])
    ProcessingSession.objects.filter(pk=session.pk).update(writer="openai-chat:scripted")
    assert 'name="writer-2" id="needs-2-writer"' in board_page(person, client, session)

    where = reverse("chapter_retry", kwargs={"session_id": session.pk, "chapter": 2})
    client.post(where, {"writer-1": "", "writer-2": "quotations"})
    client.post(where.replace("/2/", "/1/"), {"writer-1": "", "writer-2": "quotations"})

    assert list(session.items.order_by("number").values_list("status", "writer")) == [
        ("pending", ""),
        ("pending", "quotations"),
    ]


@pytest.mark.parametrize(
    ("plan", "status", "key", "title"),
    [
        (["in_progress", "pending"], SessionStatus.PROCESSING, "running", "0 of 2"),
        (["failed", "in_progress"], SessionStatus.PROCESSING, "needs", "Needs you: 0 of 2"),
        (["failed", "pending"], SessionStatus.FAILED, "failed", "Failed: 0 of 2"),
        (["completed"], SessionStatus.COMPLETED, "done", "Done: 1 of 1"),
        (["pending"], SessionStatus.CANCELLED, "paused", "Cancelled: 0 of 1"),
    ],
)
def test_tab_tells_the_state(
    person: User, client: Client, plan: list[str], status: str, key: str, title: str
) -> None:
    session = make_board(person, plan, status=status)
    signal = signal_of(read_board(ProcessingSession.objects.select_related("version__book").get()))

    assert page_title(session, signal) == f"{title} · The Ferry House · ChapterFlow"
    assert f'data-signal="{key}"' in board_page(person, client, session)
    assert signal.picture.endswith(".svg")
