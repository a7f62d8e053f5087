"""Nothing that a source says, and nothing that Markdown needs, may be touched."""

import pytest

from books.text.citations import escape_markdown
from workflow.contract.agent_types import SourceChunk
from workflow.harmonization import protected_spans

CHUNKS = (
    SourceChunk(
        "c-1",
        "Fred Haise: Okay, it's gone - gone, I think. We've got \"a problem\" here.\nCAPCOM: Say again, please?",
        speakers=("Fred Haise", "CAPCOM"),
    ),
    SourceChunk("c-2", "They used *stars* and [brackets] there.", speaker="Ottilie"),
)


def protected(markdown: str) -> list[str]:
    return [markdown[start:end] for start, end in protected_spans(markdown, CHUNKS)]


def is_protected(markdown: str, text: str) -> bool:
    start = markdown.index(text)
    return any(a <= start and start + len(text) <= b for a, b in protected_spans(markdown, CHUNKS))


def test_labelled_paragraph_with_omissions_is_one_span_with_its_label_and_mark():
    text = "**Fred Haise:** Okay, it's gone … I think. [c-1]"

    assert protected(f"Before.\n\n{text}\n\nAfter.") == [text]


def test_omission_is_part_of_a_quotation_without_label():
    text = "Okay, it's gone … I think. [c-1]"

    assert protected(text) == [text]


def test_cited_stretch_beside_one_in_other_words_is_protected():
    text = "We've got [c-1] whatever it was called in that place [c-2]."

    assert protected(text) == ["We've got [c-1]", "[c-2]"]


def test_escaped_quotation_is_protected():
    quote = escape_markdown("They used *stars* and [brackets] there.")

    assert is_protected(f"**Ottilie:** {quote} [c-2]", quote)


@pytest.mark.parametrize(
    "quoted", ["“it's gone - gone”", '"it\'s gone - gone"', "“it’s gone – gone, I think”"]
)
def test_words_in_quotation_marks_that_a_source_has_are_protected(quoted: str):
    assert is_protected(f"She heard {quoted} twice.", quoted[1:-1])


def test_quotation_marks_themselves_may_be_changed():
    text = 'She heard "it\'s gone" twice.'

    assert protected(text) == ["it's gone"]


def test_words_in_quotation_marks_that_no_source_has_are_free():
    assert protected("She heard “nothing of the kind” twice.") == []


def test_invented_words_under_the_label_of_a_speaker_are_protected():
    text = "**CAPCOM**: I never said this - really."

    assert protected(text) == [text]


def test_label_that_names_no_speaker_protects_only_itself():
    assert protected("**Note:** They left - early.") == ["**Note:** "]


def test_paragraph_of_a_sources_words_is_protected_without_mark_or_label():
    text = "Okay, it’s gone – gone, I think."

    assert protected(text) == [text]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("> said - so\nand on\n\nfree", "said - so\nand on"),
        ("a `b - c` d", "`b - c`"),
        ("x\n\n```py\na - 'b'\n```\n\ny", "a - 'b'"),
        ("x\n\n    a - b\n\ny", "a - b"),
        ('see [the - door](https://a.b/c--d "T") now', "https://a.b/c--d"),
        ("see https://a.b/c--d now", "https://a.b/c--d"),
        ("x\n\n[1]: https://a.b/c 'd'", "https://a.b/c 'd'"),
        ('a <span title="b - c">d</span>', '<span title="b - c">'),
        ("It is so [c-1].", "[c-1]"),
        ("It is so [chunk-99].", "[chunk-99]"),
    ],
)
def test_machinery_of_markdown_is_protected(text: str, part: str):
    assert is_protected(text, part)


def test_link_text_and_plain_brackets_are_free():
    assert not is_protected("see [the - door](https://a.b)", "the - door")
    assert not is_protected("born [insert date] in", "[insert date]")


def test_odd_quotation_mark_does_not_hide_the_next_quotation():
    assert is_protected('A 6" pipe, and "it\'s gone" he said.', "it's gone")
