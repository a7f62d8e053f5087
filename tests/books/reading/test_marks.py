"""Weak sentences are underlined with a note that says why; whatever they hold, the page stays safe and whole."""

import re

import pytest

from books.models import ChapterRevision
from books.reading import render_chapter, weak_sentences
from tests.books.reading.test_rendering import HOSTILE, source

SENTENCE = "In 1931 Wilhelm Kessler came."


def text_with(markdown: str, *sentences: str, **found: object) -> ChapterRevision:
    """A text in which these sentences were found weak."""
    weak = []
    for sentence in sentences:
        start = markdown.index(sentence)
        weak.append({"start": start, "end": start + len(sentence), "numbers": ["1931"], **found})
    return ChapterRevision(markdown=markdown, quality_metrics={"measured": {"weak": weak}})


def rendered(markdown: str, *sentences: str, **found: object) -> str:
    revision = text_with(markdown, *sentences, **found)
    return str(render_chapter(revision.markdown, [source()], weak=weak_sentences(revision)).html)


def underlined(html: str) -> str:
    """What stands in the marks, without what only a screen reader says."""
    pieces = re.findall(
        r'<span class="weak"[^>]*>(.*?)(?:<span class="vh">[^<]*</span>)?</span>', html, re.DOTALL
    )
    return "".join(pieces)


def test_sentence_is_underlined_with_a_note_before_its_paragraph() -> None:
    html = rendered(f"The river rose. {SENTENCE} Then he left. [c-1]", SENTENCE, names=["Wilhelm Kessler"])

    assert underlined(html) == SENTENCE
    assert 'id="weak-1"' in html
    assert html.startswith(
        '<div class="weak-note" lang="en" dir="ltr">'
        "Underlined: “Wilhelm Kessler” and “1931” are in none of the passages."
    )
    assert "(marked: see the note before this paragraph)" in html


@pytest.mark.parametrize(
    ("markdown", "sentence"),
    [
        (f"*He wrote. {SENTENCE}* It was cold.", SENTENCE),
        ("He wrote. In **1931 Wilhelm** Kessler [c-1] came.", "In **1931 Wilhelm** Kessler [c-1] came."),
        ("In 1931 *Wilhelm\nKessler came. And* he left.", "In 1931 *Wilhelm\nKessler came."),
        ("- hens\n- In 1931 Wilhelm Kessler came.\n- boats", SENTENCE),
        ("> In `1931` Wilhelm \\*Kessler\\* came &amp; left.", "In `1931` Wilhelm \\*Kessler\\* came &amp; left."),
        ("See. In 1931 [Wil](https://a.example/x) came.", "In 1931 [Wil](https://a.example/x) came."),
    ],
)  # fmt: skip
def test_marks_survive_the_markdown_around_them(markdown: str, sentence: str) -> None:
    html = rendered(markdown, sentence)

    letters = re.sub(r"<[^>]*>|&amp;|\W", "", underlined(html))
    assert letters == re.sub(r"&amp;|\[c-1\]|\(http[^)]*\)|\W", "", sentence)
    for tag in ("em", "strong", "span", "a"):
        assert html.count(f"<{tag}>") + html.count(f"<{tag} ") == html.count(f"</{tag}>")


def test_the_same_words_elsewhere_are_not_underlined() -> None:
    html = rendered(f"## {SENTENCE}\n\nIn 1931 Wilhelm Kessler came home.\n\n{SENTENCE} [c-1]\n\n{SENTENCE[3:]}",
                    f"{SENTENCE} [c-1]")  # fmt: skip

    assert underlined(html) == SENTENCE
    assert html.index('class="weak"') > html.index("came home")


def test_two_sentences_of_a_paragraph_share_a_note() -> None:
    html = rendered(f"{SENTENCE} It rained. In 1931 it snowed.", SENTENCE, "In 1931 it snowed.")

    assert html.count("weak-note") == 1
    assert html.count('class="weak"') == 2
    assert html.count("are in none") + html.count("is in none") == 1


def test_headings_are_never_underlined() -> None:
    assert "weak" not in rendered(f"# {SENTENCE}\n\nTold.", SENTENCE)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_sentences_and_findings_stay_text(hostile: str) -> None:
    markdown = f"Before. {hostile} After."

    html = rendered(markdown, f"{hostile} After.", names=[hostile], numbers=[hostile], words=[hostile])

    plain = str(render_chapter(markdown, [source()]).html)
    assert re.findall(r"<(?!/?(?:span|div)\b)[^>]*>", html) == re.findall(
        r"<(?!/?(?:span|div)\b)[^>]*>", plain
    )
    for attributes in re.findall(r"<(?:span|div)\b([^>]*)>", html):
        assert re.fullmatch(r'(?: (?:class|lang|dir|id|aria-hidden|data-voice)="[\w -]*")*', attributes)


@pytest.mark.parametrize(
    "measured",
    [
        None, [], "x", {}, {"weak": None}, {"weak": "x"}, {"weak": [None, 5, [], {}]},
        {"weak": [{"start": "0", "end": 3}, {"start": -4, "end": 3}, {"start": 3, "end": 3}, {"start": 0, "end": 99}]},
    ],
)  # fmt: skip
def test_metrics_that_make_no_sense_mark_nothing(measured: object) -> None:
    assert weak_sentences(ChapterRevision(markdown="Told.", quality_metrics={"measured": measured})) == []


def test_a_text_without_weak_sentences_is_as_it_was() -> None:
    assert rendered("The river rose. [c-1]") == str(render_chapter("The river rose. [c-1]", [source()]).html)
    assert weak_sentences(None) == []
