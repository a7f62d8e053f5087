"""Which sentences of spoken text can stand in a book."""

import pytest

from workflow.agents.quotations.sentences import Sentence, find_sentences
from workflow.agents.quotations.turns import Line


def sentence(text: str) -> Sentence:
    return find_sentences([Line(0, 0, len(text), "")], [text])[0]


@pytest.mark.parametrize(
    "text", ["Okay.", "Yeah, yeah, right.", "(Music)", "1 4 6, minus 3 7.", "Um.", "Go."]
)
def test_noise_has_no_quality(text: str) -> None:
    assert sentence(text).quality == 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("We sold the bread at the market in town.", "We sold the bread at the"),
        ("We sold the bread at the market in town.", "Um uh we um sold uh bread at the market."),
        ("We sold the bread at the market in town.", "And that was the bread at the market."),
        ("We sold the bread at the market in town.", "Mr. Lee, you have the floor for the bread market."),
    ],
)
def test_whole_clean_sentences_are_better(better: str, worse: str) -> None:
    assert sentence(better).quality > sentence(worse).quality > 0


def test_quotes_begin_and_end_without_white_space_and_ellipses() -> None:
    text = "  …well, we left for the harbour… "

    found = sentence(text)

    assert found.text == text[found.start : found.end] == "well, we left for the harbour"
