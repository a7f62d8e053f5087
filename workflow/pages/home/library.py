"""Reads what the home page shows: the person's books, what is being written, and what needs the person."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, Lower

from books.models import Book, BookVersion, StorylineNode
from workflow.contract.states import SessionStatus
from workflow.models import FollowUpQuestion, ProcessingSession, QuestionStatus

SORTS = (("changed", "Last changed"), ("title", "Title"), ("progress", "Progress"))

_CLOTHS = 6
_PATTERNS = ("waves", "stripes", "dots", "weave", "lattice")
_LONG_TITLE = 26
_LONG_WORD = 9
# What fits on the label of a small cover.
_LABEL = 60


@dataclass(frozen=True)
class Cover:
    """A book's cover, the same each time: cloth 1 to 6, a pattern, a label."""

    title: str
    author: str
    cloth: int
    pattern: str
    is_long: bool


@dataclass(frozen=True)
class BookCard:
    """A book of the library with its newest version, if it has one, and that version's session."""

    book: Book
    version: BookVersion | None
    session: ProcessingSession | None
    open_questions: int
    cover: Cover


def cover_of(book: Book) -> Cover:
    """Return the cover of a book, chosen by its id."""
    number = zlib.crc32(book.book_id.encode())
    return Cover(
        title=book.title,
        author=book.author if len(book.author) <= _LABEL else "",
        cloth=number % _CLOTHS + 1,
        pattern=_PATTERNS[number // _CLOTHS % len(_PATTERNS)],
        is_long=len(book.title) > _LONG_TITLE or any(len(word) > _LONG_WORD for word in book.title.split()),
    )


def library(user: User | AnonymousUser, *, query: str = "", sort: str = "changed") -> QuerySet[Book]:
    """Return the person's books that match every word of `query`, sorted."""
    books = Book.objects.visible_to(user)
    for word in query.split()[:10]:
        books = books.filter(_matches(word))
    if sort == "title":
        return books.order_by(Lower("title"), "pk")
    if sort == "progress":
        return books.annotate(progress=_newest(_progress())).order_by(
            F("progress").desc(nulls_last=True), "-pk"
        )
    changed = Coalesce(_newest(F("updated_at")), F("updated_at"))
    return books.annotate(changed_at=Greatest(changed, F("updated_at"))).order_by("-changed_at", "-pk")


def cards(books: Iterable[Book]) -> list[BookCard]:
    """Return the cards of these books, in their order; three queries, however many they are."""
    listed = list(books)
    versions = newest_versions(listed)
    sessions = _sessions(versions.values())
    questions = _open_questions([version.pk for version in versions.values()])
    found = []
    for book in listed:
        version = versions.get(book.pk)
        session = sessions.get(version.pk) if version else None
        count = questions.get(version.pk, 0) if version else 0
        found.append(BookCard(book, version, session, count, cover_of(book)))
    return found


def newest_versions(books: Sequence[Book]) -> dict[int, BookVersion]:
    """Return each book's newest version, by the book's primary key; books without one are left out."""
    # The newest comes last and so stays.
    versions = BookVersion.objects.filter(book__in=[book.pk for book in books]).order_by("number")
    return {version.book_id: version for version in versions}


def _sessions(versions: Iterable[BookVersion]) -> dict[int, ProcessingSession]:
    rows = ProcessingSession.objects.filter(version__in=[version.pk for version in versions])
    return {session.version_id: session for session in rows.select_related("version__book")}


def _matches(word: str) -> Q:
    """Whether title, author or somebody who takes part has this in it."""
    # SQLite keeps JSON as it was written, with letters beyond ASCII escaped.
    named = Q(names__icontains=word) | Q(names__icontains=json.dumps(word)[1:-1])
    nodes = StorylineNode.objects.filter(version__book=OuterRef("pk"))
    people = Exists(nodes.annotate(names=Cast("participants", TextField())).filter(named))
    return Q(title__icontains=word) | Q(subtitle__icontains=word) | Q(author__icontains=word) | Q(people)


def _newest(expression: object) -> Subquery:
    """Return a value of the session of each book's newest version that has one."""
    sessions = ProcessingSession.objects.filter(version__book=OuterRef("pk")).order_by("-version__number")
    return Subquery(sessions.annotate(wanted=expression).values("wanted")[:1])


def _progress() -> Case:
    completed = When(status=SessionStatus.COMPLETED, then=Value(100.0))
    return Case(completed, default=F("best_progress"), output_field=FloatField())


def _open_questions(version_pks: Sequence[int]) -> Mapping[int, int]:
    rows = FollowUpQuestion.objects.filter(version__in=version_pks, status=QuestionStatus.OPEN)
    return dict(rows.order_by().values_list("version_id").annotate(count=Count("pk")))
