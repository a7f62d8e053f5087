"""What a story has come to: the books and how they came about, without keys and times, to be compared."""

from books.models import Book, BookVersion, Chapter, ChapterRevision, StorylineNode, TextChunk
from workflow.models import (
    ConsistencyRule,
    Event,
    FactEntry,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
)

# Who tries how often is what a crash changes: what comes of it is the same.
TRIES = {"chapter_claimed", "worker_lost", "held_back", "harmonizing_started", "questions_started"}
COMPARED = ("session", "chapters", "revisions", "facts", "changes", "questions", "story", "content")


def picture_of(session: ProcessingSession) -> dict[str, object]:
    """Return the book and how it came about, without keys and times."""
    session.refresh_from_db()
    counts = ("total_chapters", "written_count", "harmonized_count", "failed_count", "reserved_micros")
    events = list(
        Event.objects.order_by("session__total_chapters", "seq").values_list(
            "kind", "item__number", "from_status", "to_status"
        )
    )
    revisions = ChapterRevision.objects.order_by("chapter__number", "number")
    return {
        "session": [session.status, session.error_code, *(getattr(session, name) for name in counts)],
        "chapters": rows(
            Chapter.objects.filter(version=session.version).order_by("number"),
            "number", "title", "item__status", "item__word_count", "item__story_line", "current_revision__number",
        ),
        "revisions": [
            [row.chapter.number, row.number, row.origin, row.markdown, row.citations.count()] for row in revisions
        ],
        "facts": rows(FactEntry.objects.order_by("number", "position"), "number", "position", "key", "sentence"),
        "changes": rows(
            HarmonizationChange.objects.order_by("chapter__number", "offset", "rule"),
            "chapter__number", "rule", "status", "find", "replace", "offset",
        ),
        "questions": rows(FollowUpQuestion.objects.order_by("key"), "key", "status", "text", "answer"),
        "story": [list(event) for event in events if event[0] not in TRIES],
        "lost": sum(event[0] == "worker_lost" for event in events),
        "content": content(),
    }  # fmt: skip


def content() -> list[object]:
    """Return the books with all that was uploaded, and how many rows rest on them."""
    books = Book.objects.order_by("title", "pk")
    return [
        rows(books, "title", "writer"),
        rows(
            BookVersion.objects.order_by("book__title", "number"),
            "book__title", "number", "source_name", "dependencies", "preferences", "node_count", "word_count",
        ),
        rows(
            StorylineNode.objects.order_by("version__book__title", "version__number", "place", "key"),
            "version__book__title", "version__number", "place", "key", "node_chunks__chunk__key",
        ),
        rows(TextChunk.objects.order_by("book__title", "key"), "book__title", "key", "text"),
        rows(ConsistencyRule.objects.order_by("key"), "book__title", "key", "is_enabled"),
        ProcessingSession.objects.count(),
    ]  # fmt: skip


def rows(found: object, *names: str) -> list[list[object]]:
    """Return the named values of each row."""
    return [list(row) for row in found.values_list(*names)]  # type: ignore[attr-defined]
