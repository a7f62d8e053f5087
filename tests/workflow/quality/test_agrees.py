"""What is found fast is what the plain definition finds."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from books.text import citations, sentences
from books.text.words import count_prose, count_words
from workflow.agents.quotations import words
from workflow.contract.agent_types import EarlierChapter
from workflow.harmonization import prose
from workflow.quality import known_numbers
from workflow.quality.fragments import fragment_lengths
from workflow.quality.language import Script, script_of
from workflow.quality.repetition import frequent_phrases, repetition_across, said_in

ENDS = sentences.SENTENCE_ENDS
CAPITALIZED = r"[A-ZÀ-ÖØ-Þ][\w]*(?:['’-][\w]+)*"
# Each pattern with one that means the same and looks back at every place.
PATTERNS = {
    "paragraph": (citations._PARAGRAPH, r"\S(?:[^\n]|\n(?![^\S\n]*\n))*"),
    "mark": (citations._MARK, r"(?<!\\)\[((?:[^\[\]\n\\]|\\[\[\]\\]){1,200})\](?!\()"),
    "end": (
        sentences._END,
        rf"(?<![{ENDS}])[{ENDS}]++(?:(?<=[{sentences._UNSPACED}])[\"'”’」』）》〉】]*+"
        r"|([\"'”’»)\]*_]*+)(?=\s++[\"'“‘„«*_¿¡]*+(.?)))",
    ),
    "name": (prose._NAME, rf"(?<![\w'’-]){CAPITALIZED}(?:[ ]{CAPITALIZED}){{0,4}}"),
    "figure": (known_numbers._FIGURE, r"(?<![\w.,:/])\d[\d.,:/]*(?:st|nd|rd|th|s)?(?![\w-]*\])"),
}
TEXTS = st.text("aéI1Ñ 。」 .…!?\n\t[]\\()'’-_AÀ,:/sth", max_size=60) | st.text("a[]\\( ", max_size=20)
# Few words, so that they meet again.
WORDS = st.lists(st.sampled_from(["the", "ferry", "went", "over"]), max_size=40)


@pytest.mark.parametrize("name", PATTERNS)
@given(text=TEXTS, start=st.integers(0, 5))
def test_patterns_find_what_they_find_when_they_look_back_first(name: str, text: str, start: int) -> None:
    fast, plain = PATTERNS[name]

    found, expected = (pattern.finditer(text, start) for pattern in (fast, re.compile(plain)))

    assert [(each.span(), each.groups()) for each in found] == [
        (each.span(), each.groups()) for each in expected
    ]


@given(TEXTS)
def test_words_of_plain_letters_are_those_of_any_text(text: str) -> None:
    plain = "".join(each for each in text if each.isascii())

    assert words.split_words(plain) == words.WORD.findall(plain.lower())


@given(TEXTS)
def test_marks_are_no_words(text: str) -> None:
    unmarked = re.sub(r"(?<!\\)\[[^\[\]\n]{1,200}\](?!\()", " ", text)

    assert count_prose(text) == count_words(unmarked)


@given(WORDS, WORDS)
def test_fragments_are_the_longest_from_left_to_right(chapter: list[str], source: list[str]) -> None:
    assert fragment_lengths(chapter, source) == list(plain_fragments(chapter, source))


def plain_fragments(chapter: Sequence[str], source: Sequence[str]) -> Iterator[int]:
    at = 0
    while at < len(chapter):
        sizes = range(len(chapter) - at, 0, -1)
        length = next((size for size in sizes if stands_in(chapter[at : at + size], source)), 0)
        if length:
            yield length
        at += max(1, length)


def stands_in(part: Sequence[str], source: Sequence[str]) -> bool:
    return any(source[at : at + len(part)] == part for at in range(len(source)))


@given(WORDS, st.lists(WORDS, min_size=1, max_size=4))
def test_nearest_earlier_chapter_is_the_one_that_said_it(chapter: list[str], before: list[list[str]]) -> None:
    earlier = [EarlierChapter(number, "", text=" ".join(each)) for number, each in enumerate(before, start=1)]
    grams = [tuple(chapter[at : at + 5]) for at in range(len(chapter) - 4)]
    where = [
        max((each.number for each in earlier if hash(gram) in said_in(each.text)), default=0)
        for gram in grams
    ]

    found = repetition_across(chapter, earlier)

    if not grams or not any(before):
        assert found is None
        return
    assert found is not None
    assert found.share == round(sum(number > 0 for number in where) / len(grams), 3)
    assert {each.chapter for each in found.passages} <= set(where)


@given(WORDS)
def test_frequent_phrases_are_the_most_common_ones(chapter: list[str]) -> None:
    counts = Counter(" ".join(chapter[at : at + 4]) for at in range(len(chapter) - 3))

    found = [(each.text, each.count) for each in frequent_phrases(chapter)]

    assert found == [(text, count) for text, count in counts.most_common(5) if count >= 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Script.SPACED),
        ("12 34", Script.SPACED),
        ("the river was as high as the house", Script.ENGLISH),
        ("川が凍った。", Script.UNSPACED),
        ("the river was 川 as high as the house", Script.ENGLISH),
        ("৳ ๐ ๑ ๒", Script.SPACED),
    ],
)
def test_script_is_told_by_the_share_of_letters(text: str, expected: Script) -> None:
    assert script_of(text, words.split_words(text)) == expected
