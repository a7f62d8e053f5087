"""The estimate: ranges where something is known, and open about what is not."""

import pytest

from books.storyline.values.estimate import Forecast, Span, estimate


def test_quotations_never_have_more_than_most_of_the_source() -> None:
    found = estimate([100, 10_000], chunk_count=7)

    assert found.words == Span(50 + 500, 80 + 900)
    assert (found.chapter_count, found.chunk_count, found.source_word_count) == (2, 7, 10_100)
    assert found.costs_nothing is True


def test_time_of_quotations_is_a_range_by_chapters_and_how_many_at_once() -> None:
    alone = estimate([500] * 10, chunk_count=0)
    together = estimate([500] * 10, chunk_count=0, at_once=4)

    assert alone.seconds == Span(0.5, 4.0)
    assert alone.minutes == Span(0.5 / 60, 4.0 / 60)
    assert together.seconds == Span(pytest.approx(0.15), pytest.approx(1.2))


@pytest.mark.parametrize("writer", ["openai:gpt-5:mini", "ollama:llama", "python:a.b:c", "something new"])
def test_time_of_other_writers_is_not_known(writer: str) -> None:
    found = estimate([500], chunk_count=1, writer=writer)

    assert (found.seconds, found.minutes) == (None, None)


@pytest.mark.parametrize("writer", ["openai:gpt-5", "ollama:llama", "python:a.b:c"])
def test_of_other_writers_nothing_is_known_but_what_they_say_themselves(writer: str) -> None:
    found = estimate([500, 2], chunk_count=1, writer=writer)

    assert (found.words, found.input_tokens, found.micros, found.costs_nothing) == (None, None, None, None)


@pytest.mark.parametrize(
    ("micros", "costs_nothing"), [(None, None), (Span(0, 0), True), (Span(0, 10), False)]
)
def test_forecast_of_a_writer_is_taken_over(micros: Span | None, costs_nothing: bool | None) -> None:
    needs = Forecast(Span(1, 2), Span(3, 4), Span(5, 6), micros)

    found = estimate([500], chunk_count=1, writer="openai:gpt-5", forecast=needs)

    assert (found.words, found.input_tokens, found.output_tokens) == (Span(1, 2), Span(3, 4), Span(5, 6))
    assert found.costs_nothing is costs_nothing


def test_quotations_need_no_tokens() -> None:
    found = estimate([500], chunk_count=1)

    assert (found.input_tokens, found.output_tokens, found.micros) == (Span(0, 0), Span(0, 0), Span(0, 0))


def test_no_chapters_take_nothing() -> None:
    assert estimate([], chunk_count=0).seconds == Span(0, 0)


def test_words_that_are_asked_for_move_the_estimate() -> None:
    quotations = estimate([100, 10_000], chunk_count=7, words_per_chapter=1_800)

    assert quotations.words == Span(50 + 1_000, 80 + 1_800)
