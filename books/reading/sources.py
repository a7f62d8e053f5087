"""The passages that a revision rests on, numbered as its citation marks are. Reads, changes nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from books.models import BookVersion, ChapterRevision, Citation, NodeChunk, StorylineNode, TextChunk
from books.sources import SourceRules, readable, rules_of
from chapterflow_site.templatetags.interface import clock

RINGS = 4


@dataclass(frozen=True)
class Voice:
    """A speaker's mark: a letter in one of four rings. `ring` is 1 to 4."""

    name: str
    letter: str
    ring: int


class Marked(NamedTuple):
    """A piece of a passage: `is_quoted` where the chapter quotes it."""

    text: str
    is_quoted: bool = False


@dataclass(frozen=True)
class PassageView:
    """One citation. `number` is its chunk's: 1, 2, 3 in order of first use. `paragraph` counts from 0."""

    number: int
    paragraph: int
    quote: str
    chunk_id: str
    text: str
    speaker: str
    source: str
    start_seconds: float | None
    end_seconds: float | None


@dataclass(frozen=True)
class SourceView:
    """One cited chunk with every quote that the revision takes from it."""

    number: int
    chunk_id: str
    text: str
    speaker: str
    source: str
    start_seconds: float | None
    end_seconds: float | None
    voice: Voice
    quotes: tuple[str, ...]

    @property
    def place(self) -> str:
        """Who said it, on which recording, when: "Ottilie Varnholt, Tape 3, 12:41"."""
        parts = (self.speaker, self.source, clock(self.start_seconds))
        return (
            ", ".join(" ".join(part.split()) for part in parts if part.strip()) or f"Passage {self.chunk_id}"
        )

    @property
    def marked_text(self) -> list[Marked]:
        """The chunk's text, in pieces, with what is quoted from it marked."""
        return mark_quotes(self.text, self.quotes)


def passages_of(revision: ChapterRevision | None) -> list[PassageView]:
    """Return the citations of `revision` in order; none for a chapter without a text."""
    if revision is None:
        return []
    version = BookVersion.objects.select_related("book").get(chapters__revisions=revision.pk)
    return passages_by_revision([revision.pk], rules_of(version))[revision.pk]


def passages_of_node(node: StorylineNode) -> list[PassageView]:
    """Return what a chapter that has no text yet is to be written from, in the node's order; nothing is quoted yet."""
    rules = rules_of(BookVersion.objects.select_related("book").get(nodes=node.pk))
    rows = NodeChunk.objects.filter(node=node).order_by("position").select_related("chunk")
    return [_passage(row.chunk, number, 0, "", rules) for number, row in enumerate(rows, start=1)]


def passages_by_revision(
    revision_ids: Collection[int], rules: SourceRules, *, with_text: bool = True
) -> dict[int, list[PassageView]]:
    """Return the citations of many revisions, each chunk read once; `with_text` says whether its text is."""
    found: dict[int, list[PassageView]] = {pk: [] for pk in revision_ids}
    citations = list(
        Citation.objects.filter(revision__in=found)
        .order_by("revision", "position")
        .values_list("revision_id", "chunk_id", "paragraph", "quote")
    )
    chunks = _chunks_by_id({chunk_id for _, chunk_id, _, _ in citations}, with_text=with_text)
    numbers: dict[int, dict[int, int]] = {pk: {} for pk in found}
    for revision_id, chunk_id, paragraph, quote in citations:
        of_revision = numbers[revision_id]
        number = of_revision.setdefault(chunk_id, len(of_revision) + 1)
        found[revision_id].append(_passage(chunks[chunk_id], number, paragraph, quote, rules))
    return found


def sources_of(passages: Iterable[PassageView]) -> list[SourceView]:
    """Gather passages by their chunk, in the order of their numbers."""
    by_number: dict[int, list[PassageView]] = {}
    for passage in passages:
        by_number.setdefault(passage.number, []).append(passage)
    voices = voices_of(group[0].speaker for group in by_number.values())
    return [_source(group, voices[group[0].speaker]) for group in by_number.values()]


def voices_of(speakers: Iterable[str]) -> dict[str, Voice]:
    """Give each speaker a letter and a ring, in order of first appearance."""
    voices: dict[str, Voice] = {}
    for name in speakers:
        if name not in voices:
            letter = next((character for character in name if character.isalnum()), "·").upper()[:1]
            voices[name] = Voice(name, letter, len(voices) % RINGS + 1)
    return voices


def mark_quotes(text: str, quotes: Iterable[str]) -> list[Marked]:
    """Take `text` apart into what is quoted of it and what is not; a quote that is not in it marks nothing."""
    pieces: list[Marked] = []
    at = 0
    for start, end in _merged(_places(text, quotes)):
        pieces += [Marked(text[at:start]), Marked(text[start:end], is_quoted=True)]
        at = end
    return [piece for piece in [*pieces, Marked(text[at:])] if piece.text]


def _places(text: str, quotes: Iterable[str]) -> list[tuple[int, int]]:
    found = ((text.find(quote), len(quote)) for quote in dict.fromkeys(quotes) if quote)
    return sorted((start, start + length) for start, length in found if start >= 0)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


_PLAIN = ("id", "key", "speaker", "speakers", "source", "start_seconds", "end_seconds", "turns")


def _chunks_by_id(ids: set[int], *, with_text: bool) -> dict[int, TextChunk]:
    if with_text:
        return TextChunk.objects.defer("extra").in_bulk(ids)
    plain = {
        row.pk: TextChunk(**{name: getattr(row, name) for name in _PLAIN})
        for row in TextChunk.objects.filter(pk__in=ids).only(*_PLAIN)
    }
    # Who says what and when stands inside the text of these; all else needs no text.
    in_turns = [pk for pk, chunk in plain.items() if chunk.turns]
    return plain | (TextChunk.objects.defer("extra").in_bulk(in_turns) if in_turns else {})


def _passage(chunk: TextChunk, number: int, paragraph: int, quote: str, rules: SourceRules) -> PassageView:
    speaker, seconds = rules.turn(chunk, quote)
    shown = readable(chunk, rules)
    return PassageView(
        number=number,
        paragraph=paragraph,
        quote=rules.withheld.mask(quote),
        chunk_id=chunk.key,
        text=shown.text,
        speaker=speaker or shown.speaker or ", ".join(shown.speakers),
        source=shown.source,
        start_seconds=chunk.start_seconds if seconds is None else seconds,
        end_seconds=chunk.end_seconds,
    )


def _source(passages: Sequence[PassageView], voice: Voice) -> SourceView:
    first = passages[0]
    return SourceView(
        number=first.number,
        chunk_id=first.chunk_id,
        text=first.text,
        speaker=first.speaker,
        source=first.source,
        start_seconds=first.start_seconds,
        end_seconds=first.end_seconds,
        voice=voice,
        quotes=tuple(dict.fromkeys(passage.quote for passage in passages if passage.quote)),
    )
