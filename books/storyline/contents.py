"""Reading the outermost object of an upload: format, book, and the lists of chunks, nodes and links."""

from collections.abc import Callable, Mapping

from books.text.tags import tag_named

from .chunks import read_listed_chunk
from .document import FORMAT, BookInfo
from .fields import Fields
from .nodes import read_link, read_node
from .preferences import read_preferences
from .records import Records
from .wording import Path, described, quoted

_SUBTITLE_CHARACTERS = 500
_LANGUAGE_CHARACTERS = 35
_REFERENCES = ("chunk_ids", "chunks", "depends_on", "related")


def read_contents(value: Mapping[str, object], records: Records) -> tuple[BookInfo, dict[str, object]]:
    """Read a whole document into `records`; return its book and the keys that are not known."""
    fields = records.fields(value, ())
    _check_format(fields)
    book = _read_book(fields, records)
    limits = records.limits
    if not _fits(fields, records):
        return book, fields.rest()
    _read_each(fields, "chunks", limits.chunks, lambda item, path: read_listed_chunk(item, path, records))
    _read_each(fields, "nodes", limits.nodes, lambda item, path: read_node(item, path, records))
    _read_each(fields, "links", limits.links, lambda item, path: read_link(item, path, records))
    _check_totals(fields, records)
    return book, fields.rest()


def _check_format(fields: Fields) -> None:
    value = fields.value("format")
    if value is not None and value != FORMAT:
        sentence = f"The format {described(value)} is not known. Write {quoted(FORMAT)}, or leave it out."
        fields.note("format", "unknown_format", sentence)


def _read_book(document: Fields, records: Records) -> BookInfo:
    fields = records.fields(document.mapping("book"), ("book",))
    return BookInfo(
        title=fields.line("title"),
        subtitle=fields.line("subtitle", _SUBTITLE_CHARACTERS),
        author=fields.line("author"),
        language=_read_language(fields),
        description=fields.text("description").strip(),
        preferences=read_preferences(
            fields.mapping("preferences"), ("book", "preferences"), records.findings
        ),
        extra=fields.rest(),
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


def _read_each(document: Fields, key: str, most: int, read: Callable[[object, Path], None]) -> None:
    items = document.items(key)
    if len(items) > most:
        _note_too_many(document, key, most, f"There are {len(items):,} {key}.")
        return
    for index, item in enumerate(items):
        read(item, (key, index))


def _fits(document: Fields, records: Records) -> bool:
    """Count what would cost work for each one before any of it is done; return whether it may begin."""
    most = records.limits.references
    counted = _counted_references(document)
    if counted > most:
        sentence = (
            f"{counted:,} times a node or a chunk is named by another; at most {most:,} fit. Name fewer."
        )
        document.note("nodes", "too_large", sentence)
        return False
    return True


def _counted_references(document: Fields) -> int:
    nodes, links = document.value("nodes"), document.value("links")
    listed = [
        node[key]
        for node in (nodes if isinstance(nodes, list) else ())
        if isinstance(node, dict)
        for key in _REFERENCES
        if key in node
    ]
    inside = sum(len(items) for items in listed if isinstance(items, list))
    return inside + (len(links) if isinstance(links, list) else 0)


def _check_totals(document: Fields, records: Records) -> None:
    if document.value("nodes") in (None, []):
        document.note("nodes", "no_nodes", "There are no nodes. Write at least one, with an id.")
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
