"""Describes what a writer was given for an attempt, and what was shortened or left out, in words for a person."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import ngettext

from books.models import Chapter
from books.reading import SourceView
from books.reading.lists import number_runs

from .record import PromptRecord

NAMED_AT_MOST = 40
_NAMES = {
    "rules": "Rules and your wishes",
    "story": "The story so far",
    "ledger": "Facts from earlier chapters",
    "related": "Related storylines",
    "tail": "End of the previous chapter",
    "sources": "Passages",
    "task": "This chapter",
}
_WINDOW_KNOWN_FROM = {
    "setting": "takes {tokens} at once, as this installation says",
    "answer": "takes {tokens} at once, as it said itself",
    "server": "takes {tokens} at once, as its server says",
    "profile": "takes {tokens} at once",
    "guess": "said that more would be too much",
}


@dataclass(frozen=True)
class Piece:
    """A piece of a sentence, with the address that it leads to, if it leads anywhere."""

    text: str
    href: str = ""


Line = tuple[Piece, ...]


@dataclass(frozen=True)
class ReportPart:
    """One part of what was given. `used` is its tokens and how many it may have; "" where nothing is counted."""

    name: str
    used: str
    lines: tuple[Line, ...]
    is_shortened: bool = False


@dataclass(frozen=True)
class PromptReport:
    """All parts, in the order in which the writer got them, and a sentence about the whole."""

    parts: tuple[ReportPart, ...]
    summary: str = ""

    @property
    def is_counted(self) -> bool:
        """Whether tokens are counted."""
        return any(part.used for part in self.parts)


@dataclass(frozen=True)
class Places:
    """Where things can be looked at: chapters by number, passages by id, other nodes' chapters by the node's id."""

    chapter: Chapter
    sources: Mapping[str, int] = field(default_factory=dict)
    nodes: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def to_chapter(self, number: int) -> str:
        """Return the address of a chapter of this version."""
        version = self.chapter.version
        return reverse("chapter", args=[version.book.book_id, version.number, number])

    def to_passage(self, chunk_id: str) -> str:
        """Return where the passage is shown; "" where the present text does not rest on it."""
        version = self.chapter.version
        page = reverse("chapter_sources", args=[version.book.book_id, version.number, self.chapter.number])
        return f"{page}#p{self.sources[chunk_id]}" if chunk_id in self.sources else ""


def places_for(chapter: Chapter, records: Iterable[PromptRecord], sources: Sequence[SourceView]) -> Places:
    """Return where everything that these records name can be looked at: one query."""
    nodes = sorted({node for record in records for node in record.related_nodes})
    rows = Chapter.objects.filter(version=chapter.version_id, node__key__in=nodes[:400])
    found = {key: (number, title) for key, number, title in rows.values_list("node__key", "number", "title")}
    return Places(chapter, {source.chunk_id: source.number for source in sources}, found)


def describe(record: PromptRecord, places: Places) -> PromptReport:
    """Put a record into words."""
    words = _Words(record, places)
    if record.blocks:
        parts = [
            ReportPart(
                _NAMES.get(block.name, block.name.capitalize()),
                f"{block.tokens:,} of {block.budget:,}",
                tuple(words.of_block(block.name, block.state)),
                block.state == "shortened",
            )
            for block in record.blocks
        ]
        return PromptReport(tuple(parts), _summary(record))
    simple = [("story", words.story()), ("ledger", words.facts()), ("related", words.related())]
    simple += [("tail", words.tail("whole")), ("sources", words.passages())]
    names = {**_NAMES, "tail": "The previous chapter"} if record.is_quotations else _NAMES
    found = [(names[name], tuple(lines)) for name, lines in simple]
    return PromptReport(tuple(ReportPart(name, "", lines) for name, lines in found if lines))


def _summary(record: PromptRecord) -> str:
    to = f" to {record.model}" if record.model else ""
    sent = f"About {record.tokens:,} tokens were sent{to}"
    known = _WINDOW_KNOWN_FROM.get(record.window_from)
    if known is None or not record.window:
        return f"{sent}. Nobody has said how many it takes at once, so 16,384 were assumed."
    return f"{sent}, which {known.format(tokens=f'{record.window:,}')}."


class _Words:
    """The lines of each part of one record."""

    def __init__(self, record: PromptRecord, places: Places) -> None:
        self._record = record
        self._places = places

    def of_block(self, name: str, state: str) -> Iterator[Line]:
        """Yield what is in a block, and what of it was shortened or left out."""
        if name == "story":
            yield from self.story()
        elif name == "ledger":
            yield from self.facts()
        elif name == "related":
            yield from self.related()
        elif name == "tail":
            yield from self.tail(state)
        elif name == "sources":
            yield from self.passages()
        elif name == "rules":
            yield _line("All." if state == "whole" else "The last of your wishes had no room.")
        else:
            yield _line("All." if state == "whole" else "Its summary was shortened.")

    def story(self) -> Iterator[Line]:
        """Yield how earlier chapters were told."""
        record = self._record
        if record.chapters:
            yield (Piece("A line each: "), *self._chapters(record.chapters))
        if record.titles:
            yield (Piece("Only their titles: "), *self._chapters(record.titles))
        left_out = record.left_out_chapters
        if left_out:
            words = ngettext(
                "%s earlier chapter is only counted.", "%s earlier chapters are only counted.", left_out
            )
            yield _line(words % f"{left_out:,}")
        if record.blocks and not (record.chapters or record.titles or left_out):
            yield _line("Nothing: it depends on no other chapter.")

    def facts(self) -> Iterator[Line]:
        """Yield which names facts were given about, and which had no room."""
        record = self._record
        for label, facts in (("About ", record.facts), ("No room for: ", record.facts_left_out)):
            names = list(facts.items())
            pieces = [
                piece
                for at, (name, numbers) in enumerate(names[:NAMED_AT_MOST])
                for piece in (Piece("; " if at else label), *self._fact(name, numbers))
            ]
            if pieces:
                yield (*pieces, Piece(_and_more(len(names))))
        if record.blocks and not record.facts and not record.facts_left_out:
            yield _line("Nothing is told yet about the names in these passages.")

    def related(self) -> Iterator[Line]:
        """Yield which storylines were summed up."""
        record = self._record
        for label, ids in (
            ("Summed up: ", record.related),
            ("Shortened: ", record.related_shortened),
            ("No room for: ", record.related_left_out),
        ):
            if ids:
                yield (Piece(label), *_joined([self._node(node) for node in ids[:NAMED_AT_MOST]]))
        if record.blocks and not record.related_nodes:
            yield _line("No storyline is linked to this one.")

    def tail(self, state: str) -> Iterator[Line]:
        """Yield of which chapter the writer saw the end."""
        previous = self._record.previous
        if previous is None:
            if self._record.blocks:
                yield _line("There is none.")
            return
        chapter = Piece(f"Chapter {previous}", self._places.to_chapter(previous))
        if self._record.is_quotations:
            yield (Piece("Who was heard in "), Piece(f"chapter {previous}", chapter.href), Piece("."))
        else:
            yield (chapter, Piece(", its last sentences." if state == "shortened" else "."))

    def passages(self) -> Iterator[Line]:
        """Yield which passages were whole, shortened, left out or altered."""
        record = self._record
        whole = record.whole if record.blocks else record.chunks
        if whole:
            label = ngettext("%s whole: ", "%s whole: ", len(whole)) % f"{len(whole):,}"
            yield (
                Piece(label),
                *_joined([self._passage(each) for each in whole[:NAMED_AT_MOST]]),
                *_rest(whole),
            )
        for chunk_id, kept, tokens in record.shortened[:NAMED_AT_MOST]:
            yield (Piece("Shortened: "), self._passage(chunk_id), Piece(f", {kept:,} of {tokens:,} tokens."))
        for chunk_id, reason in record.left_out[:NAMED_AT_MOST]:
            yield (Piece("Left out: "), self._passage(chunk_id), Piece(f", {reason}." if reason else "."))
        if record.altered:
            yield (
                Piece("With a space in signs that could be taken for a command: "),
                *_joined([self._passage(each) for each in record.altered[:NAMED_AT_MOST]]),
            )
        if not (whole or record.shortened or record.left_out):
            yield _line("None: only the storyline’s summary.")

    def _chapters(self, numbers: Sequence[int]) -> Line:
        """Return "chapters 41 to 50", each number a link."""
        runs = [
            [self._number(first)]
            if first == last
            else [self._number(first), Piece(" to "), self._number(last)]
            for first, last in number_runs(sorted(set(numbers)))
        ]
        return (
            *(piece for at, run in enumerate(runs) for piece in ([Piece(", ")] if at else []) + run),
            Piece("."),
        )

    def _fact(self, name: str, numbers: Sequence[int]) -> Line:
        return (Piece(f"{name} ("), *_joined([self._number(each) for each in numbers], end=")"))

    def _number(self, number: int) -> Piece:
        return Piece(str(number), self._places.to_chapter(number))

    def _node(self, node: str) -> Piece:
        if node not in self._places.nodes:
            return Piece(node)
        number, title = self._places.nodes[node]
        return Piece(f"{number}. {title}", self._places.to_chapter(number))

    def _passage(self, chunk_id: str) -> Piece:
        return Piece(chunk_id, self._places.to_passage(chunk_id))


def _line(text: str) -> Line:
    return (Piece(text),)


def _joined(pieces: Sequence[Piece], end: str = "") -> Line:
    joined = [each for at, piece in enumerate(pieces) for each in ([Piece(", ")] if at else []) + [piece]]
    return (*joined, Piece(end)) if end else tuple(joined)


def _rest(ids: Sequence[str]) -> Line:
    more = _and_more(len(ids))
    return (Piece(more),) if more else ()


def _and_more(count: int) -> str:
    return f" and {count - NAMED_AT_MOST:,} more" if count > NAMED_AT_MOST else ""
