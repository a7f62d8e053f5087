"""What a board without a socket is sent when it asks: the pieces that the socket would have brought, or nothing."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.workflow.boards import claim, finish, make_board
from workflow.models import Attempt, ProcessingSession


@pytest.fixture
def session(person: User) -> ProcessingSession:
    return make_board(person, ["pending"] * 4)


@pytest.fixture
def client(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def news(client: Client, session: ProcessingSession, query: str) -> tuple[int, str]:
    answer = client.get(f"{reverse('session_news', args=[session.pk])}?{query}")
    return answer.status_code, answer.content.decode()


def cards_in(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li [^>]*id="chapter-(\d+)"', html)]


def test_page_that_shows_everything_is_sent_nothing(client: Client, session: ProcessingSession) -> None:
    assert news(client, session, f"since={session.event_seq}") == (204, "")


def test_page_that_is_behind_is_sent_what_changed_and_how_far_it_is_then(
    client: Client, session: ProcessingSession
) -> None:
    since = session.event_seq
    claim(session, 2)
    finish(session, 2)

    status, html = news(client, session, f"since={since}&view=detailed")

    assert status == 200
    assert cards_in(html) == [2]
    assert f'data-seq="{since + 2}"' in html


@pytest.mark.parametrize("since", ["", "soon", "-1", "999999"])
def test_page_that_cannot_say_where_it_is_is_sent_every_card(
    client: Client, session: ProcessingSession, since: str
) -> None:
    assert cards_in(news(client, session, f"since={since}")[1]) == [1, 2, 3, 4]


def test_text_that_is_being_written_comes_without_a_change(
    client: Client, session: ProcessingSession
) -> None:
    claim(session, 1)
    item = session.items.get(number=1)
    assert item.token
    Attempt.objects.create(
        session=session, item=item, phase="writing", number=1, token=item.token,
        partial_text="The river <b>rose</b>.",
    )  # fmt: skip
    session.refresh_from_db()

    status, html = news(client, session, f"since={session.event_seq}&view=detailed")

    assert status == 200
    assert "The river &lt;b&gt;rose" in html
    assert "The river" in news(client, session, f"since={session.event_seq}&view=compact")[1]


def test_somebody_else_is_told_nothing(session: ProcessingSession, stranger: User) -> None:
    other = Client()
    other.force_login(stranger)

    assert news(other, session, "since=0")[0] == 404
    assert news(Client(), session, "since=0")[0] == 302
