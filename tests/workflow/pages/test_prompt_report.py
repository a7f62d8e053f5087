"""What the writer was given, on the chapter's page and through the API: in words, with links, whatever was stored."""

import re
import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from books.models import Chapter
from tests.workflow.agents.llm.tasks import chunk, task
from tests.workflow.sessions import item, new_session
from workflow.agents.llm.prompt.messages import build_prompt
from workflow.engine import advance
from workflow.models import Attempt, ChapterWorkflowItem, ProcessingSession
from workflow.pages.chapter.prompt_report import Places, describe
from workflow.pages.chapter.record import PromptRecord

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
WHY = {"model": "vllm:qwen", "window_from": "setting"}


@pytest.fixture
def session(person: User) -> ProcessingSession:
    session = new_session(person, 4)
    advance(session.pk)
    return session


def page_of(client: Client, session: ProcessingSession, number: int) -> str:
    version = session.version
    address = reverse("chapter_attempts", args=[version.book.book_id, version.number, number])
    return client.get(address).content.decode()


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def told(record: object, chapter: Chapter, agent: str = "vllm:qwen") -> dict[str, str]:
    given = describe(PromptRecord(record, agent), Places(chapter))
    return {part.name: " ".join("".join(p.text for p in line) for line in part.lines) for part in given.parts}


def test_quotations_show_their_passages_and_whom_they_continue(
    person: User, session: ProcessingSession, client_of: ClientOf
) -> None:
    html = page_of(client_of(person), session, 3)

    assert "What the writer was given" in html
    assert "Who was heard in chapter 2." in text_of(html)
    assert 'chapters/2/">chapter 2</a>' in html
    assert 'chapters/3/sources/#p1">c-3</a>' in html
    assert '<th scope="col">Tokens' not in html


def test_prompt_is_told_part_by_part(person: User, session: ProcessingSession, client_of: ClientOf) -> None:
    long = task(
        *(chunk(each, "The water came in at the door of the mill. " * 90) for each in range(1, 12)),
        earlier=99,
    )
    record = {**build_prompt(long, 8192).record, **WHY}
    Attempt.objects.filter(item=item(session, 3)).update(context=record)

    text = text_of(page_of(client_of(person), session, 3))

    assert "tokens were sent to vllm:qwen, which takes 8,192 at once, as this installation says." in text
    assert re.search(r"The story so far \(shortened\)\s*\d+ of 350", text)
    assert re.search(
        r"A line each: 9\d to 99\. ?Only their titles: \d\d to \d\d\. ?\d\d earlier chapters are only", text
    )
    assert "About Emm (1)" in text
    assert re.search(r"Left out: c-\d+, no room\.", text)


def test_what_is_missing_is_said(session: ProcessingSession) -> None:
    record = build_prompt(task()).record

    words = told(record, item(session, 1).chapter)

    assert words["The story so far"] == "Nothing: it depends on no other chapter."
    assert words["End of the previous chapter"] == "There is none."
    assert words["Related storylines"] == "No storyline is linked to this one."
    assert words["Passages"] == "3 whole: c-1, c-2, c-3"


def test_related_storylines_lead_to_their_chapters(
    person: User, session: ProcessingSession, client_of: ClientOf
) -> None:
    record = {**build_prompt(task()).record, "related": ["n4"], "related_left_out": ["n-gone"]}
    Attempt.objects.filter(item=item(session, 3)).update(context=record)

    html = page_of(client_of(person), session, 3)

    assert 'chapters/4/">4. Year 4</a>' in html
    assert "No room for: n-gone" in text_of(html)


@pytest.mark.parametrize(
    "stored",
    [
        [],
        "text",
        {"blocks": "none"},
        {"blocks": [None, {}], "chapters": ["1", -1, True], "facts": [1, {"name": None}], "sources": 4},
        {"chunks": {"a": 1}, "previous": "x", "titles": [2.5]},
        {"sources": {"shortened": [{}], "left_out": [[]], "whole": None}, "blocks": [{"name": "sources"}]},
    ],
)
def test_odd_records_are_shown_as_far_as_they_go(
    stored: object, person: User, session: ProcessingSession, client_of: ClientOf
) -> None:
    Attempt.objects.filter(item=item(session, 3)).update(context=stored)

    assert "Attempt 1" in page_of(client_of(person), session, 3)


def test_text_of_an_upload_is_escaped(person: User, session: ProcessingSession, client_of: ClientOf) -> None:
    record = {**build_prompt(task(chunk(1, id="<b>c"))).record, "facts": [{"name": "<i>Emm", "chapter": 1}]}
    Attempt.objects.filter(item=item(session, 3)).update(context=record)

    html = page_of(client_of(person), session, 3)

    assert "&lt;b&gt;c" in html
    assert "&lt;i&gt;Emm" in html
    assert "<b>c" not in html


def add_attempts(one: ChapterWorkflowItem, numbers: range) -> None:
    record = build_prompt(task()).record
    Attempt.objects.bulk_create(
        Attempt(
            session=one.session, item=one, phase="writing", number=number, agent="vllm:qwen", owner="a:1:1",
            token=uuid.uuid4(), outcome="failed", context=record,
        )
        for number in numbers
    )  # fmt: skip


def test_many_attempts_cost_no_query_each(
    person: User, session: ProcessingSession, client_of: ClientOf
) -> None:
    one, client = item(session, 3), client_of(person)
    add_attempts(one, range(2, 4))
    page_of(client, session, 3)
    with CaptureQueriesContext(connection) as with_few:
        page_of(client, session, 3)
    add_attempts(one, range(4, 40))

    with CaptureQueriesContext(connection) as with_many:
        assert "Attempt 39" in page_of(client, session, 3)

    assert len(with_many) == len(with_few)


def test_api_lists_the_attempts_with_what_was_given(
    person: User, session: ProcessingSession, client_of: ClientOf
) -> None:
    chapter = item(session, 3).chapter

    answer = client_of(person).get(f"/api/chapters/{chapter.chapter_id}/attempts").json()

    (attempt,) = answer["results"]
    assert (attempt["number"], attempt["outcome"], attempt["agent"]) == (1, "succeeded", "quotations")
    assert attempt["given"] == {"chunks": ["c-3"], "previous": 2}


def test_api_hides_attempts_from_strangers(
    stranger: User, session: ProcessingSession, client_of: ClientOf
) -> None:
    chapter = item(session, 3).chapter

    assert client_of(stranger).get(f"/api/chapters/{chapter.chapter_id}/attempts").status_code == 404
