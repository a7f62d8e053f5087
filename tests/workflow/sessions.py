"""Small books to run the engine on."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from books.actions import upload_storyline
from books.models import BookVersion
from tests.storylines import storyline
from workflow.actions import start_session
from workflow.models import ChapterWorkflowItem, ProcessingSession, Provider


def new_version(
    owner: User, chapters: int = 3, after: Mapping[int, Iterable[int]] | None = None
) -> BookVersion:
    """Upload such a storyline."""
    return upload_storyline(storyline(chapters, after), actor=owner, source_name="river.json")


def new_session(
    owner: User,
    chapters: int = 3,
    *,
    after: Mapping[int, Iterable[int]] | None = None,
    writer: str = "quotations",
    on_failure: str = "hold",
) -> ProcessingSession:
    """Upload and start; with `after` in graph mode."""
    version = new_version(owner, chapters, after)
    mode = "graph" if after is not None else "sequential"
    session, _ = start_session(version, actor=owner, writer=writer, dependencies=mode, on_failure=on_failure)
    return session


def item(session: ProcessingSession, number: int) -> ChapterWorkflowItem:
    """Return the item of one chapter, fresh."""
    return session.items.get(number=number)


def statuses(session: ProcessingSession) -> list[str]:
    """Return the chapters' statuses in order, fresh."""
    return list(session.items.order_by("number").values_list("status", flat=True))


def kinds(session: ProcessingSession) -> list[str]:
    """Return the kinds of the session's events in order."""
    return list(session.events.order_by("seq").values_list("kind", flat=True))


def let_waits_pass(session: ProcessingSession) -> None:
    """Let every waiting thing of the session be due, and no provider be left alone any longer."""
    past = timezone.now() - timedelta(seconds=1)
    session.items.filter(next_attempt_at__isnull=False).update(next_attempt_at=past)
    ProcessingSession.objects.filter(pk=session.pk, next_attempt_at__isnull=False).update(
        next_attempt_at=past
    )
    Provider.objects.filter(cooling_until__isnull=False).update(cooling_until=past)


def calls(control: Path) -> list[int]:
    """Return the numbers of the chapters that the writer was asked for, in order."""
    path = control / "calls"
    return [int(line.split()[0]) for line in path.read_text().splitlines()] if path.exists() else []
