"""What a person does with books before and beside the writing: each upload, each change of an outline, a deletion.

There are no events of these: a step is skipped where what it makes is there. One that had been stored by half would be
skipped as well, and the books would differ from those of an undisturbed run.
"""

from django.contrib.auth.models import User

from books.actions import add_chunks, create_book, edit_book, edit_outline, move_chapter, upload_storyline
from books.models import Book, BookVersion, TextChunk
from books.storyline import ChunkSpec, StorylineDocument, read_storyline
from books.storyline.values.digest import storyline_digest
from workflow.actions import delete_book, start_nodes, start_session, switch_rule
from workflow.harmonization.rules import chapter_references
from workflow.models import ConsistencyRule, ProcessingSession

from .tellers import STORY, told_of
from .telling import drive

UPLOADED = "letters.json"
ADDED = ChunkSpec(id="c-added", text="In the year 1950 the bridge was built.")


def content() -> ProcessingSession:
    """A book is made, filled and started by its nodes; beside it one is uploaded, and one deleted while written."""
    owner = User.objects.get()
    book = Book.objects.filter(title="Diaries").first() or create_book(
        actor=owner, title="Diaries", writer=STORY
    )
    if not TextChunk.objects.filter(book=book).exists():
        add_chunks(book, [ADDED], actor=owner)
    if not book.subtitle:
        edit_book(book, actor=owner, subtitle="Of two summers")
    arrange(uploaded(owner), owner)
    session = started_by_nodes(book, read_storyline(told_of(2, None)), owner)
    drive(session)
    if not ConsistencyRule.objects.filter(book=book, is_enabled=False).exists():
        switch_rule(book, chapter_references.RULE.key, enabled=False, actor=owner)
    given_up = Book.objects.filter(versions__source_name="3.json").first()
    if given_up is not None:
        start_session(given_up.versions.get(), actor=owner, writer=STORY)
        delete_book(given_up, actor=owner)
    return session


def uploaded(owner: User) -> BookVersion:
    """Return the version of the upload, uploaded into a new book where there is none."""
    found = BookVersion.objects.filter(source_name=UPLOADED).first()
    return found or upload_storyline(told_of(3, {3: [1]}), actor=owner, source_name=UPLOADED)


def arrange(version: BookVersion, owner: User) -> None:
    """Change how the chapters depend on each other, then their order."""
    if version.dependencies != "graph":
        edit_outline(version, actor=owner, dependencies="graph", preferences={"language": "German"})
    if version.nodes.get(key="n1").place == 1:
        move_chapter(version, "n1", actor=owner, direction="down")


def started_by_nodes(book: Book, document: StorylineDocument, owner: User) -> ProcessingSession:
    """Start the nodes in one step; asked for again while they are written, there is still one session."""
    found = ProcessingSession.objects.filter(
        version__book=book, version__storyline_digest=storyline_digest(document)
    )
    return found.filter(status="completed").first() or start_nodes(book, document, actor=owner)[0]
