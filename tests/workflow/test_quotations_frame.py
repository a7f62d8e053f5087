"""The few sentences around the quotations: numbers, names and cases."""

import pytest

from workflow.agents.quotations.frame import counting_sentence, earlier_voices, join_names
from workflow.agents.types import ChapterContext, EarlierChapter


@pytest.mark.parametrize(
    ("cited", "given", "voices", "unnamed", "in_order", "expected"),
    [
        (1, 1, ["A"], False, True, "one passage of the record; the voice is A."),
        (1, 3, ["A"], False, True, "one of the three passages of the record; the voice is A."),
        (
            3,
            3,
            ["A", "B", "C"],
            False,
            True,
            "three passages of the record, in the order in which they were spoken; the voices are A, B and C.",
        ),
        (
            2,
            2,
            [],
            True,
            False,
            "two passages of the record, in the order of the record; it does not say who speaks.",
        ),
        (
            12,
            12,
            ["A"],
            True,
            False,
            "12 passages of the record, in the order of the record; the voice is A, besides words whose speaker "
            "it does not name.",
        ),
    ],
)
def test_the_counting_sentence_counts(
    cited: int, given: int, voices: list[str], unnamed: bool, in_order: bool, expected: str
) -> None:
    sentence = counting_sentence(cited, given, voices, unnamed=unnamed, in_order=in_order)

    assert sentence == f"What follows rests on {expected}"


@pytest.mark.parametrize(
    ("heard", "voices", "expected"),
    [
        (("A",), ["B"], "Chapter 3 heard A."),
        (("A", "B"), ["B"], "Chapter 3 heard A and B; B is heard again here."),
        (("A", "B"), ["A", "B"], "Chapter 3 heard A and B; both are heard again here."),
        (("A", "B", "C"), ["C", "A"], "Chapter 3 heard A, B and C; all but B are heard again here."),
        (("A", "B", "C"), ["C", "A", "B"], "Chapter 3 heard A, B and C; all of them are heard again here."),
        ((), ["A"], ""),
    ],
)
def test_the_bridge_only_says_who_was_heard(heard: tuple[str, ...], voices: list[str], expected: str) -> None:
    context = ChapterContext((EarlierChapter(3, "Before", participants=heard),))

    assert earlier_voices(context, voices) == expected


def test_the_first_chapter_has_no_bridge() -> None:
    assert earlier_voices(ChapterContext(), ["A"]) == ""


def test_many_names_are_counted_and_all_are_escaped() -> None:
    assert join_names(["*A*", *"BCDEFGH"]) == "\\*A\\*, B, C, D, E, F and two more"
