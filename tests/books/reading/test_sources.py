"""The passages under a chapter: numbered, gathered, marked; and the document that the API gives."""

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string

from books.models import Origin
from books.reading import (
    chapter_document,
    mark_quotes,
    passage_document,
    passages_by_revision,
    passages_of,
    sources_of,
    voices_of,
    word_diff,
)
from books.sources import rules_of
from tests.books.factories import add_chapter, chapter_text, make_version, write_text, written_book

# The chapter's document as the specification has it (docs/specification.md).
SPECIFIED = {
    "metadata": {
        "book_id",
        "book_version",
        "chapter_number",
        "title",
        "word_count",
        "status",
        "quality_score",
        "created_at",
        "generation_agent",
    },
    "content": {"markdown_text", "themes", "participants", "tags"},
    "source_references": {"storyline_node_ids", "transcript_chunk_ids", "source_confidence"},
    "generation_metadata": {
        "agent_type",
        "processing_session_id",
        "generation_timestamp",
        "harmonization_applied",
        "quality_metrics",
    },
}
OLD_NAMES = [
    ("metadata", "version", "book_version"),
    ("metadata", "generated_at", "created_at"),
    ("metadata", "agent", "generation_agent"),
    ("content", "markdown", "markdown_text"),
    ("source_references", "node_ids", "storyline_node_ids"),
    ("source_references", "chunk_ids", "transcript_chunk_ids"),
    ("source_references", "confidence", "source_confidence"),
    ("generation_metadata", "session_id", "processing_session_id"),
    ("generation_metadata", "generated_at", "generation_timestamp"),
]


def test_passages_are_numbered_by_their_chunk_in_order_of_first_use(person: User) -> None:
    chapter = add_chapter(make_version(person), 1)
    revision = write_text(chapter, "One. [c-1-2]\n\nTwo. [c-1-1]\n\nThree. [c-1-2]")

    passages = passages_of(revision)

    assert [(p.number, p.paragraph, p.chunk_id) for p in passages] == [
        (1, 0, "c-1-2"),
        (2, 1, "c-1-1"),
        (1, 2, "c-1-2"),
    ]


def test_sources_gather_every_quote_of_a_chunk(person: User) -> None:
    chapter = add_chapter(make_version(person), 1)
    revision = write_text(chapter, "“The river closed in winter 1” and “So.” [c-1-1]")

    (source,) = sources_of(passages_of(revision))

    assert source.quotes == ("The river closed in winter 1", "So.")
    assert source.place == "Josefa Tidewell, Tape 3, 12:41"
    assert source.marked_text[0] == ("The river closed in winter 1", True)
    assert source.marked_text[1].text.startswith(". You")


def test_chapter_without_a_text_has_no_passages() -> None:
    assert passages_of(None) == []


def test_many_revisions_take_as_many_queries_as_one(
    person: User, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    version = written_book(person, 10)
    ids = [pk for pk in version.chapters.values_list("current_revision", flat=True) if pk]

    with django_assert_num_queries(2):  # type: ignore[operator]
        found = passages_by_revision(ids, rules_of(version))

    assert all(len(found[pk]) == 3 for pk in ids)


def test_quotes_are_marked_escaped_and_merged() -> None:
    quotes = ["<b> & quiet", "quiet river", "not there", ""]
    source = {"number": 1, "marked_text": mark_quotes("a <b> & quiet river, so quiet", quotes)}

    html = render_to_string("books/_passage.html", {"source": source, "book": {"language": "en"}})

    assert ">a <mark>&lt;b&gt; &amp; quiet river</mark>, so quiet</blockquote>" in html


def test_voices_differ_by_letter_and_ring() -> None:
    voices = voices_of(["Ottilie", "Emm", "Ottilie", "(Oskar)", "", "Ute"])

    assert [(v.letter, v.ring) for v in voices.values()] == [("O", 1), ("E", 2), ("O", 3), ("·", 4), ("U", 1)]


def test_document_has_the_names_of_the_specification(person: User) -> None:
    chapter = written_book(person, 1).chapters.get()

    document = chapter_document(chapter)

    assert list(document) == list(SPECIFIED)
    assert all(names <= set(document[key]) for key, names in SPECIFIED.items())
    assert document["content"]["markdown_text"] == chapter_text(1)
    assert document["metadata"]["status"] == "completed"
    assert document["metadata"]["book_version"] == "v1"
    assert document["source_references"]["storyline_node_ids"] == ["n-1"]
    assert document["generation_metadata"]["harmonization_applied"] is True


@pytest.mark.parametrize("unwritten", [[], [1]])
def test_document_keeps_the_names_of_before_until_1_0(person: User, unwritten: list[int]) -> None:
    chapter = written_book(person, 1, unwritten=unwritten).chapters.get()

    document = chapter_document(chapter)

    pairs = [(document[key][old], document[key][new]) for key, old, new in OLD_NAMES]
    assert all(old == new for old, new in pairs)


def test_document_of_an_unwritten_chapter_has_the_same_keys(person: User) -> None:
    version = written_book(person, 2, unwritten=[2])
    written, unwritten = (chapter_document(chapter) for chapter in version.chapters.all())

    assert {key: list(part) for key, part in unwritten.items()} == {
        key: list(part) for key, part in written.items()
    }
    assert unwritten["content"]["markdown_text"] == ""
    assert unwritten["metadata"]["status"] == "pending"


def test_document_of_a_chapter_outside_a_session_is_pending(person: User) -> None:
    chapter = add_chapter(make_version(person), 1)

    assert chapter_document(chapter)["metadata"]["status"] == "pending"


def test_passage_document_is_what_the_api_promises(person: User) -> None:
    chapter = add_chapter(make_version(person), 1)
    passage = passages_of(write_text(chapter, "“So.” [c-1-1]", origin=Origin.PERSON))[0]

    document = passage_document(passage)

    assert list(document) == [
        "paragraph",
        "quote",
        "chunk_id",
        "text",
        "speaker",
        "source",
        "start_seconds",
        "end_seconds",
    ]
    assert document["quote"] == "So."
    assert document["start_seconds"] == 761.0


def difference(old: str, new: str) -> str:
    return render_to_string("books/_difference.html", {"difference": word_diff(old, new)})


def test_changed_words_are_shown_as_removed_and_added() -> None:
    html = difference("It shut on the eighth of May.\n\nSame.", "It shut on the ninth of May.\n\nSame.")

    assert html == "<p>It shut on the <del>eighth</del><ins>ninth</ins> of May.</p><p>Same.</p>"


def test_changed_words_in_a_row_are_one_change() -> None:
    assert difference("a proud man walked", "a quiet boy walked") == (
        "<p>a <del>proud man</del><ins>quiet boy</ins> walked</p>"
    )


def test_whole_paragraphs_come_and_go() -> None:
    assert difference("One.\n\nTwo.", "One.") == "<p>One.</p><p><del>Two.</del></p>"
    assert difference("", "New.") == "<p><ins>New.</ins></p>"


def test_formatting_alone_is_no_difference() -> None:
    assert (
        difference("## Head\n\n**Emm:** no\\*, *never*", "# Head\n\nEmm: no\\*, never")
        == "<p>Head</p><p>Emm: no*, never</p>"
    )


def test_differences_are_escaped() -> None:
    html = difference("<script>one</script>", "<script>two</script> & <b>")

    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_long_changes_are_bounded() -> None:
    old = "\n\n".join("a b " * 700 + f"old {n}" for n in range(100))
    new = "\n\n".join("b a " * 700 + f"new {n}" for n in range(100))

    html = difference(old, new)

    assert html.count("<p>") == 100
    assert html.count("new 99") == 1
