"""Reading the outermost object of an upload: format, book, and the lists of chunks, nodes and links."""

from books.storyline.limits import Limits
from books.storyline.names import BOOK, DOCUMENT, NODE
from books.storyline.shapes import Shape, shape_of
from books.storyline.source.kinds import transcript_sentence
from books.storyline.values.document import FORMAT, BookInfo
from books.storyline.wording import described, quoted
from books.text.tags import tag_named

from .chunks import read_listed_chunk
from .fields import Fields
from .nodes import read_link, read_node
from .preferences import read_preferences
from .records import Records

_SUBTITLE_CHARACTERS = 500
_LANGUAGE_CHARACTERS = 35
_REFERENCES = frozenset({"chunk_ids", "chunks", "depends_on", "related"})


def read_contents(root: object, records: Records) -> tuple[BookInfo, dict[str, object]]:
    """Read a whole upload into `records`; return its book and the outermost keys that are not known."""
    shape = shape_of(root)
    fields = records.fields(shape.outer, (), DOCUMENT)
    _check_format(fields)
    book = _read_book(fields, records)
    for key in shape.read_keys:
        fields.value(key)
    limits = records.limits
    if not shape.nodes and shape.links:
        sentence = "There are only links. Put the nodes that they join into the same file, as “nodes”."
        fields.note("nodes", "only_links", sentence)
    elif _fits(shape, fields, limits):
        for key, items, most, read in (
            ("chunks", shape.chunks, limits.chunks, read_listed_chunk),
            ("nodes", shape.nodes, limits.nodes, read_node),
            ("links", shape.links, limits.links, read_link),
        ):
            if fields.name(key) not in shape.read_keys:
                # A value of another kind is noted here.
                fields.items(key)
            if len(items) > most:
                _note_too_many(fields, key, most, f"There are {len(items):,} {key}.")
                continue
            for item in items:
                read(item, records)
        _check_totals(fields, shape, records)
    return book, records.rest(fields)


def _check_format(fields: Fields) -> None:
    value = fields.value("format")
    if value is not None and value != FORMAT:
        sentence = f"The format {described(value)} is not known. Write {quoted(FORMAT)}, or leave it out."
        fields.note("format", "unknown_format", sentence)


def _read_book(document: Fields, records: Records) -> BookInfo:
    fields = records.fields(document.mapping("book"), ("book",), BOOK)
    return BookInfo(
        title=fields.line("title"),
        subtitle=fields.line("subtitle", _SUBTITLE_CHARACTERS),
        author=fields.line("author"),
        language=_read_language(fields),
        description=fields.text("description").strip(),
        preferences=read_preferences(
            fields.mapping("preferences"), ("book", "preferences"), records.findings
        ),
        extra=records.rest(fields),
    )


def _read_language(fields: Fields) -> str:
    said = fields.line("language", _LANGUAGE_CHARACTERS)
    tag = tag_named(said)
    if said and not tag and len(said) <= _LANGUAGE_CHARACTERS:
        sentence = (
            f"{quoted(said)} is no language that we know. Write its name, or its tag like “de” or “pt-BR”."
        )
        fields.note("language", "unknown_language", sentence)
    return tag


def _fits(shape: Shape, document: Fields, limits: Limits) -> bool:
    """Count what would cost work for each one before any of it is done; return whether it may begin."""
    inside = (
        len(items)
        for node in shape.nodes
        if isinstance(node.value, dict)
        for key, items in node.value.items()
        if isinstance(items, list) and NODE.meaning(key) in _REFERENCES
    )
    named, most = len(shape.links) + sum(inside), limits.references
    if named > most:
        sentence = f"Nodes and chunks are named {named:,} times by others; at most {most:,} times fit."
        document.note("nodes", "too_large", f"{sentence} Name fewer, or make several books of it.")
    return named <= most


def _check_totals(document: Fields, shape: Shape, records: Records) -> None:
    if not shape.nodes and document.peek("nodes") in (None, [], {}):
        known = transcript_sentence(shape.outer)
        document.note("nodes", "no_nodes", known or "There are no nodes. Write at least one, with an id.")
    for key, count, most in (
        ("chunks", len(records.chunks), records.limits.chunks),
        ("links", len(records.links), records.limits.links),
    ):
        if count > most:
            _note_too_many(document, key, most, f"With those inside nodes there are {count:,} {key}.")
    _check_words(document, records)


def _check_words(document: Fields, records: Records) -> None:
    most = records.limits.words
    # A word and its space are two characters: most storylines need no counting.
    if sum(len(chunk.text) for chunk in records.chunks.values()) >= 2 * most:
        words = sum(chunk.word_count for chunk in records.chunks.values())
        if words > most:
            document.note(
                "chunks", "too_large", f"The chunks have {words:,} words; at most {most:,} fit. Split them."
            )


def _note_too_many(document: Fields, key: str, most: int, counted: str) -> None:
    sentence = f"{counted} At most {most:,} fit in one storyline: make several books of it."
    document.note(key, "too_large", sentence)
