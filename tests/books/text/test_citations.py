"""Citation marks, quotes and escaping in chapter Markdown."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from books.text.citations import (
    citation_mark,
    cited_ids,
    escape_markdown,
    find_passages,
    find_quotes,
    paragraphs,
    unescape_markdown,
)

MARKUP = st.text(st.sampled_from("\\`*_[]<>#|~&.+-)(!=:;\"' \t…1ab"), max_size=40)
ONE_LINE = (MARKUP | st.text(max_size=60)).map(lambda text: re.sub(r"[\r\n\0]", " ", text).strip())


@settings(deadline=None)
@given(MARKUP | st.text())
def test_unescape_undoes_escape(text: str) -> None:
    assert unescape_markdown(escape_markdown(text)) == text


@settings(deadline=None)
@given(ONE_LINE)
def test_escaped_text_renders_as_the_same_characters(text: str) -> None:
    rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(escape_markdown(text))

    expected = f"<p>{html.escape(text, quote=False)}</p>\n" if text else ""
    assert rendered.replace("&quot;", '"') == expected


@pytest.mark.parametrize(
    "text", ["1. one", "2) two", "- item", "+ item", "===", "---", "# no", "> no", "    x"]
)
def test_text_that_begins_like_a_block_stays_a_paragraph(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(escape_markdown(text.strip()))

    assert rendered == f"<p>{html.escape(text.strip())}</p>\n"


@pytest.mark.parametrize("line", ["===", "---", "- item", "1. one", "+ item"])
def test_a_later_line_that_looks_like_markup_stays_text(line: str) -> None:
    rendered = MarkdownIt("commonmark").render(escape_markdown(f"First\n{line}"))

    assert rendered == f"<p>First\n{line}</p>\n"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=80))
def test_every_mark_that_can_be_written_is_read_back(chunk_id: str) -> None:
    mark = citation_mark(chunk_id)

    if mark:
        assert cited_ids(f"Words {mark}") == [chunk_id]


@pytest.mark.parametrize("chunk_id", ["", "two\nlines", "x" * 201])
def test_an_id_that_no_mark_can_hold_gets_none(chunk_id: str) -> None:
    assert citation_mark(chunk_id) == ""


def test_an_id_with_brackets_can_be_cited() -> None:
    assert citation_mark("tape[2]\\b") == "[tape\\[2\\]\\\\b]"
    assert cited_ids("Said so [tape\\[2\\]\\\\b]") == ["tape[2]\\b"]


def test_links_and_escaped_brackets_are_no_citations() -> None:
    assert cited_ids("See [here](https://example.org) and \\[c1] but [c2]") == ["c2"]


def test_quotes_after_a_label_are_found_at_their_places() -> None:
    markdown = "Intro.\n\n**Ann:** We left. … It rained. [c1]"

    found = find_passages(markdown, {"c1": "We left. Then we ate. It rained."})

    assert [(p.paragraph, p.quote) for p in found] == [(1, "We left."), (1, "It rained.")]
    assert [markdown[p.start : p.end] for p in found] == ["We left.", "It rained."]


def test_escaped_words_are_found_as_the_source_has_them() -> None:
    found = find_passages("**Ann:** A \\*star\\* \\[sic\\] [c1]", {"c1": "A *star* [sic]"})

    assert [p.quote for p in found] == ["A *star* [sic]"]


def test_an_ellipsis_of_the_source_is_part_of_the_quote() -> None:
    found = find_passages("I was… well… late. … We left. [c1]", {"c1": "I was… well… late. And so. We left."})

    assert [p.quote for p in found] == ["I was… well… late.", "We left."]


def test_an_ellipsis_that_the_source_lacks_is_an_omission() -> None:
    assert [q for _, _, q in find_quotes("I was … too late", 0, 16, "I was much too late")] == [
        "I was",
        "too late",
    ]


def test_words_in_quotation_marks_are_found_inside_other_prose() -> None:
    found = find_passages("She said “We left” and wept [c1].", {"c1": "We left early."})

    assert [p.quote for p in found] == ["We left"]


def test_a_stretch_in_other_words_gives_an_empty_quote() -> None:
    found = find_passages("She left in a hurry [c1].", {"c1": "We left early."})

    assert [(p.chunk_id, p.quote, p.start == p.end) for p in found] == [("c1", "", True)]


def test_two_marks_share_the_stretch_before_them() -> None:
    found = find_passages("We left early. [c1][c2]", {"c1": "We left early.", "c2": "We left early. Yes."})

    assert [(p.chunk_id, p.quote) for p in found] == [("c1", "We left early."), ("c2", "We left early.")]


def test_brackets_that_name_no_chunk_belong_to_the_quote() -> None:
    found = find_passages("We left [sic] early. [c1]", {"c1": "We left [sic] early."})

    assert [p.quote for p in found] == ["We left [sic] early."]


def test_unknown_ids_are_cited_but_give_no_passage() -> None:
    assert find_passages("Words [nobody]", {"c1": "Words"}) == []
    assert cited_ids("Words [nobody]") == ["nobody"]


def test_paragraphs_are_counted_between_blank_lines() -> None:
    found = list(paragraphs("\n# One\n\n\n \ntwo\nlines\n\nthree\n"))

    assert [(index, text.strip()) for index, _, text in found] == [
        (0, "# One"),
        (1, "two\nlines"),
        (2, "three"),
    ]


@pytest.mark.parametrize(
    "text", ["\n" * 200_000, "… " * 50_000, " " * 200_000 + "x", "**a" * 50_000, "[" * 100_000]
)
def test_hostile_markdown_costs_no_more_than_its_length(text: str) -> None:
    assert find_passages(text + "\n\nWords [c1]", {"c1": "Words"})[-1].quote in {"Words", ""}
