"""What goes into an agent and comes out of it: plain frozen values, no database, no model provider."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from books.text.storable import clean

from .failures import Failure

JSON = Mapping[str, object]
OnText = Callable[[str], None]


@dataclass(frozen=True)
class SourceChunk:
    """A piece of transcript. `id` is the upload's; times are seconds from the recording's start."""

    id: str
    text: str
    speaker: str = ""
    speakers: tuple[str, ...] = ()
    source: str = ""
    sequence: int | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None


@dataclass(frozen=True)
class SourceNode:
    """The storyline node that a chapter is written from."""

    id: str
    title: str
    summary: str = ""
    summary_origin: str = ""
    themes: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    temporal_info: object = None


@dataclass(frozen=True)
class EarlierChapter:
    """A chapter that this one depends on, told in one line. The rest is known of the nearest six only.

    `text` is its whole Markdown, `ending` the end of it; `cited` are the ids that stand there as citation marks.
    """

    number: int
    title: str
    line: str = ""
    ending: str = ""
    participants: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class KnownFact:
    """A sentence of an earlier chapter, as it stands there, about a name that this chapter's sources have, too.

    `kind` is "introduction" (the chapter's first sentence with the name) or "figure" (one with a number or a date);
    `chunk_ids` are the passages that the sentence rests on there.
    """

    name: str
    sentence: str
    chapter: int
    kind: str = "introduction"
    chunk_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class RelatedNode:
    """A storyline node that the upload links to this one, written or not. `relation` is the link's type."""

    id: str
    title: str
    summary: str = ""
    relation: str = ""


@dataclass(frozen=True)
class ChapterContext:
    """What a writer may know besides the sources: only chapters that this one depends on, and the storyline itself.

    `chapters` are ascending, the last is the previous one; `left_out` counts those before them. `facts` come the most
    useful first, `related` the most closely linked first.
    """

    chapters: tuple[EarlierChapter, ...] = ()
    left_out: int = 0
    facts: tuple[KnownFact, ...] = ()
    related: tuple[RelatedNode, ...] = ()

    @property
    def previous(self) -> EarlierChapter | None:
        """The nearest chapter that this one depends on."""
        return self.chapters[-1] if self.chapters else None


@dataclass(frozen=True)
class ChapterTask:
    """One chapter to write. `book_metadata` has book_id, title, subtitle, author, language.

    `user_preferences` is what the person wishes, checked; each key may be missing: `words_per_chapter` (150 to 5,000),
    `language`, `audience`, `person` ("first", "third", "as the speakers do"), `tense` ("past", "present"), `tone`,
    `style_notes`, `names` (lines like "Ottilie, not Otilie"), and any key that the person added. What the person wants
    withheld (`leave_out`) is not among them: passages that tell of it are taken out before (`withheld_chunk_ids`).
    books.preferences.reading reads names and numbers from it. `note` is what the person asks of the
    writer who writes this chapter once more, "" where it is written for the first time or nothing was said.
    """

    chapter_number: int
    title: str
    storyline_node: SourceNode
    text_chunks: tuple[SourceChunk, ...]
    previous_context: ChapterContext = ChapterContext()
    book_metadata: JSON = field(default_factory=dict)
    user_preferences: JSON = field(default_factory=dict)
    note: str = ""
    withheld_chunk_ids: tuple[str, ...] = ()
    task_type: Literal["write_chapter"] = "write_chapter"

    @property
    def number(self) -> int:
        """Return `chapter_number`: its old name, until 1.0, as are those below."""
        return self.chapter_number

    @property
    def node(self) -> SourceNode:
        """Return `storyline_node`."""
        return self.storyline_node

    @property
    def chunks(self) -> tuple[SourceChunk, ...]:
        """Return `text_chunks`."""
        return self.text_chunks

    @property
    def context(self) -> ChapterContext:
        """Return `previous_context`."""
        return self.previous_context

    @property
    def book(self) -> JSON:
        """Return `book_metadata`."""
        return self.book_metadata

    @property
    def preferences(self) -> JSON:
        """Return `user_preferences`."""
        return self.user_preferences


@dataclass(frozen=True)
class ChapterResult:
    """What a writer returns: `content` is the chapter in Markdown.

    `confidence` is 0 to 1 (shown as "coverage") or None where the writer cannot say. `quality_score` is the writer's
    own opinion, 0 to 1, kept among its metrics; the chapter's score is measured. Where `success` is false, `error` says
    why, and the attempt has failed as if the writer had raised it.
    """

    content: str
    title: str = ""
    themes: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source_chunk_ids: tuple[str, ...] = ()
    confidence: float | None = None
    quality_metrics: JSON = field(default_factory=dict)
    usage: JSON = field(default_factory=dict)
    quality_score: float | None = None
    success: bool = True
    error: str = ""

    @property
    def markdown(self) -> str:
        """Return `content`: its old name, until 1.0."""
        return self.content


class ChapterDraft(ChapterResult):
    """The old name of ChapterResult, whose `content` was called `markdown`: for `python:` writers, until 1.0."""

    def __init__(self, markdown: str = "", *more: Any, content: str = "", **named: Any) -> None:
        """`content` is what dataclasses.replace() says where only other values change."""
        super().__init__(markdown or content, *more, **named)


class AgentError(Exception):
    """An agent failed in a known way. `retry_after` is in seconds, where the provider asked for a wait.

    `text` is what had been written, where that is more than `on_text` was told.
    """

    def __init__(self, code: str, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(message or code)
        self.code = Failure(code)
        self.message = clean(str(message))
        self.retry_after = _seconds(retry_after)
        self.text = ""


def _seconds(value: object) -> float | None:
    """Return a wait that a provider named, or None where it is none: writers pass on what they were told."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None


class AgentCancelled(BaseException):
    """The attempt was cancelled or its lease is lost: stop writing.

    Not an Exception, so that a writer's own handlers let it pass.
    """


class ChapterWriter(Protocol):
    """A Chapter Writer. `python:` factories return one; it may return a plain dict with a result's keys.

    A factory with a true attribute `waits` says that `write` waits most of its time: many then run in one process, each
    in a thread and with a writer of its own.
    """

    def write(self, task: ChapterTask, on_text: OnText) -> ChapterResult | Mapping[str, object]: ...


@dataclass(frozen=True)
class WrittenChapter:
    """A chapter as the harmonizer and the questioner see it. `chunks` are those of its node."""

    number: int
    title: str
    markdown: str
    node: SourceNode
    chunks: Sequence[SourceChunk]
