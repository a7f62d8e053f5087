"""Many rows of every model at once, for tests that count queries; the rows are plausible, not produced by a run."""

import uuid
from itertools import count

from django.contrib.auth.models import User
from django.utils import timezone

from books.models import (
    Book,
    BookVersion,
    Chapter,
    ChapterRevision,
    Citation,
    NodeChunk,
    Origin,
    StorylineLink,
    StorylineNode,
    TextChunk,
)
from chapterflow_site.accounts.models import ApiToken, PasswordTry, SignInLink, TryKind
from workflow.contract.states import ItemStatus, Phase
from workflow.models import (
    Attempt,
    AttemptOutcome,
    ChangeStatus,
    ChapterWorkflowItem,
    ConsistencyRule,
    Event,
    FactEntry,
    FollowUpQuestion,
    HarmonizationChange,
    ItemDependency,
    ProcessingSession,
    Provider,
)

_numbers = count(1)


class Crowd:
    """One big book whose rows of every kind can be made more, and as many small books beside it."""

    def __init__(self, owner: User) -> None:
        self.owner = owner
        self.book, self.version, self.session = self._books(1)[0]
        self.size = 0

    def grow(self, more: int) -> None:
        """Add `more` rows of every model."""
        self._books(more)
        numbers = range(self.size + 1, self.size + more + 1)
        self.size += more
        BookVersion.objects.bulk_create(
            BookVersion(book=self.book, number=n + 1, storyline_digest="0" * 64) for n in numbers
        )
        self.chunks = TextChunk.objects.bulk_create(
            TextChunk(book=self.book, key=f"c-{n}", digest=str(n), text="The river rose.", extra={"n": n})
            for n in numbers
        )
        self.nodes = StorylineNode.objects.bulk_create(
            StorylineNode(version=self.version, key=f"n-{n}", position=n, place=n, title=f"Year {n}")
            for n in numbers
        )
        self.chapters = Chapter.objects.bulk_create(
            Chapter(chapter_id=f"{self.book.book_id}_v1_chapter_{n}", version=self.version, number=n, node=node,
                    title=f"Year {n}")
            for n, node in zip(numbers, self.nodes, strict=True)
        )  # fmt: skip
        self._grow_graph()
        self._grow_texts()
        self._grow_process()
        self._grow_accounts(more)
        self._grow_providers(more)

    def _books(self, more: int) -> list[tuple[Book, BookVersion, ProcessingSession]]:
        books = Book.objects.bulk_create(
            Book(book_id=f"river-{next(_numbers)}", owner=self.owner, title="The River") for _ in range(more)
        )
        versions = BookVersion.objects.bulk_create(
            BookVersion(book=book, number=1, storyline_digest="0" * 64, started_at=timezone.now())
            for book in books
        )
        sessions = ProcessingSession.objects.bulk_create(
            ProcessingSession(
                version=version, writer="quotations", dependencies="sequential", total_chapters=200
            )
            for version in versions
        )
        return list(zip(books, versions, sessions, strict=True))

    def _grow_graph(self) -> None:
        hub, chunk = StorylineNode.objects.first(), TextChunk.objects.first()
        assert hub is not None
        assert chunk is not None
        others = [node for node in self.nodes if node != hub]
        StorylineLink.objects.bulk_create(
            StorylineLink(version=self.version, source=hub, target=node, relationship_type="CAUSAL_LINK")
            for node in others
        )
        NodeChunk.objects.bulk_create(
            NodeChunk(node=hub, chunk=each, position=n) for n, each in enumerate(self.chunks)
        )
        NodeChunk.objects.bulk_create(NodeChunk(node=node, chunk=chunk, position=0) for node in others)

    def _grow_texts(self) -> None:
        chapter = Chapter.objects.order_by("pk").first()
        assert chapter is not None
        first = chapter.revisions.count() + 1
        revisions = ChapterRevision.objects.bulk_create(
            ChapterRevision(chapter=chapter, number=n, origin=Origin.WRITER, title="Year", markdown="The river.",
                            agent="quotations", created_by=self.owner)
            for n in range(first, first + len(self.chunks))
        )  # fmt: skip
        self.revision = chapter.revisions.order_by("pk").first()
        assert self.revision is not None
        cited = self.revision.citations.count()
        Citation.objects.bulk_create(
            Citation(revision=self.revision, position=n, paragraph=1, chunk=chunk, quote="The river rose.")
            for n, chunk in enumerate(self.chunks, start=cited)
        )
        Chapter.objects.filter(pk=chapter.pk).update(current_revision=revisions[-1])

    def _grow_process(self) -> None:
        items = ChapterWorkflowItem.objects.bulk_create(
            ChapterWorkflowItem(session=self.session, chapter=chapter, number=chapter.number,
                                status=ItemStatus.FAILED, error_code="timeout")
            for chapter in self.chapters
        )  # fmt: skip
        hub = self.session.items.order_by("pk").first()
        assert hub is not None
        others = [item for item in items if item != hub]
        ItemDependency.objects.bulk_create(ItemDependency(item=item, needs=hub) for item in others)
        ItemDependency.objects.bulk_create(ItemDependency(item=hub, needs=item) for item in others)
        Attempt.objects.bulk_create(
            Attempt(session=self.session, item=hub, phase=Phase.WRITING, number=item.number, agent="quotations",
                    owner="run:1:2", token=uuid.uuid4(), outcome=AttemptOutcome.FAILED, context={"left_out": 3})
            for item in items
        )  # fmt: skip
        Event.objects.bulk_create(
            Event(session=self.session, seq=item.number, kind="chapter_failed", item=item, actor=self.owner)
            for item in items
        )
        FactEntry.objects.bulk_create(
            FactEntry(session=self.session, item=item, number=item.number, position=0, key="emm", name="Emm",
                      kind="introduction", sentence="Emm rowed the hens over.", chunk_ids=["c-1"])
            for item in items
        )  # fmt: skip
        HarmonizationChange.objects.bulk_create(
            HarmonizationChange(session=self.session, chapter=chapter, rule="dashes", severity="minor", offset=0,
                                status=ChangeStatus.SUGGESTED, find="-", replace="–", reason="Dashes",
                                decided_by=self.owner)
            for chapter in self.chapters
        )  # fmt: skip
        FollowUpQuestion.objects.bulk_create(
            FollowUpQuestion(version=self.version, session=self.session, chapter=chapter, key=chapter.chapter_id[:64],
                             category="names", text="Who was Emm?", reason="Named once", answered_by=self.owner)
            for chapter in self.chapters
        )  # fmt: skip
        ConsistencyRule.objects.bulk_create(
            ConsistencyRule(book=self.book, key=f"rule-{chapter.number}") for chapter in self.chapters
        )

    def _grow_providers(self, more: int) -> None:
        names = [f"python:mill.{next(_numbers)}:write" for _ in range(more)]
        Provider.objects.bulk_create(Provider(name=name, rate_limited_at=timezone.now()) for name in names)

    def _grow_accounts(self, more: int) -> None:
        digests = [uuid.uuid4().hex for _ in range(more)]
        ApiToken.objects.bulk_create(
            ApiToken(user=self.owner, prefix=digest[:8], digest=digest) for digest in digests
        )
        SignInLink.objects.bulk_create(
            SignInLink(user=self.owner, digest=digest, expires_at=timezone.now()) for digest in digests
        )
        PasswordTry.objects.bulk_create(
            PasswordTry(kind=TryKind.NAME, digest=digest, began_at=timezone.now()) for digest in digests
        )
