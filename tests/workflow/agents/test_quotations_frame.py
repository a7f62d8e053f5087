"""The few sentences around the quotations: numbers, names and cases."""

import pytest

from workflow.agents.quotations import QuotationsWriter
from workflow.agents.quotations.frame import Frame, is_frame_paragraph
from workflow.agents.quotations.frame_words import ENGLISH, GERMAN, OF_LANGUAGE, FrameWords
from workflow.contract.agent_types import ChapterContext, ChapterTask, EarlierChapter, SourceChunk, SourceNode


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
    sentence = Frame(ENGLISH).counting_sentence(cited, given, voices, unnamed=unnamed, in_order=in_order)

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

    assert Frame(ENGLISH).earlier_voices(context, voices) == expected


def test_the_first_chapter_has_no_bridge() -> None:
    assert Frame(ENGLISH).earlier_voices(ChapterContext(), ["A"]) == ""


def test_many_names_are_counted_and_all_are_escaped() -> None:
    assert Frame(ENGLISH).join_names(["*A*", *"BCDEFGH"]) == "\\*A\\*, B, C, D, E, F and two more"


@pytest.mark.parametrize(
    ("cited", "given", "voices", "unnamed", "in_order", "expected"),
    [
        (1, 1, ["A"], False, True, "einer Stelle der Aufzeichnung; es spricht A."),
        (1, 3, ["A"], False, True, "einer der drei Stellen der Aufzeichnung; es spricht A."),
        (
            2,
            2,
            ["A", "B", "C"],
            True,
            True,
            "zwei Stellen der Aufzeichnung, in der Reihenfolge, in der sie gesprochen wurden; es sprechen A, B und C, "
            "dazu kommen Worte, deren Sprecher sie nicht nennt.",
        ),
        (
            2,
            12,
            [],
            True,
            False,
            "zwei der 12 Stellen der Aufzeichnung, in deren Reihenfolge; wer spricht, sagt sie nicht.",
        ),
    ],
)
def test_the_counting_sentence_counts_in_german(
    cited: int, given: int, voices: list[str], unnamed: bool, in_order: bool, expected: str
) -> None:
    sentence = Frame(GERMAN).counting_sentence(cited, given, voices, unnamed=unnamed, in_order=in_order)

    assert sentence == f"Was folgt, beruht auf {expected}"
    assert is_frame_paragraph(sentence)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (("A",), "In Kapitel 3 kam A zu Wort; A kommt hier wieder zu Wort."),
        (("A", "B"), "In Kapitel 3 kamen A und B zu Wort; beide kommen hier wieder zu Wort."),
        (("C",), "In Kapitel 3 kam C zu Wort."),
        (
            ("A", "B", "C"),
            "In Kapitel 3 kamen A, B und C zu Wort; alle bis auf C kommen hier wieder zu Wort.",
        ),
    ],
)
def test_the_bridge_says_who_was_heard_in_german(heard: tuple[str, ...], expected: str) -> None:
    context = ChapterContext((EarlierChapter(3, "T", "", participants=heard),))

    assert Frame(GERMAN).earlier_voices(context, ["A", "B"]) == expected


@pytest.mark.parametrize(
    ("language", "begins"),
    [
        ("en", "What follows rests on"),
        ("de-CH", "Was folgt, beruht auf"),
        ("es", "**Ana:**"),
        ("zh", "**Ana:**"),
    ],
)
def test_own_sentences_are_in_the_books_language_or_there_are_none(language: str, begins: str) -> None:
    said = "Nací en Cuenca en 1931. Mi padre era sastre y vivíamos encima de la tienda con mis dos hermanas."
    task = ChapterTask(
        chapter_number=1,
        title="Cuenca",
        storyline_node=SourceNode("n1", "Cuenca", "", "", (), (), None),
        text_chunks=(SourceChunk(id="c1", text=said, speaker="Ana"),),
        previous_context=ChapterContext(),
        book_metadata={"title": "Memorias", "language": language},
        user_preferences={},
    )

    draft = QuotationsWriter().write(task, lambda text: None)

    assert draft.content.startswith(begins)
    assert "Mi padre era sastre" in draft.content


@pytest.mark.parametrize("words", OF_LANGUAGE.values(), ids=OF_LANGUAGE.keys())
@pytest.mark.parametrize(("has_text", "emptied"), [(True, False), (False, False), (True, True)])
def test_every_sentence_that_nothing_is_quoted_is_known_as_the_frames(
    words: FrameWords, has_text: bool, emptied: bool
) -> None:
    sentence = Frame(words).no_quotes_sentence(has_text=has_text, has_summary=True, emptied=emptied)

    assert is_frame_paragraph(sentence)
    assert not {"{", "}"} & set(sentence)


@pytest.mark.parametrize("text", ["This storyline has people in it.", "What follows rests on the table."])
def test_what_a_narrator_says_is_not_the_frames(text: str) -> None:
    assert not is_frame_paragraph(text)


def test_names_with_braces_stay_as_they_are() -> None:
    assert "{names}, \\[B\\] und" in Frame(GERMAN).join_names(["{names}", "[B]", "{0}"])
