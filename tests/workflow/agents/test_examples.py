"""The example storylines from upload to the finished book, on the database."""

import io
import json
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User

from books.actions import add_sample_book, upload_storyline
from books.models import Citation, TextChunk
from books.text.citations import escape_markdown
from books.text.typography import fold
from tests.books.factories import exported
from workflow.actions import apply_change, start_session, undo_change
from workflow.engine import advance
from workflow.models import ChangeStatus, ProcessingSession

NODES_OF_THE_LARGE_ONE = 60


def finished(person: User, data: bytes, mode: str = "sequential") -> ProcessingSession:
    session, _ = start_session(upload_storyline(data, actor=person), actor=person, dependencies=mode)
    for _ in range(30):
        advance(session.pk)
    session.refresh_from_db()
    assert session.status == "completed"
    return session


def part_of(data: bytes) -> bytes:
    document = json.loads(data)
    nodes = document["nodes"][:NODES_OF_THE_LARGE_ONE]
    known = {node["id"] for node in nodes}
    for node in nodes:
        node["related"] = [other for other in node.get("related", []) if other["id"] in known]
    return json.dumps({**document, "nodes": nodes}).encode()


def assert_every_quote_is_verbatim(session: ProcessingSession) -> None:
    citations = Citation.objects.filter(revision__session_id=session.pk).select_related("chunk", "revision")
    assert citations.count() > 50
    for citation in citations:
        assert citation.quote in citation.chunk.text
        # As the source has it; the chapter may set another ellipsis or dash.
        assert fold(escape_markdown(citation.quote)) in fold(citation.revision.markdown)


@pytest.mark.parametrize("mode", ["sequential", "graph"])
def test_sample_book_is_completed_with_every_quote_verbatim(person: User, mode: str) -> None:
    session, _ = start_session(add_sample_book(actor=person), actor=person, dependencies=mode)
    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert session.questions.exists()
    assert_every_quote_is_verbatim(session)


@pytest.mark.parametrize("name", ["apollo13-10.json", "qmsum-1000.json"])
def test_every_quote_is_verbatim_after_harmonizing(
    person: User, example: Callable[[str], bytes], name: str
) -> None:
    data = example(name)

    session = finished(person, data if len(data) < 1_000_000 else part_of(data))

    assert_every_quote_is_verbatim(session)


def test_applied_change_is_undone_to_the_same_text_and_made_again(person: User) -> None:
    document = {
        "chunks": [
            {"id": f"c-{n}", "speaker": "Emm", "text": f"The water rose to step {n} that year."}
            for n in range(1, 5)
        ],
        "nodes": [
            {"id": f"n{n}", "title": f"Year {n}", "chunk_ids": [f"c-{n}"], "summary_origin": "person",
             "summary": f"It was “the year” of step {n}." if n < 4 else 'It was "the year" of step 4.'}
            for n in range(1, 5)
        ],
    }  # fmt: skip
    session = finished(person, json.dumps(document).encode())
    change = session.changes.filter(status=ChangeStatus.APPLIED).order_by("offset")[0]
    chapter = change.chapter
    harmonized = chapter.revisions.get(number=2).markdown
    written = chapter.revisions.get(number=1).markdown

    for each in session.changes.filter(status=ChangeStatus.APPLIED):
        undo_change(each, actor=person)
    chapter.refresh_from_db()
    undone = chapter.current_revision.markdown
    for each in session.changes.filter(status=ChangeStatus.UNDONE):
        apply_change(each, actor=person)
    chapter.refresh_from_db()

    assert written != harmonized
    assert undone == written
    assert chapter.current_revision.markdown == harmonized
    assert chapter.current_revision.origin == "person"


def test_node_without_chunks_is_its_summary_alone_and_a_question(person: User) -> None:
    data = json.dumps({"nodes": [{"id": "n1", "title": "Lost", "summary": "Nobody recorded this."}]}).encode()

    session = finished(person, data)

    chapter = session.version.chapters.get()
    assert "Nobody recorded this." in chapter.current_revision.markdown
    assert session.questions.filter(category="no_source", priority=1).exists()
    assert not TextChunk.objects.exists()


def test_a_title_with_a_number_of_its_own_is_numbered_once(person: User) -> None:
    chunks = [{"id": "c1", "text": "The first storm came in 1931 and took the roof."}]
    nodes = [
        {"id": "a", "title": "Chapter 1: Storm", "chunk_ids": ["c1"]},
        {"id": "b", "title": "Storm 2", "summary": "A second storm."},
        {"id": "c", "title": "Storm 2", "summary": "A third storm."},
    ]
    book = {"title": 'Bread & Roses <1931> / "Hull"'}
    session = finished(person, json.dumps({"book": book, "chunks": chunks, "nodes": nodes}).encode())

    with zipfile.ZipFile(io.BytesIO(exported(session.version, "epub"))) as archive:
        names = [name for name in archive.namelist() if name.endswith((".xhtml", ".opf", ".ncx"))]
        pages = {name: ElementTree.fromstring(archive.read(name)) for name in names}
    markdown = exported(session.version, "md").decode()

    contents = "".join(pages["EPUB/nav.xhtml"].itertext())
    assert [line.strip() for line in contents.splitlines() if "Storm" in line] == [
        "1. Storm", "2. Storm 2", "3. Storm 2",
    ]  # fmt: skip
    assert "## 1\\. Storm\n" in markdown
    assert not any("Chapter 1:" in "".join(page.itertext()) for page in pages.values())
    assert "Chapter 1:" not in markdown
