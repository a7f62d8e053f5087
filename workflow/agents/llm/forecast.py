"""What a book will take of a language model before anything is spent: words, tokens and money, as ranges."""

from collections.abc import Mapping, Sequence

from books.storyline.values.estimate import Forecast, Span

from .answers import SHORTEST_OF_SOURCES
from .prompt.budgets import CLOSING_BLOCK, LEDGER, RELATED, RULES, SOURCES, STORY, TAIL, TASK, TOKENS_PER_WORD
from .prompt.preference_lines import wanted_words
from .providers.backends import is_model, split_models
from .providers.prices import cost_of

# What is sent besides the sources: at least rules and task, at most every block full.
LEAST_BESIDES = RULES // 2 + TASK // 2
MOST_BESIDES = RULES + STORY + LEDGER + RELATED + TAIL + TASK
# Tokens that a word of the sources takes: an English one, or one of another language, with ids and speakers.
SOURCE_TOKENS_PER_WORD = (1.2, 1.7)
LEAST_TOKENS_PER_WORD = 1.25
# Lengths that are accepted lie within half and one and a half of what was asked for; most are nearer.
WORD_SHARES = (0.7, 1.3)
# Every second chapter is corrected once or tried again, if it goes badly.
MOST_CALLS = 1.5


def forecast(
    writer: str, source_word_counts: Sequence[int], preferences: Mapping[str, object]
) -> Forecast | None:
    """Return what a model needs for these chapters; None for a writer that is no model."""
    if not is_model(writer):
        return None
    chapters, words = len(source_word_counts), wanted_words(preferences)
    low = round(sum(min(WORD_SHARES[0] * words, SHORTEST_OF_SOURCES * count) for count in source_word_counts))
    high = round(chapters * words * WORD_SHARES[1])
    closing = chapters * CLOSING_BLOCK
    into = Span(
        sum(LEAST_BESIDES + _packed(count, SOURCE_TOKENS_PER_WORD[0]) for count in source_word_counts),
        round(
            MOST_CALLS
            * sum(MOST_BESIDES + _packed(count, SOURCE_TOKENS_PER_WORD[1]) for count in source_word_counts)
        ),
    )
    out = Span(
        round(low * LEAST_TOKENS_PER_WORD + closing / 4),
        round(MOST_CALLS * (high * TOKENS_PER_WORD + closing)),
    )
    return Forecast(Span(low, high), into, out, _micros(writer, into, out))


def _packed(words: int, tokens_per_word: float) -> int:
    return min(SOURCES, round(words * tokens_per_word))


def _micros(writer: str, into: Span, out: Span) -> Span | None:
    """Of a fallback list any may write the book: from the cheapest to the dearest; unknown where one is."""
    low = [cost_of(name, round(into.low), round(out.low)) for name in split_models(writer)]
    high = [cost_of(name, round(into.high), round(out.high)) for name in split_models(writer)]
    known_low = [each for each in low if each is not None]
    known_high = [each for each in high if each is not None]
    if len(known_low) < len(low) or len(known_high) < len(high):
        return None
    return Span(min(known_low), max(known_high))
