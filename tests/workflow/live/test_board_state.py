"""What viewers are sent when something happened: what changed, once, and everything where it is too much to say."""

import re

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from tests.workflow.boards import claim, fail, finish, make_board, move
from workflow.actions import cancel_session, pause_session
from workflow.contract.events import EventKind
from workflow.contract.states import ItemStatus
from workflow.live.board_state import MISSED_AT_MOST, BoardState, Update
from workflow.live.swaps import changed_pieces
from workflow.models import Event, ProcessingSession
from workflow.pages.board.markup import COMPACT, DETAILED, BoardPart, BoardView, part, render_card

pytestmark = pytest.mark.django_db
LENS = BoardView(DETAILED)


def cards(update: Update) -> list[int]:
    return [
        int(name.removeprefix("chapter-")) for name in update.pieces if re.fullmatch(r"chapter-\d+", name)
    ]


def started(session: ProcessingSession, *board_views: BoardView) -> BoardState:
    board_state = BoardState(session.pk)
    for board_view in board_views or (LENS,):
        board_state.catch_up(board_state.seq, board_view)
    return board_state


def test_only_the_changed_card_is_sent(person: User) -> None:
    session = make_board(person, ["pending"] * 12)
    board_state = started(session)

    claim(session, 7)
    update = board_state.advance([LENS])[LENS]

    assert cards(update) == [7]
    assert "leaf-7" in update.pieces
    assert "leaf-6" not in update.pieces
    assert update.ready is not None
    assert 'data-seq="2"' in update.seq


def test_nothing_new_is_nothing_to_send(person: User) -> None:
    board_state = started(make_board(person, ["pending"]))

    assert board_state.advance([LENS]) == {}


def test_several_events_about_a_chapter_are_one_card(person: User) -> None:
    session = make_board(person, ["pending"] * 3)
    board_state = started(session)

    claim(session, 1)
    finish(session, 1)
    update = board_state.advance([LENS])[LENS]

    assert cards(update) == [1]
    assert "1,234 words" in update.pieces["chapter-1"]
    assert "1 of 3 chapters" in update.pieces["board-count"]


def test_a_failure_shows_on_everything_that_waits_for_it(person: User) -> None:
    session = make_board(person, ["pending"] * 5, {2: [1], 3: [2], 5: [4]})
    board_state = started(session)

    claim(session, 1)
    board_state.advance([LENS])
    fail(session, 1)
    update = board_state.advance([LENS])[LENS]

    assert cards(update) == [1, 2, 3]
    assert 'data-status="blocked"' in update.pieces["chapter-3"]


def test_a_retry_frees_everything_that_waited(person: User) -> None:
    session = make_board(person, ["failed", "pending", "pending", "pending"], {2: [1], 3: [2]})
    board_state = started(session)

    move(session, 1, ItemStatus.PENDING, EventKind.CHAPTER_RETRIED, error_code="", retry_count=0)
    update = board_state.advance([LENS])[LENS]

    assert cards(update) == [1, 2, 3]


def test_cancelling_takes_the_retry_buttons_away(person: User) -> None:
    session = make_board(person, ["failed", "generated"])
    board_state = started(session)

    cancel_session(session, actor=person)
    update = board_state.advance([LENS])[LENS]

    assert cards(update) == [1]
    assert "chapter-1-retry" not in update.pieces["chapter-1"]


def test_a_pause_changes_no_card(person: User) -> None:
    session = make_board(person, ["pending", "generated"])
    board_state = started(session)

    pause_session(session, actor=person)
    update = board_state.advance([LENS])[LENS]

    assert cards(update) == []
    assert "session-resume" in update.pieces["board-controls"]


def test_each_way_of_looking_gets_its_own_markup(person: User) -> None:
    rows = BoardView(COMPACT)
    session = make_board(person, ["pending"] * 3)
    board_state = started(session, LENS, rows)

    claim(session, 2)
    news = board_state.advance([LENS, rows])

    assert 'class="chapter is-new"' in news[LENS].pieces["chapter-2"]
    assert 'class="row is-new"' in news[rows].pieces["chapter-2"]


def test_a_changed_card_is_rendered_once_for_all(person: User) -> None:
    session = make_board(person, ["pending"] * 3)
    board_views = [LENS, BoardView(DETAILED, "failed"), BoardView(DETAILED, "pending")]
    board_state = started(session, *board_views)
    claim(session, 2)
    render_card.cache_clear()

    board_state.advance(board_views)

    assert render_card.cache_info().misses == 1


def test_a_part_that_looks_the_same_is_not_sent() -> None:
    before, after = (part("_progress.html", written=1, total=9, unused=each) for each in (1, 2))

    assert before != after
    assert changed_pieces({"board-progress": before}, {"board-progress": after}) == {}


def test_what_a_page_has_already_is_not_rendered(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    board_state = BoardState(make_board(person, ["pending"] * 3).pk)
    rendered: list[str] = []
    monkeypatch.setattr(BoardPart, "render", lambda part, **_: rendered.append(part.template) or "")

    board_state.catch_up(1, LENS)

    assert set(rendered) == {"workflow/_entry.html"}


def test_a_page_of_this_moment_lacks_nothing_but_the_mark(person: User) -> None:
    board_state = BoardState(make_board(person, ["pending"] * 3).pk)

    update = board_state.catch_up(1, LENS)

    assert update.pieces == {}
    assert 'data-seq="1"' in update.seq


def test_after_an_outage_only_the_missed_cards_are_sent(person: User) -> None:
    session = make_board(person, ["pending"] * 9)
    for number in (3, 4):
        claim(session, number)
    finish(session, 3)

    update = BoardState(session.pk).catch_up(2, LENS)

    assert cards(update) == [3, 4]
    assert "board-count" in update.pieces
    assert "is-new" not in update.pieces["chapter-3"]


def test_a_missed_failure_sends_every_card(person: User) -> None:
    session = make_board(person, ["pending"] * 9)
    claim(session, 3)
    fail(session, 3)

    assert cards(BoardState(session.pk).catch_up(1, LENS)) == list(range(1, 10))


@pytest.mark.parametrize("since", [None, 99])
def test_a_page_from_nowhere_or_the_future_gets_every_card(person: User, since: int | None) -> None:
    board_state = BoardState(make_board(person, ["pending"] * 4).pk)

    assert cards(board_state.catch_up(since, LENS)) == [1, 2, 3, 4]


def test_a_page_from_long_ago_gets_every_card(person: User) -> None:
    session = make_board(person, ["pending"] * 4)
    Event.objects.bulk_create(
        Event(session=session, seq=seq, kind="chapter_completed", item=session.items.get(number=1))
        for seq in range(2, MISSED_AT_MOST + 4)
    )
    ProcessingSession.objects.filter(pk=session.pk).update(event_seq=MISSED_AT_MOST + 3)

    board_state = BoardState(session.pk)

    assert cards(board_state.catch_up(1, LENS)) == [1, 2, 3, 4]
    assert cards(board_state.catch_up(4, LENS)) == [1]


def test_more_changes_than_one_message_bears_are_not_one_message(person: User) -> None:
    session = make_board(person, ["failed", *["pending"] * 300], {n: [1] for n in range(2, 302)})
    board_state = started(session)

    move(session, 1, ItemStatus.PENDING, EventKind.CHAPTER_RETRIED, error_code="", retry_count=0)
    update = board_state.advance([LENS])[LENS]

    assert len(cards(update)) == 301
    assert update.ready is None


def test_following_costs_the_same_queries_however_long_the_book_is(
    person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for chapters in (3, 60):
        session = make_board(person, ["pending"] * chapters)
        board_state = started(session)
        claim(session, 2)

        with django_assert_num_queries(3):
            board_state.advance([LENS])


def test_hostile_titles_are_escaped_in_what_is_sent(person: User) -> None:
    hostile = '"><img src=x onerror=alert(1)><div hx-swap-oob="true" id="board">'
    session = make_board(person, ["pending"], titles={1: hostile})
    board_state = started(session)

    claim(session, 1)
    update = board_state.advance([LENS])[LENS]

    everything = "".join(update.pieces.values())
    assert "<img" not in everything
    assert 'id="board"' not in everything


def test_every_piece_replaces_the_element_of_its_id(person: User) -> None:
    session = make_board(person, ["pending", "generated", "failed"] * 20)
    for board_view in (LENS, BoardView(COMPACT, "failed")):
        update = BoardState(session.pk).catch_up(None, board_view)

        for name, html in {**update.pieces, "board-seq": update.seq}.items():
            tag = html[: html.index(">") + 1]
            assert f'id="{name}"' in tag
            assert re.search(r' hx-swap-oob="(true|innerHTML)"', tag)
            assert html.count("hx-swap-oob") == 1
