"""The board, the activity page and the session's buttons, as a person without scripts has them."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.workflow.boards import make_board
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.models import ChapterWorkflowItem, Event, ProcessingSession

ClientOf = Callable[[User], Client]
PLAN = ["generated", "generated", "in_progress", "failed", "pending", "pending"]


@pytest.fixture
def session(person: User) -> ProcessingSession:
    return make_board(person, PLAN, {5: [4], 6: [3, 2]})


@pytest.fixture
def client(person: User, client_of: ClientOf) -> Client:
    return client_of(person)


def address(session: ProcessingSession, name: str = "board") -> str:
    where = {"book_id": session.version.book.book_id, "number": session.version.number}
    return reverse(name, kwargs=where)


def page(client: Client, session: ProcessingSession, query: str = "") -> str:
    response = client.get(f"{address(session)}{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_a_failed_chapter_of_a_model_may_be_made_of_quotations(
    client: Client, session: ProcessingSession
) -> None:
    assert "chapter-4-quotations" not in page(client, session)
    ProcessingSession.objects.filter(pk=session.pk).update(writer="openai-chat:scripted")

    assert 'name="writer" value="quotations" id="chapter-4-quotations"' in page(client, session)
    client.post(
        reverse("chapter_retry", kwargs={"session_id": session.pk, "chapter": 4}), {"writer": "quotations"}
    )

    chapter = session.items.get(number=4)
    assert (chapter.status, chapter.writer) == ("pending", "quotations")


def test_the_board_says_how_far_the_book_is(client: Client, session: ProcessingSession) -> None:
    html = page(client, session)

    assert "2 of 6 chapters, 33 %" in html
    assert "1 failed, 1 blocked by it" in html
    assert "About 3 minutes left" in html or "About 2 minutes left" in html or "1 minute left" in html
    assert 'waits for chapter <a href="#chapter-4">4</a>' in html
    assert 'after <a href="#chapter-2">2</a> and <a href="#chapter-3">3</a>' in html


def test_the_socket_goes_on_where_the_page_ends(client: Client, session: ProcessingSession) -> None:
    html = page(client, session)

    assert f'ws-connect="/ws/sessions/{session.pk}/?since=1&amp;view=detailed&amp;show="' in html
    assert 'data-seq="1"' in html


def test_a_failed_chapter_has_a_retry_button_that_needs_no_script(
    client: Client, session: ProcessingSession
) -> None:
    retry = reverse("chapter_retry", kwargs={"session_id": session.pk, "chapter": 4})

    assert f'formaction="{retry}"' in page(client, session)
    response = client.post(retry)

    assert response.status_code == 302
    assert response["Location"] == address(session)
    assert session.items.get(number=4).status == ItemStatus.PENDING
    assert "formaction" in page(client, session)
    assert retry not in page(client, session)


def test_htmx_is_answered_with_nothing_because_the_socket_brings_it(
    client: Client, session: ProcessingSession
) -> None:
    response = client.post(
        reverse("session_pause", kwargs={"session_id": session.pk}), headers={"HX-Request": "true"}
    )

    assert response.status_code == 204
    session.refresh_from_db()
    assert session.is_paused


def test_pausing_and_resuming_by_plain_forms(client: Client, session: ProcessingSession) -> None:
    client.post(reverse("session_pause", kwargs={"session_id": session.pk}))
    html = page(client, session)
    assert reverse("session_resume", kwargs={"session_id": session.pk}) in html
    assert "nothing new begins" in html

    client.post(reverse("session_resume", kwargs={"session_id": session.pk}))

    assert reverse("session_pause", kwargs={"session_id": session.pk}) in page(client, session)


def test_cancelling_asks_first(client: Client, session: ProcessingSession) -> None:
    cancel = reverse("session_cancel", kwargs={"session_id": session.pk})

    asked = client.get(cancel).content.decode()
    session.refresh_from_db()
    assert "2 written chapters are kept" in asked
    assert session.status == SessionStatus.PROCESSING

    client.post(cancel)

    session.refresh_from_db()
    assert session.status == SessionStatus.CANCELLED
    html = page(client, session)
    assert "Start again" in html
    assert "chapter-4-retry" not in html


def test_everything_that_failed_can_be_retried_at_once(client: Client, person: User) -> None:
    session = make_board(person, ["failed", "failed", "generated"], status=SessionStatus.FAILED)
    retry = reverse("session_retry", kwargs={"session_id": session.pk})
    assert "Retry all 2" in page(client, session)

    client.post(retry)

    assert not session.items.filter(status=ItemStatus.FAILED).exists()


@pytest.mark.parametrize(
    ("status", "plan", "words"),
    [
        (SessionStatus.COMPLETED, ["completed"] * 3, "The book is written"),
        (SessionStatus.FAILED, ["failed", "pending"], "The writing stopped"),
        (SessionStatus.CANCELLED, ["generated", "pending"], "1 written chapter is kept"),
        (SessionStatus.HARMONIZING, ["generated"] * 2, "Comparing the chapters with each other"),
    ],
)
def test_every_end_says_what_it_is(
    client: Client, person: User, status: str, plan: list[str], words: str
) -> None:
    session = make_board(person, plan, status=status)

    assert words in page(client, session)


def test_a_completed_book_leads_on(client: Client, person: User) -> None:
    html = page(client, make_board(person, ["completed"] * 2, status=SessionStatus.COMPLETED))

    assert "100 %" in html
    for name in ("Read the book", "Review the changes", "Answer questions", "Download as EPUB"):
        assert name in html
    assert "session-pause" not in html
    assert "Cancel…" not in html


def test_the_filter_names_only_what_there_is(client: Client, session: ProcessingSession) -> None:
    html = page(client, session, "?show=harmonized")

    assert 'id="board-chapters" data-show="harmonized"' in html
    assert "No harmonized chapters" in html
    assert "show=completed" not in html
    assert "Failed <b>1</b>" in html


@pytest.mark.parametrize("query", ["?show=%3Cscript%3E", "?view=%22%3E&show=nothing", "?show=failed&show=x"])
def test_a_filter_that_does_not_exist_does_no_harm(
    client: Client, session: ProcessingSession, query: str
) -> None:
    assert "<script>" not in page(client, session, query)


def test_above_fifty_chapters_there_are_tiles_and_groups(client: Client, person: User) -> None:
    session = make_board(person, ["generated"] * 60 + ["failed"] + ["pending"] * 50)

    html = page(client, session)

    assert 'id="tile-3"' in html
    assert "51 to 100" in html
    assert 'class="fore-edge"' not in html
    assert html.count('class="row"') == 50
    assert 'id="chapter-61-retry"' in html
    assert html.count('<details class="group"') == 3
    assert html.count(" open>") == 1


def test_the_number_of_queries_does_not_grow_with_the_book(client: Client, person: User) -> None:
    counts = []
    for chapters in (4, 120):
        session = make_board(person, ["failed", *["pending"] * chapters], {2: [1]})
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(client, session)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[1] <= 14


@pytest.mark.parametrize("name", ["board", "activity", "review", "questions"])
def test_a_stranger_finds_nothing(
    session: ProcessingSession, stranger: User, client_of: ClientOf, name: str
) -> None:
    assert client_of(stranger).get(address(session, name)).status_code == 404
    assert Client().get(address(session, name)).status_code == 302


@pytest.mark.parametrize(
    "name", ["session_pause", "session_resume", "session_retry", "session_cancel", "questions_again"]
)
def test_a_stranger_can_do_nothing(
    session: ProcessingSession, stranger: User, client_of: ClientOf, name: str
) -> None:
    where = reverse(name, kwargs={"session_id": session.pk})

    assert client_of(stranger).post(where).status_code == 404
    assert Client().post(where).status_code == 302
    assert Event.objects.filter(session=session).count() == 1


def test_a_stranger_cannot_retry(session: ProcessingSession, stranger: User, client_of: ClientOf) -> None:
    where = reverse("chapter_retry", kwargs={"session_id": session.pk, "chapter": 4})

    assert client_of(stranger).post(where).status_code == 404
    assert ChapterWorkflowItem.objects.get(session=session, number=4).status == ItemStatus.FAILED


@pytest.mark.parametrize("name", ["session_pause", "session_resume", "session_retry"])
def test_a_button_is_not_a_link(client: Client, session: ProcessingSession, name: str) -> None:
    assert client.get(reverse(name, kwargs={"session_id": session.pk})).status_code == 405


def test_forms_need_their_token(person: User, session: ProcessingSession) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)

    response = strict.post(reverse("session_pause", kwargs={"session_id": session.pk}))

    assert response.status_code == 403


def test_retrying_what_has_not_failed_says_so(client: Client, session: ProcessingSession) -> None:
    response = client.post(reverse("chapter_retry", kwargs={"session_id": session.pk, "chapter": 1}))

    assert response.status_code == 409
    assert "has not failed" in response.content.decode()


def test_activity_comes_newest_first_in_pages(
    client: Client, session: ProcessingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.views.session.ENTRIES_PER_PAGE", 2)
    item = session.items.get(number=1)
    for seq in range(2, 6):
        Event.objects.create(
            session=session, seq=seq, kind="chapter_generated", item=item, detail={"words": seq}
        )
    ProcessingSession.objects.filter(pk=session.pk).update(event_seq=5)

    newest = client.get(address(session, "activity")).content.decode()
    older = client.get(f"{address(session, 'activity')}?before=4").content.decode()

    assert newest.index("5 words") < newest.index("4 words")
    assert "3 words" not in newest
    assert "?before=4" in newest
    assert "3 words" in older
    assert "5 events" in newest


@pytest.mark.parametrize("before", ["", "0", "-1", "soon", "9" * 30, "²"])
def test_activity_takes_any_page_number(client: Client, session: ProcessingSession, before: str) -> None:
    assert client.get(address(session, "activity"), {"before": before}).status_code == 200


def test_the_head_names_what_waits(client: Client, session: ProcessingSession) -> None:
    html = page(client, session)

    assert 'id="tab-board" aria-current="page"' in html
    assert '<span class="vh">failed: </span>1' in html
    assert "Version 1" in html


def group_address(session: ProcessingSession, group: int) -> str:
    where = {"book_id": session.version.book.book_id, "number": session.version.number}
    return reverse("board_group", kwargs={**where, "group": group})


def test_a_closed_group_brings_its_chapters_when_it_is_opened(client: Client, person: User) -> None:
    session = make_board(person, ["generated"] * 60 + ["failed"] + ["pending"] * 50)
    html = page(client, session)

    assert f'hx-get="{group_address(session, 3)}?view=compact"' in html
    assert 'id="chapter-111"' not in html
    rows = client.get(group_address(session, 3)).content.decode()

    assert rows.startswith('<ol class="rows" id="group-3-rows"')
    assert rows.count('class="row"') == 11
    assert 'id="chapter-111"' in rows


@pytest.mark.parametrize("query", ["?group=3", "?chapter=105", "?show=pending&chapter=111"])
def test_without_scripts_a_link_opens_the_group(client: Client, person: User, query: str) -> None:
    session = make_board(person, ["generated"] * 60 + ["failed"] + ["pending"] * 50)

    html = page(client, session, query)

    assert 'id="chapter-111"' in html
    assert '<details class="group" id="group-3" open>' in html


@pytest.mark.parametrize(
    "query", ["?group=99", "?chapter=0", "?chapter=²", "?group=" + "9" * 30, "?chapter=x"]
)
def test_a_group_that_does_not_exist_does_no_harm(client: Client, person: User, query: str) -> None:
    session = make_board(person, ["pending"] * 60)

    assert 'id="group-2"' in page(client, session, query)
    assert client.get(group_address(session, 3)).status_code == 404
    assert client.get(group_address(session, 0)).status_code == 404


def test_a_filter_opens_the_first_groups_that_have_something(client: Client, person: User) -> None:
    session = make_board(person, ["failed"] * 300)

    html = page(client, session, "?show=failed")

    assert html.count('<details class="group"') == 6
    assert html.count(" open>") == 4
    assert html.count("</svg>50 failed") == 6


def test_a_stranger_finds_no_group(session: ProcessingSession, stranger: User, client_of: ClientOf) -> None:
    assert client_of(stranger).get(group_address(session, 1)).status_code == 404
