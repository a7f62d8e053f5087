"""Storing a storyline as a new version of a book: whole or not at all."""

from collections.abc import Collection, Mapping
from typing import TypedDict

from django.contrib.auth.models import AbstractBaseUser, User

from books.models import Book, BookVersion, NodeChunk, StorylineLink, StorylineNode
from books.preferences.rule import first_preferences
from books.storyline.values.centrality import centrality_scores
from books.storyline.values.digest import storyline_digest
from books.storyline.values.document import NodeSpec, StorylineDocument
from books.storyline.values.order import writing_order
from books.text.detection import language_of
from books.text.words import count_words
from books.uploads import Upload, read_upload, reading_place
from chapterflow_site.core import crash_points
from chapterflow_site.core.rows import add_values

from .book import BookColumns, create_book
from .chunks import StoredChunk, known_chunk_ids, newest_chunks, store_chunks

# Columns times rows stay below what SQLite takes as parameters of one statement.
_BATCH = 500
_LANGUAGE_SAMPLE = 20_000
_SOURCE_NAME_CHARACTERS = 255


def upload_storyline(
    data: Upload,
    *,
    actor: User,
    book: Book | None = None,
    source_name: str = "",
    title: str = "",
    author: str = "",
) -> BookVersion:
    """Read, check and store an upload as a new version of `book`, or of a new book where there is none.

    `title` and `author` go before what the upload says of its book. Raises StorylineFaults (an Invalid)
    with every fault; then nothing is stored, no empty book either. TooSoon or Busy where too many are read now.
    """
    with reading_place(actor):
        known = known_chunk_ids(book) if book else ()
        return _stored(read_upload(data, known_chunk_ids=known), actor, book, source_name, title, author)


def _stored(
    document: StorylineDocument, actor: User, book: Book | None, source_name: str, title: str, author: str
) -> BookVersion:
    with crash_points.named_commit("upload_storyline"):
        if book is None:
            book = create_book(actor=actor, **_book_columns(document, source_name, title, author))
        return add_storyline(book, document, actor=actor, source_name=source_name)


@crash_points.named_commit("add_storyline")
def add_storyline(
    book: Book, document: StorylineDocument, *, actor: AbstractBaseUser | None, source_name: str = ""
) -> BookVersion:
    """Store a checked storyline as the next version of `book`, its outline in the order of writing.

    It starts with the last version's preferences, but for what the storyline says of them.
    The book gets the storyline's language where it has none of its own yet. Ids of chunks mean those of the
    document, or else the newest of the book's earlier uploads. Where no node has a centrality score, scores are
    computed from the links.
    """
    book = Book.objects.select_for_update().get(pk=book.pk)
    chunks = _resolved_chunks(book, document)
    version = _new_version(book, document, chunks, source_name)
    nodes = _store_nodes(version, document, chunks)
    _store_node_chunks(nodes, document, chunks)
    _store_links(version, nodes, document)
    _settle_language(version, document)
    book.save(update_fields=["language", "language_settled", "updated_at"])
    return version


def _book_columns(document: StorylineDocument, source_name: str, title: str, author: str) -> BookColumns:
    info = document.book
    name = source_name.rpartition(".")[0] or source_name
    return BookColumns(
        title=title or info.title or name.replace("_", " ").replace("-", " ").strip().capitalize(),
        subtitle=info.subtitle,
        author=author or info.author,
        description=info.description,
    )


def _settle_language(version: BookVersion, document: StorylineDocument) -> None:
    """Give the version's book the storyline's language where neither a person nor an earlier storyline has named one.

    What is written, or is being written, is in the book's language already: it stays then.
    """
    book = version.book
    if book.language_settled or (version.number > 1 and book.versions.exclude(started_at=None).exists()):
        return
    language = document.book.language or _language_of(document)
    if language:
        book.language, book.language_settled = language, True


def _language_of(document: StorylineDocument) -> str:
    """Return the language that the passages are certainly in, "" where that is not certain."""
    texts: list[str] = []
    for chunk in document.chunks:
        texts.append(chunk.text)
        if sum(map(len, texts)) > _LANGUAGE_SAMPLE:
            break
    return language_of(" ".join(texts)[:_LANGUAGE_SAMPLE])


def _resolved_chunks(book: Book, document: StorylineDocument) -> dict[str, StoredChunk]:
    stored = store_chunks(book, document.chunks)
    named = {chunk_id for node in document.nodes for chunk_id in node.chunk_ids}
    return newest_chunks(book, named - stored.keys()) | stored


def _new_version(
    book: Book, document: StorylineDocument, chunks: Mapping[str, StoredChunk], source_name: str
) -> BookVersion:
    last = book.versions.order_by("-number").first()
    used = {chunk_id for node in document.nodes for chunk_id in node.chunk_ids}
    return BookVersion.objects.create(
        book=book,
        number=last.number + 1 if last else 1,
        preferences=first_preferences(last, document.book.preferences),
        speaker_names=last.speaker_names if last else {},
        source_name=source_name[:_SOURCE_NAME_CHARACTERS],
        storyline_digest=storyline_digest(document),
        extra={
            "document": dict(document.extra),
            "book": dict(document.book.extra),
            "notices": [dict(vars(notice)) for notice in document.notices],
        },
        node_count=len(document.nodes),
        chunk_count=len(used),
        word_count=sum(chunks[chunk_id].word_count for chunk_id in used),
    )


def _store_nodes(
    version: BookVersion, document: StorylineDocument, chunks: Mapping[str, StoredChunk]
) -> dict[str, int]:
    scores = centrality_scores(document)
    order = writing_order([node.id for node in document.nodes], scores)
    place = {node_id: place for place, node_id in enumerate(order, start=1)}
    rows = [
        StorylineNode(
            version=version,
            position=position,
            place=place[node.id],
            centrality_score=scores[node.id],
            word_count=_source_words(node, chunks),
            **_node_columns(node),
        )
        for position, node in enumerate(document.nodes, start=1)
    ]
    StorylineNode.objects.bulk_create(rows, batch_size=_BATCH)
    return {row.key: row.pk for row in rows}


class _NodeColumns(TypedDict):
    key: str
    title: str
    summary: str
    summary_origin: str
    confidence: float | None
    themes: list[str]
    participants: list[str]
    temporal_info: object
    main_storyline: object
    depends_on: list[str]
    extra: dict[str, object]
    chunk_count: int


def _node_columns(node: NodeSpec) -> _NodeColumns:
    """Return the columns of a node that are the upload's own words."""
    return _NodeColumns(
        key=node.id,
        title=node.title,
        summary=node.summary,
        summary_origin=node.summary_origin,
        confidence=node.confidence,
        themes=list(node.themes),
        participants=list(node.participants),
        temporal_info=node.temporal_info,
        main_storyline=node.main_storyline,
        depends_on=list(node.depends_on),
        extra=dict(node.extra),
        chunk_count=len(_distinct(node.chunk_ids)),
    )


def _source_words(node: NodeSpec, chunks: Mapping[str, StoredChunk]) -> int:
    if not node.chunk_ids:
        return count_words(node.summary)
    return sum(chunks[chunk_id].word_count for chunk_id in _distinct(node.chunk_ids))


def _distinct(ids: Collection[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _store_node_chunks(
    nodes: Mapping[str, int], document: StorylineDocument, chunks: Mapping[str, StoredChunk]
) -> None:
    add_values(
        NodeChunk,
        ("node", "chunk", "position"),
        (
            (nodes[node.id], chunks[chunk_id].pk, position)
            for node in document.nodes
            for position, chunk_id in enumerate(_distinct(node.chunk_ids), start=1)
        ),
    )


def _store_links(version: BookVersion, nodes: Mapping[str, int], document: StorylineDocument) -> None:
    names = ("version", "source", "target", "relationship_type", "weight", "confidence", "evidence", "extra")
    add_values(
        StorylineLink,
        names,
        (
            (
                version.pk,
                nodes[link.source_id],
                nodes[link.target_id],
                link.relationship_type,
                link.weight,
                link.confidence,
                link.evidence,
                dict(link.extra),
            )
            for link in document.links
        ),
    )
