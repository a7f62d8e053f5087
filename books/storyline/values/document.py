"""The values that a checked storyline consists of; whoever holds one knows that it is free of faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from books.text.clean import CleanText, clean_transcript
from books.text.words import count_words

FORMAT = "chapterflow-storyline/1"

TEMPORAL_SEQUENCE = "TEMPORAL_SEQUENCE"
CAUSAL_LINK = "CAUSAL_LINK"
RELATED = "related"

DEPENDENCY_TYPES = frozenset({TEMPORAL_SEQUENCE, CAUSAL_LINK})
KNOWN_TYPES = DEPENDENCY_TYPES | {"THEMATIC_SIMILARITY", "SPATIAL_CONNECTION", "SHARED_PARTICIPANTS"}

TITLE_CHARACTERS = 80


@dataclass(frozen=True)
class BookInfo:
    """What the storyline says about its book. Empty text: it does not say."""

    title: str = ""
    subtitle: str = ""
    author: str = ""
    language: str = ""
    description: str = ""
    preferences: Mapping[str, object] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ChunkSpec:
    """A piece of transcript, its text exactly as uploaded. Times are seconds from the recording's start."""

    id: str
    text: str
    speaker: str = ""
    speakers: tuple[str, ...] = ()
    source: str = ""
    sequence: int | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def clean(self) -> CleanText:
        """What was said: the text without timecodes, tags and endless repetition."""
        return clean_transcript(self.text)

    @cached_property
    def word_count(self) -> int:
        """Words of what was said."""
        return count_words(self.clean.text)


@dataclass(frozen=True)
class NodeSpec:
    """A cluster of chunks. `temporal_info` and `main_storyline` are any JSON value, None where missing."""

    id: str
    title: str
    summary: str = ""
    summary_origin: str = ""
    centrality_score: float | None = None
    confidence: float | None = None
    themes: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    chunk_ids: tuple[str, ...] = ()
    temporal_info: object = None
    main_storyline: object = None
    depends_on: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkSpec:
    """A typed link from one node to another. `evidence` is text, or JSON as text."""

    source_id: str
    target_id: str
    relationship_type: str
    weight: float | None = None
    confidence: float | None = None
    evidence: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)


# The code of what was read under another name; every other notice is of what was not read.
READ_AS = "read_as"


@dataclass(frozen=True)
class Notice:
    """One thing to know: `place` names what it is about, `code` is for programs."""

    code: str
    place: str
    message: str


@dataclass(frozen=True)
class StorylineDocument:
    """A whole storyline: nodes and chunks in the upload's order, every id in it known and used once."""

    nodes: tuple[NodeSpec, ...]
    book: BookInfo = BookInfo()
    chunks: tuple[ChunkSpec, ...] = ()
    links: tuple[LinkSpec, ...] = ()
    format: str = FORMAT
    extra: Mapping[str, object] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @property
    def word_count(self) -> int:
        """Words of all chunks."""
        return sum({chunk.id: chunk.word_count for chunk in self.chunks}.values())


def title_from(summary: str, node_id: str) -> str:
    """Return a title for a node without one: the summary's first whole words, at most 80 characters."""
    words = " ".join(summary.split())
    if not words:
        return f"Node {node_id}"[:TITLE_CHARACTERS]
    if len(words) <= TITLE_CHARACTERS:
        return words
    cut, _, last = words[:TITLE_CHARACTERS].rpartition(" ")
    return (cut or last[:-1]).rstrip(",;:.–— -") + "…"
