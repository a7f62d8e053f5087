"""Where sentences of spoken text end, and which of them can stand in a book."""

import pytest

from workflow.agents.quotations.sentences import Sentence, find_sentences, split_sentences
from workflow.agents.quotations.turns import Line


def sentence(text: str) -> Sentence:
    return find_sentences([Line(0, 0, len(text), "")], [text])[0]


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Lee met Dr. Cruz at St. Mary's.",
        "It cost 3.50 in all.",
        "J. R. Smith came too.",
        "Well… not quite.",
        "They live in the U.S. and like it.",
    ],
)
def test_full_stops_inside_a_sentence_do_not_end_it(text: str) -> None:
    assert split_sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("We left. It rained! Why? “Nobody knows.” So it was.", 5),
        ("So did I. Then we left.", 2),
        ("你好。你去哪里？我回家！", 3),
        ("Really?! Yes.", 2),
        ("میں گیا۔ وہ آیا۔", 2),
        ("ខ្ញុំទៅ។ គាត់មក។", 2),
    ],
)
def test_marks_end_sentences(text: str, count: int) -> None:
    assert len(split_sentences(text)) == count


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
