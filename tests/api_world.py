"""What tests of the API share: nodes to send, requests in JSON, sessions driven without workers."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from books.actions import create_book
from books.models import Book
from workflow.contract.states import UNFINISHED
from workflow.engine import advance
from workflow.models import FollowUpQuestion, HarmonizationChange, ProcessingSession

WRITER = "python:tests.api_writers:fails_on_title"
PROBLEM = "application/problem+json"


def nodes(count: int = 3, *, broken: Collection[int] = ()) -> list[dict[str, object]]:
    """Return nodes n1, n2 … in this order, each with a chunk inside; the writer of these tests fails the broken."""
    return [
        {
            "id": f"n{number}",
            "title": f"{'Broken year' if number in broken else 'Year'} {number}",
            "centrality_score": 1 - number / 1_000,
            "chunks": [
                {
                    "id": f"c-{number}",
                    "text": f"In the year {1930 + number} the river rose as far as step {number}.",
                    "speaker": "Emm Varnholt",
                    "source": "Tape 3",
                    "start_seconds": 761.5,
                    "end_seconds": 790,
                }
            ],
        }
        for number in range(1, count + 1)
    ]


def new_book(owner: User, book_id: str = "river") -> Book:
    """Make an empty book."""
    return create_book(actor=owner, book_id=book_id, title="The River")


def post(client: Client, path: str, data: object = None, **headers: str) -> HttpResponse:
    """Send `data` as JSON, or nothing at all."""
    if data is None:
        return client.post(f"/api{path}", headers=headers)
    return client.post(f"/api{path}", data=data, content_type="application/json", headers=headers)


def patch(client: Client, path: str, data: object) -> HttpResponse:
    """Send `data` as JSON."""
    return client.patch(f"/api{path}", data=data, content_type="application/json")


def get(client: Client, path: str, **query: object) -> HttpResponse:
    """Ask for something."""
    return client.get(f"/api{path}", query)


def problem(response: HttpResponse, status: int, code: str) -> dict[str, object]:
    """Check that the answer is a whole problem of this status and code, and return it."""
    content: dict[str, object] = response.json()
    assert (response.status_code, content.get("code")) == (status, code), content
    assert response.headers["Content-Type"] == PROBLEM
    assert content["status"] == status
    assert content["type"]
    assert content["title"]
    assert content["detail"]
    return content


def started(client: Client, count: int = 3, *, book_id: str = "river") -> ProcessingSession:
    """Start a book through the API with the installation's writer, and return its session."""
    answer = post(client, f"/start-book-generation/{book_id}", nodes(count))
    assert answer.status_code == 200, answer.content
    return ProcessingSession.objects.get(pk=answer.json()["session_id"])


def drive(session_id: UUID) -> ProcessingSession:
    """Do the workers' work until the session is at an end."""
    for _ in range(20):
        advance(session_id)
        session = ProcessingSession.objects.get(pk=session_id)
        if session.status not in UNFINISHED and not (
            session.questioned_at is None and not session.failed_count
        ):
            return session
    return session


def failed(
    client: Client, settings: object, *, book_id: str = "river", broken: Collection[int] = (2,)
) -> ProcessingSession:
    """Return a session that stopped because a chapter failed; what comes after it waits."""
    settings.CHAPTERFLOW_WRITERS = [WRITER]
    made = post(client, f"/books/{book_id}/storyline", nodes(4, broken=broken))
    assert made.status_code == 201, made.content
    path = f"/books/{book_id}/versions/{made.json()['version']}/start"
    return drive(UUID(post(client, path, {"writer": WRITER}).json()["session_id"]))


def to_decide(session: ProcessingSession) -> tuple[HarmonizationChange, FollowUpQuestion]:
    """Make a change of the harmonizer's in the first chapter, and a question."""
    change = HarmonizationChange.objects.create(
        session=session,
        chapter=session.version.chapters.get(number=1),
        rule="dashes",
        severity="low",
        status="applied",
        find="a",
        replace="b",
        offset=0,
    )
    question = FollowUpQuestion.objects.create(
        session=session, version=session.version, key="k", category="gap", text="?", reason="!"
    )
    return change, question
