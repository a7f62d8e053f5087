"""What a writer has written so far is kept, seldom and cheaply, and shown at once."""

import logging
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from chapterflow_site.core import outages
from tests.workflow.boards import finish, make_board
from tests.workflow.engine.test_leases import claim, expire
from tests.workflow.pages.test_board_pages import ClientOf
from tests.workflow.sessions import new_session, statuses
from workflow.agents.llm import RESET
from workflow.contract.agent_types import OnText
from workflow.engine.claims import Claim
from workflow.engine.runs import checkpoints
from workflow.engine.runs.attempts import AgentRun
from workflow.engine.runs.checkpoints import KEPT_CHARACTERS, Checkpoints
from workflow.engine.writing import write_chapter
from workflow.live.board_state import BoardState
from workflow.models import Attempt, ProcessingSession
from workflow.pages.board.markup import COMPACT, DETAILED, BoardView
from workflow.workers import recovery

pytestmark = pytest.mark.django_db


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let checkpoints be due at every tick."""
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.0)


def kept(claim: Claim) -> str:
    return Attempt.objects.get(pk=claim.attempt.pk).partial_text


def being_written(person: User, *texts: str) -> ProcessingSession:
    """A board whose first chapters are being written and have kept these texts; two more wait."""
    session = make_board(person, ["in_progress"] * len(texts) + ["pending"] * 2)
    for item, text in zip(session.items.order_by("number"), texts, strict=False):
        Attempt.objects.create(
            session=session, item=item, phase="writing", number=1, token=item.token, partial_text=text
        )
    return session


@pytest.mark.usefixtures("often")
def test_text_is_kept_while_it_is_written_and_starts_anew_with_a_correction(person: User) -> None:
    held = claim(new_session(person, 1))
    seen: list[str] = []
    real = Checkpoints.keep

    def write(on_text: OnText) -> None:
        for text in ("The river", " rose.", RESET, "It rained."):
            on_text(text)
            time.sleep(0.5)

    def note(self: Checkpoints, texts: Iterable[tuple[Claim, str]]) -> None:
        real(self, texts)
        seen.append(kept(held))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "keep", note)
        AgentRun(held, write).watch()

    assert list(dict.fromkeys(seen)) == ["The river", "The river rose.", "It rained."]


def test_what_is_written_at_once_or_has_not_changed_costs_nothing(person: User) -> None:
    held = claim(new_session(person, 1))

    with CaptureQueriesContext(connection) as quick:
        AgentRun(held, lambda on_text: on_text("The river rose.")).watch()
    keeper = Checkpoints()
    keeper.keep([(held, "The river rose.")])
    with CaptureQueriesContext(connection) as same:
        keeper.keep([(held, "The river rose.")])
        keeper.keep([(held, "")])

    assert not [query for query in quick if "partial_text" in query["sql"]]
    assert len(same) == 0
    assert not keeper.is_due()


def test_a_checkpoint_is_bounded(person: User) -> None:
    held = claim(new_session(person, 1))

    Checkpoints().keep([(held, "x" * KEPT_CHARACTERS + " the end")])

    assert len(kept(held)) == KEPT_CHARACTERS
    assert kept(held).endswith("x the end")


def test_an_attempt_that_has_ended_keeps_what_it_has(person: User) -> None:
    session = new_session(person, 1)
    held = claim(session)
    keeper = Checkpoints()
    keeper.keep([(held, "The river")])
    expire(session)
    recovery.recover()

    keeper.keep([(held, "The river rose.")])

    attempt = Attempt.objects.get(pk=held.attempt.pk)
    assert (attempt.outcome, attempt.partial_text) == ("lost", "The river")


def test_late_result_takes_the_place_of_its_checkpoint(person: User) -> None:
    session = new_session(person, 1)
    held = claim(session)
    Checkpoints().keep([(held, "In the")])
    expire(session)
    recovery.recover()

    write_chapter(held, lambda: False)

    assert "In the year 1931" in kept(held)


def test_stored_chapter_leaves_no_checkpoint(person: User) -> None:
    session = new_session(person, 1)
    held = claim(session)
    Checkpoints().keep([(held, "In the")])

    write_chapter(held, lambda: False)

    assert statuses(session) == ["generated"]
    assert kept(held) == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite locks the whole database")
@pytest.mark.usefixtures("often")
def test_locked_database_stops_no_writing(
    person: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = claim(new_session(person, 1))
    name = str(connection.settings_dict["NAME"])
    written: list[str] = []

    def write(on_text: OnText) -> None:
        with closing(sqlite3.connect(name, uri=name.startswith("file:"))) as other:
            other.execute("BEGIN IMMEDIATE")
            for word in ("The ", "river ", "rose"):
                on_text(word)
                written.append(word)
                time.sleep(0.7)
            other.rollback()
        on_text(".")
        time.sleep(0.7)

    with caplog.at_level(logging.WARNING):
        AgentRun(held, write).watch()

    assert len(written) == 3
    assert kept(held) == "The river rose."
    assert len([each for each in caplog.records if "could not be kept" in each.getMessage()]) == 1
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] > outages.PATIENCE_MILLISECONDS


def test_database_that_is_away_is_said_once(
    person: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    held = claim(new_session(person, 1))
    keeper = Checkpoints()
    closed: list[bool] = []

    def fail(self: QuerySet[Attempt], **columns: object) -> int:
        raise OperationalError("away")

    monkeypatch.setattr(QuerySet, "update", fail)
    monkeypatch.setattr(connections[DEFAULT_DB_ALIAS], "close", lambda: closed.append(True))
    keeper.keep([(held, "The river")])
    keeper.keep([(held, "The river rose.")])

    assert len(closed) == 2
    assert len(caplog.records) == 1
    assert "The river" not in caplog.text


def test_board_shows_what_is_kept_at_once_for_one_query_more(person: User, client_of: ClientOf) -> None:
    quiet = make_board(person, ["generated"] * 4)
    session = being_written(person, "It **rained**.", "<b>Again", "")
    client, counts = client_of(person), []
    for each in (quiet, session):
        book = each.version.book.book_id
        with CaptureQueriesContext(connection) as queries:
            html = client.get(f"/books/{book}/v1/board/?view=detailed").content.decode()
        counts.append(len(queries))
    compact = client.get(f"/books/{book}/v1/board/?view=compact").content.decode()

    assert "It rained.</p></div>" in html
    assert "&lt;b&gt;Again</p></div>" in html
    assert "2 words so far. Not final" in html
    assert html.count('class="preview"') == 2
    assert counts[1] - counts[0] == 1
    assert compact.count('class="preview"') == 2


@pytest.mark.parametrize("since", [1, None])
def test_whoever_connects_gets_what_is_kept_once(person: User, since: int | None) -> None:
    board_state = BoardState(being_written(person, "It rained.", "Again.").pk)

    pieces = board_state.catch_up(since, BoardView(DETAILED)).pieces

    text = "".join(pieces.values())
    assert text.count(">It rained.</p>") == text.count(">Again.</p>") == 1
    assert ("chapter-1" in pieces) is (since is None)
    assert ("now-1-preview" in pieces) is (since is not None)


def test_compact_view_shows_the_text_too(person: User) -> None:
    board_state = BoardState(being_written(person, "It rained.").pk)

    assert list(board_state.catch_up(1, BoardView(COMPACT)).pieces) == ["now-1-preview"]


def test_text_of_a_chapter_that_has_ended_is_not_shown(person: User) -> None:
    session = being_written(person, "It rained.", "Again.")
    finish(session, 1)

    text = "".join(BoardState(session.pk).catch_up(None, BoardView(DETAILED)).pieces.values())

    assert "It rained." not in text
    assert "Again." in text


def test_chapters_page_shows_the_text_so_far_as_not_final(person: User, client_of: ClientOf) -> None:
    session = being_written(person, "It **rained**.\n\n<script>alert(1)</script>")
    address = f"/books/{session.version.book.book_id}/v1/chapters/"

    html = client_of(person).get(f"{address}1/").content.decode()
    other = client_of(person).get(f"{address}2/").content.decode()

    assert ">It rained.</p>" in html
    assert ">&lt;script&gt;alert(1)&lt;/script&gt;</p>" in html
    assert "Not final" in html
    assert "Not final" not in other
