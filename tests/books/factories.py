"""Books in the database for tests: a version with nodes, chunks, chapters, texts and citations."""

from collections.abc import Collection
from itertools import count

from django.contrib.auth.models import User

from books.export import export_book
from books.models import (
    Book,
    BookVersion,
    Chapter,
    ChapterRevision,
    Citation,
    NodeChunk,
    Origin,
    StorylineNode,
    TextChunk,
)
from books.text.citations import find_passages
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.models import ChapterWorkflowItem, ProcessingSession

_numbers = count(1)

VOICES = ("Ottilie Varnholt", "Emm Varnholt", "Josefa Tidewell")


def make_version(owner: User, *, title: str = "The Ferry House", **columns: str) -> BookVersion:
    """A book with an empty first version."""
    book = Book.objects.create(
        owner=owner, book_id=f"ferry-house-{next(_numbers)}", title=title, subtitle="Three voices", **columns
    )
    return BookVersion.objects.create(book=book, number=1, storyline_digest="0" * 64)


def add_chunk(
    book: Book, key: str, text: str, *, speaker: str = VOICES[0], source: str = "Tape 3"
) -> TextChunk:
    """A passage of the book's transcripts, 12:41 into its recording."""
    return TextChunk.objects.create(
        book=book,
        key=key,
        digest=key[:64],
        text=text,
        speaker=speaker,
        source=source,
        start_seconds=761.0,
        end_seconds=790.0,
        word_count=len(text.split()),
    )


def add_chapter(version: BookVersion, number: int, *, title: str = "") -> Chapter:
    """An unwritten chapter with its node and two passages, keys `c-<number>-1` and `c-<number>-2`."""
    title = title or f"Chapter title {number}"
    node = StorylineNode.objects.create(
        version=version, key=f"n-{number}", position=number, place=number, title=title, chunk_count=2
    )
    for place in (1, 2):
        chunk = add_chunk(
            version.book,
            f"c-{number}-{place}",
            f"The river closed in winter {number}. You do not notice a river until it is quiet, {place}. So.",
            speaker=VOICES[(number + place) % 3],
        )
        NodeChunk.objects.create(node=node, chunk=chunk, position=place)
    book_id = version.book.book_id
    return Chapter.objects.create(
        chapter_id=f"{book_id}_{version.name}_chapter_{number}",
        version=version,
        number=number,
        node=node,
        title=title,
    )


def chapter_text(number: int) -> str:
    """Markdown as the quotations writer makes it, citing both passages of `add_chapter`."""
    return (
        f"*What happened in winter {number}.*\n\n"
        f"**{VOICES[(number + 1) % 3]}:** The river closed in winter {number}. [c-{number}-1]\n\n"
        f"**{VOICES[(number + 2) % 3]}:** You do not notice a river until it is quiet, 2. [c-{number}-2]\n\n"
        f"Somebody else came, too. [c-{number}-1]"
    )


def write_text(
    chapter: Chapter, markdown: str, *, origin: Origin = Origin.WRITER, agent: str = "quotations"
) -> ChapterRevision:
    """Store `markdown` as the chapter's newest revision, with the citations that stand in it."""
    chunks = {chunk.key: chunk for chunk in chapter.node.chunks.all()}
    revision = ChapterRevision.objects.create(
        chapter=chapter,
        number=chapter.revisions.count() + 1,
        origin=origin,
        title=chapter.title,
        markdown=markdown,
        source_chunk_ids=list(chunks),
        word_count=len(markdown.split()),
        agent=agent,
        quality_score=0.9,
    )
    passages = find_passages(markdown, {key: chunk.text for key, chunk in chunks.items()})
    Citation.objects.bulk_create(
        Citation(
            revision=revision,
            position=position,
            paragraph=passage.paragraph,
            chunk=chunks[passage.chunk_id],
            quote=passage.quote,
        )
        for position, passage in enumerate(passages)
    )
    chapter.current_revision = revision
    chapter.save(update_fields=["current_revision"])
    return revision


def written_book(
    owner: User, chapters: int = 3, *, unwritten: Collection[int] = (), **columns: str
) -> BookVersion:
    """A version with a session, whose chapters are all written except those in `unwritten`."""
    version = make_version(owner, **columns)
    session = ProcessingSession.objects.create(
        version=version,
        status=SessionStatus.PROCESSING if unwritten else SessionStatus.COMPLETED,
        writer="quotations",
        dependencies=version.dependencies,
        total_chapters=chapters,
        written_count=chapters - len(unwritten),
        harmonized_count=0 if unwritten else chapters,
    )
    for number in range(1, chapters + 1):
        chapter = add_chapter(version, number)
        written = number not in unwritten
        ended = ItemStatus.GENERATED if unwritten else ItemStatus.COMPLETED
        ChapterWorkflowItem.objects.create(
            session=session,
            chapter=chapter,
            number=number,
            status=ended if written else ItemStatus.PENDING,
        )
        if written:
            write_text(chapter, chapter_text(number))
    return version


def exported(version: BookVersion, format: str) -> bytes:
    """The whole file of an export."""
    with export_book(version, format).content as content:
        return content.read()
