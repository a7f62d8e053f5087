"""Sessions in any state, for tests of what boards show; changes to them go through the one writer of status."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from books.models import Book, BookVersion, Chapter, StorylineNode
from workflow.contract.events import EventKind
from workflow.contract.states import WRITTEN, ItemStatus, SessionStatus
from workflow.models import ChapterWorkflowItem, Event, ItemDependency, ProcessingSession
from workflow.transitions import session_transaction

FREE = {"owner": "", "token": None, "lease_expires_at": None}


def make_board(
    owner: User,
    plan: Sequence[str],
    needs: Mapping[int, Iterable[int]] | None = None,
    *,
    titles: Mapping[int, str] | None = None,
    status: str = SessionStatus.PROCESSING,
    **columns: object,
) -> ProcessingSession:
    """A session whose chapters have the statuses of `plan`; `needs` says what each is written after."""
    book_id = f"board-{uuid.uuid4().hex[:12]}"
    book = Book.objects.create(owner=owner, book_id=book_id, title="The Ferry House", author="The Varnholts")
    version = BookVersion.objects.create(
        book=book, number=1, storyline_digest="0" * 64, started_at=timezone.now(), node_count=len(plan)
    )
    nodes = StorylineNode.objects.bulk_create(
        StorylineNode(
            version=version,
            key=f"n{number}",
            position=number,
            place=number,
            title=(titles or {}).get(number, f"Title {number}"),
            chunk_count=8,
        )
        for number in range(1, len(plan) + 1)
    )
    chapters = Chapter.objects.bulk_create(
        Chapter(
            chapter_id=f"{book_id}_v1_chapter_{node.place}",
            version=version,
            number=node.place,
            node=node,
            title=node.title,
        )
        for node in nodes
    )
    session = ProcessingSession.objects.create(
        version=version,
        status=status,
        writer="quotations",
        dependencies="graph",
        started_by=owner,
        total_chapters=len(plan),
        written_count=sum(each in WRITTEN for each in plan),
        harmonized_count=sum(each in {"harmonized", "completed"} for each in plan),
        failed_count=list(plan).count("failed"),
        event_seq=1,
        **columns,
    )
    items = ChapterWorkflowItem.objects.bulk_create(
        _item(session, chapter, each) for chapter, each in zip(chapters, plan, strict=True)
    )
    by_number = {each.number: each for each in items}
    ItemDependency.objects.bulk_create(
        ItemDependency(item=by_number[number], needs=by_number[needed])
        for number, all_needed in (needs or {}).items()
        for needed in all_needed
    )
    Event.objects.create(session=session, seq=1, kind=EventKind.SESSION_STARTED, actor=owner)
    return session


def _item(session: ProcessingSession, chapter: Chapter, status: str) -> ChapterWorkflowItem:
    item = ChapterWorkflowItem(session=session, chapter=chapter, number=chapter.number, status=status)
    now = timezone.now()
    if status in WRITTEN:
        item.attempt_count, item.word_count = 1, 1_840
        item.started_at, item.finished_at = now - timedelta(seconds=80), now
    if status == ItemStatus.IN_PROGRESS:
        item.attempt_count, item.owner, item.token = 1, "run:4711:1", uuid.uuid4()
        item.lease_expires_at, item.started_at = now + timedelta(seconds=30), now
    if status == ItemStatus.FAILED:
        item.attempt_count = item.retry_count = 3
        item.error_code, item.error_message, item.finished_at = "timeout", "no result after 120 seconds", now
    return item


def move(
    session: ProcessingSession, number: int, to: ItemStatus, kind: EventKind, **changes: object
) -> ProcessingSession:
    """Move one chapter, with its Event, as the engine does."""
    with session_transaction(session.pk) as tx:
        tx.move_item(session.items.get(number=number), to, kind, attempt=1, changes=changes)
    return tx.session


def claim(session: ProcessingSession, number: int) -> ProcessingSession:
    """A worker begins to write the chapter."""
    now = timezone.now()
    return move(
        session,
        number,
        ItemStatus.IN_PROGRESS,
        EventKind.CHAPTER_CLAIMED,
        owner="run:4711:1",
        token=uuid.uuid4(),
        lease_expires_at=now + timedelta(seconds=30),
        started_at=now,
    )


def finish(session: ProcessingSession, number: int, words: int = 1_234) -> ProcessingSession:
    """The chapter that is being written is stored."""
    return move(
        session,
        number,
        ItemStatus.GENERATED,
        EventKind.CHAPTER_GENERATED,
        **FREE,
        word_count=words,
        finished_at=timezone.now(),
    )


def fail(session: ProcessingSession, number: int, code: str = "timeout") -> ProcessingSession:
    """The chapter that is being written fails for good."""
    return move(
        session,
        number,
        ItemStatus.FAILED,
        EventKind.CHAPTER_FAILED,
        **FREE,
        error_code=code,
        retry_count=3,
        finished_at=timezone.now(),
    )
