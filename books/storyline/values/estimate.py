"""What a book will come to before anything is spent: words, time and cost, as ranges, or openly not known."""

from collections.abc import Sequence
from dataclasses import dataclass

QUOTATIONS = "quotations"

# A chapter of quotations has about 700 words, and leaves at least a fifth of a short source out.
_QUOTATION_WORDS = (500, 900)
_QUOTATION_SHARES = (0.5, 0.8)
# The length that these are for, where a person does not ask for another.
_ASKED_OF = 900

_SECONDS_PER_CHAPTER = {QUOTATIONS: (0.05, 0.4)}


@dataclass(frozen=True)
class Span:
    """From the least to the most that is expected."""

    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """What a writer needs for a book. `micros` is money in millionths of a US dollar, None where no price is known."""

    words: Span
    input_tokens: Span
    output_tokens: Span
    micros: Span | None


@dataclass(frozen=True)
class Estimate:
    """What to expect of a book. None is "not known"; tokens and money are those of calls of a language model."""

    chapter_count: int
    chunk_count: int
    source_word_count: int
    words: Span | None
    seconds: Span | None
    input_tokens: Span | None = None
    output_tokens: Span | None = None
    micros: Span | None = None

    @property
    def costs_nothing(self) -> bool | None:
        """Whether nothing is paid for it; None where no price is known."""
        return self.micros.high == 0 if self.micros else None

    @property
    def minutes(self) -> Span | None:
        """The time in minutes."""
        return Span(self.seconds.low / 60, self.seconds.high / 60) if self.seconds else None


def estimate(
    source_word_counts: Sequence[int],
    *,
    chunk_count: int,
    writer: str = QUOTATIONS,
    at_once: int = 1,
    words_per_chapter: int | None = None,
    forecast: Forecast | None = None,
) -> Estimate:
    """Return what a book will come to.

    `source_word_counts`: for each chapter the words of its chunks, or of its summary where it has none.
    `at_once`: how many chapters the writer may write at once. `writer`: `quotations`, `openai:…`, `python:…`.
    `words_per_chapter`: what the person asks for, None where they do not. `forecast`: what the writer will need,
    where somebody knows it.
    """
    backend = writer.partition(":")[0]
    needs = forecast or (_nothing(source_word_counts, words_per_chapter) if backend == QUOTATIONS else None)
    return Estimate(
        chapter_count=len(source_word_counts),
        chunk_count=chunk_count,
        source_word_count=sum(source_word_counts),
        words=needs.words if needs else None,
        seconds=_seconds(len(source_word_counts), backend, at_once),
        input_tokens=needs.input_tokens if needs else None,
        output_tokens=needs.output_tokens if needs else None,
        micros=needs.micros if needs else None,
    )


def _nothing(source_word_counts: Sequence[int], asked: int | None) -> Forecast:
    """Quotations call no model."""
    return Forecast(_quotation_words(source_word_counts, asked), Span(0, 0), Span(0, 0), Span(0, 0))


def _quotation_words(source_word_counts: Sequence[int], asked: int | None) -> Span:
    low, high = (
        sum(
            min(most * (asked or _ASKED_OF) // _ASKED_OF, round(words * share))
            for words in source_word_counts
        )
        for most, share in zip(_QUOTATION_WORDS, _QUOTATION_SHARES, strict=True)
    )
    return Span(low, high)


def _seconds(chapters: int, backend: str, at_once: int) -> Span | None:
    per_chapter = _SECONDS_PER_CHAPTER.get(backend)
    if per_chapter is None:
        return None
    turns = -(-chapters // max(at_once, 1))
    return Span(turns * per_chapter[0], turns * per_chapter[1])
