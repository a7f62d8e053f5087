"""What a book will come to before anything is spent: words, time and cost, as ranges, or openly not known."""

from collections.abc import Sequence
from dataclasses import dataclass

QUOTATIONS = "quotations"

# A chapter of quotations has about 700 words, and leaves at least a fifth of a short source out.
_QUOTATION_WORDS = (500, 900)
_QUOTATION_SHARES = (0.5, 0.8)
# A model is asked for at most 3,600 tokens, about 2,600 words.
_MODEL_WORDS = (800, 2_600)
# Where a person asks for a length: how far below and above it a chapter comes out.
_ASKED_OF = 900
_ASKED_SHARES = (0.6, 1.2)

_SECONDS_PER_CHAPTER = {QUOTATIONS: (0.05, 0.4)}
_WITHOUT_COST = frozenset({QUOTATIONS, "ollama", "vllm"})


@dataclass(frozen=True)
class Span:
    """From the least to the most that is expected."""

    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What to expect of a book. None is "not known", of `costs_nothing` "the provider sets the price"."""

    chapter_count: int
    chunk_count: int
    source_word_count: int
    words: Span | None
    seconds: Span | None
    costs_nothing: bool | None

    @property
    def minutes(self) -> Span | None:
        """The time in minutes."""
        return Span(self.seconds.low / 60, self.seconds.high / 60) if self.seconds else None


def estimate(
    source_word_counts: Sequence[int],
    *,
    chunk_count: int,
    writer: str = QUOTATIONS,
    workers: int = 1,
    words_per_chapter: int | None = None,
) -> Estimate:
    """Return what a book will come to.

    `source_word_counts`: for each chapter the words of its chunks, or of its summary where it has none.
    `workers`: how many chapters may be written at once. `writer`: `quotations`, `openai:…`, `python:…`.
    `words_per_chapter`: what the person asks for, None where they do not.
    """
    backend = writer.partition(":")[0]
    return Estimate(
        chapter_count=len(source_word_counts),
        chunk_count=chunk_count,
        source_word_count=sum(source_word_counts),
        words=_words(source_word_counts, backend, words_per_chapter),
        seconds=_seconds(len(source_word_counts), backend, workers),
        costs_nothing=True if backend in _WITHOUT_COST else None,
    )


def _words(source_word_counts: Sequence[int], backend: str, asked: int | None) -> Span | None:
    if backend == "python":
        return None
    if backend != QUOTATIONS:
        low, high = (round(asked * share) for share in _ASKED_SHARES) if asked else _MODEL_WORDS
        return Span(low * len(source_word_counts), high * len(source_word_counts))
    low, high = (
        sum(
            min(most * (asked or _ASKED_OF) // _ASKED_OF, round(words * share))
            for words in source_word_counts
        )
        for most, share in zip(_QUOTATION_WORDS, _QUOTATION_SHARES, strict=True)
    )
    return Span(low, high)


def _seconds(chapters: int, backend: str, workers: int) -> Span | None:
    per_chapter = _SECONDS_PER_CHAPTER.get(backend)
    if per_chapter is None:
        return None
    turns = -(-chapters // max(workers, 1))
    return Span(turns * per_chapter[0], turns * per_chapter[1])
