"""Good storylines: what comes out of them, and that real ones are read in a moment."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from books.storyline import (
    Limits,
    LinkSpec,
    StorylineDocument,
    StorylineFaults,
    read_storyline,
    read_storyline_value,
)
from books.storyline.values.centrality import centrality_from_links, centrality_scores
from books.storyline.values.document import title_from

EXAMPLES = Path(
    os.environ.get("CHAPTERFLOW_EXAMPLE_DATA", Path(__file__).resolve().parents[3] / "../shared/data")
)


def read(value: object, **options: object) -> StorylineDocument:
    return read_storyline(json.dumps(value), **options)


def example(name: str) -> bytes:
    path = EXAMPLES / name
    if not path.exists():
        pytest.skip(f"the example data {name} is not here")
    return path.read_bytes()


def test_smallest_storyline_is_a_list_with_one_id() -> None:
    document = read([{"id": "n1"}])

    assert [node.id for node in document.nodes] == ["n1"]
    assert document.nodes[0].title == "Node n1"
    assert document.format == "chapterflow-storyline/1"


def test_document_keeps_what_it_says() -> None:
    document = read(
        {
            "format": "chapterflow-storyline/1",
            "book": {"title": " The  Ferry\nHouse ", "preferences": {"tone": "plain"}, "licence": "CC0"},
            "chunks": [
                {
                    "id": "c1",
                    "text": " Two words \n",
                    "speaker": "Emm",
                    "sequence": 3,
                    "start_seconds": 1,
                    "mood": 7,
                }
            ],
            "nodes": [
                {
                    "id": "n1",
                    "summary": "It began.",
                    "centrality_score": 2,
                    "confidence": 0.5,
                    "themes": ["bridge", " "],
                    "chunk_ids": ["c1", "c1"],
                    "temporal_info": {"year": 1970},
                    "main_storyline": True,
                    "colour": "blue",
                }
            ],
            "made_by": "a machine",
        }
    )

    chunk, node = document.chunks[0], document.nodes[0]
    assert (document.book.title, document.book.preferences) == ("The Ferry House", {"tone": "plain"})
    assert (document.book.extra, document.extra) == ({"licence": "CC0"}, {"made_by": "a machine"})
    assert (chunk.text, chunk.speakers, chunk.sequence, chunk.start_seconds) == (
        " Two words \n",
        ("Emm",),
        3,
        1.0,
    )
    assert chunk.extra == {"mood": 7}
    assert (node.title, node.centrality_score, node.confidence) == ("It began.", 2.0, 0.5)
    assert (node.themes, node.chunk_ids) == (("bridge",), ("c1",))
    assert (node.temporal_info, node.main_storyline, node.extra) == ({"year": 1970}, True, {"colour": "blue"})


def test_null_means_missing() -> None:
    document = read(
        {
            "book": None,
            "chunks": None,
            "links": None,
            "nodes": [{"id": 1, "title": None, "summary": None, "centrality_score": None, "related": None}],
        }
    )

    assert (document.nodes[0].title, document.nodes[0].centrality_score) == ("Node 1", None)


def test_whole_numbers_are_ids_wherever_they_stand() -> None:
    document = read(
        {
            "chunks": [{"id": 7, "text": "words"}],
            "nodes": [
                {"id": 1, "chunk_ids": ["7"]},
                {"id": "2", "chunk_ids": [7], "depends_on": [1], "related": [1]},
            ],
            "links": [{"source_id": 1, "target_id": "2", "relationship_type": "Causal link"}],
        }
    )

    assert [node.chunk_ids for node in document.nodes] == [("7",), ("7",)]
    assert document.nodes[1].depends_on == ("1",)
    assert document.links == (LinkSpec("2", "1", "related"), LinkSpec("1", "2", "CAUSAL_LINK"))


def test_chunks_inside_a_node_become_chunks_of_the_document() -> None:
    document = read(
        {
            "chunks": [{"id": "c1", "text": "one", "source": "tape 1"}],
            "nodes": [
                {
                    "id": "n1",
                    "chunk_ids": ["c1"],
                    "chunks": [{"id": "c1", "text": "one"}, {"id": "c2", "text": "two"}],
                },
                {"id": "n2", "chunks": [{"id": "c2", "text": "two"}]},
            ],
        }
    )

    assert [(chunk.id, chunk.source) for chunk in document.chunks] == [("c1", "tape 1"), ("c2", "")]
    assert [node.chunk_ids for node in document.nodes] == [("c1", "c2"), ("c2",)]


def test_chunks_of_earlier_uploads_may_be_named_and_repeated() -> None:
    known = ["c-old", "c1"]

    document = read(
        {"chunks": [{"id": "c1", "text": "again"}], "nodes": [{"id": "n1", "chunk_ids": ["c-old", "c1"]}]},
        known_chunk_ids=known,
    )

    assert document.nodes[0].chunk_ids == ("c-old", "c1")
    assert [chunk.id for chunk in document.chunks] == ["c1"]


def test_related_entry_with_a_type_is_a_link_of_that_type() -> None:
    related = [{"id": "n2", "weight": 0.3, "type": "temporal_sequence", "evidence": {"page": 3}, "note": "x"}]

    document = read([{"id": "n1", "related": related}, {"id": "n2"}])

    assert document.links == (
        LinkSpec("n1", "n2", "TEMPORAL_SEQUENCE", 0.3, evidence='{"page": 3}', extra={"note": "x"}),
    )


def test_of_several_speakers_none_is_chosen() -> None:
    chunks = [
        {"id": "a", "text": "x", "speakers": ["Ann"]},
        {"id": "b", "text": "x", "speakers": ["Ann", "Ben"]},
    ]

    document = read({"chunks": chunks, "nodes": [{"id": "n"}]})

    assert [chunk.speaker for chunk in document.chunks] == ["Ann", ""]


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"", b" \r\n\t"])
def test_byte_order_mark_and_space_before_the_text_do_not_matter(start: bytes) -> None:
    assert read_storyline(start + b'[{"id": "\xc3\xa9"}]').nodes[0].id == "é"


def test_links_may_run_in_a_circle_where_they_do_not_order() -> None:
    links = [
        {"source_id": "a", "target_id": "b", "relationship_type": "THEMATIC_SIMILARITY"},
        {"source_id": "b", "target_id": "a", "relationship_type": "told together"},
        {"source_id": "b", "target_id": "a"},
    ]

    document = read({"nodes": [{"id": "a"}, {"id": "b"}], "links": links})

    types = [link.relationship_type for link in document.links]
    assert types == ["THEMATIC_SIMILARITY", "told together", "related"]


def test_json_lines_are_a_list_of_nodes() -> None:
    document = read_storyline('{"id": "a"}\r\n\n{"id": "b", "depends_on": ["a"]}\n')

    assert [node.id for node in document.nodes] == ["a", "b"]


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("They crossed.", "They crossed."),
        ("  two \n lines ", "two lines"),
        ("", "Node n-1"),
        ("word " * 40, "word " * 15 + "word…"),
        ("a" * 200, "a" * 79 + "…"),
        ("b" * 70 + ", and then it went on", "b" * 70 + ", and…"),
    ],
)
def test_missing_title_is_the_summary_s_first_whole_words(summary: str, title: str) -> None:
    assert title_from(summary, "n-1") == title


@given(st.text())
def test_made_titles_are_short_and_not_empty(summary: str) -> None:
    assert 1 <= len(title_from(summary, "n" * 200)) <= 80


def test_words_of_all_chunks_are_counted() -> None:
    document = read(
        {
            "chunks": [{"id": "c1", "text": "one two"}, {"id": "c2", "text": "three"}],
            "nodes": [{"id": "a", "chunk_ids": ["c1", "c2"]}, {"id": "b", "summary": "four five six"}],
        }
    )

    assert document.word_count == 3


@pytest.mark.parametrize(
    ("name", "nodes", "chunks"), [("apollo13-10.json", 10, 60), ("qmsum-1000.json", 1000, 2999)]
)
def test_real_storylines_have_no_faults(name: str, nodes: int, chunks: int) -> None:
    data = example(name)

    document = read_storyline(data)

    assert (len(document.nodes), len(document.chunks)) == (nodes, chunks)
    assert all(1 <= len(node.title) <= 500 for node in document.nodes)
    assert read_storyline_value(json.loads(data)) == document


def test_limits_are_the_installation_s_to_say() -> None:
    with pytest.raises(StorylineFaults):
        read([{"id": "a"}, {"id": "b"}], limits=Limits(nodes=1))
    with pytest.raises(ValueError, match="depth"):
        Limits(depth=1000)


def test_missing_scores_come_from_the_links() -> None:
    document = read(
        {
            "nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"}],
            "links": [
                {"source_id": "a", "target_id": "b", "weight": 3},
                {"source_id": "a", "target_id": "c"},
                {"source_id": "c", "target_id": "a", "weight": -5},
            ],
        }
    )

    assert centrality_scores(document) == {"a": 1.0, "b": 0.75, "c": 0.25, "d": 0.0}


def test_given_scores_are_never_replaced() -> None:
    document = read([{"id": "a", "related": ["b"]}, {"id": "b", "centrality_score": 0}])

    assert centrality_scores(document) == {"a": None, "b": 0.0}


def test_weights_near_the_largest_number_do_not_overflow() -> None:
    links = [("a", "b", 1e308), ("a", "c", 1e308), ("a", "b", 1e308)]

    assert centrality_from_links(["a", "b", "c"], links) == {"a": 1.0, "b": 0.6667, "c": 0.3333}
