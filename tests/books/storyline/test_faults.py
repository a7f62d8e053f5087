"""Bad storylines: every fault is named with its place, line and a sentence, and nothing else is ever raised."""

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from books.storyline import (
    Fault,
    Limits,
    StorylineDocument,
    StorylineFaults,
    read_storyline,
    read_storyline_value,
)
from books.storyline.faults import MOST_FAULTS


def faults_in(data: bytes | str, **options: object) -> list[Fault]:
    with pytest.raises(StorylineFaults) as caught:
        read_storyline(data, **options)
    return caught.value.faults


def node(**keys: object) -> dict[str, object]:
    return {"nodes": [{"id": "n1", **keys}, {"id": "n2"}]}


def chunk(**keys: object) -> dict[str, object]:
    return {"nodes": [{"id": "n1"}], "chunks": [{"id": "c-098", "text": "words", **keys}]}


def link(**keys: object) -> dict[str, object]:
    return {"nodes": [{"id": "n1"}, {"id": "n2"}], "links": [{"source_id": "n1", "target_id": "n2", **keys}]}


UNREADABLE = [
    (b"", "", "The file is empty"),
    (b" \n\t ", "", "The file is empty"),
    ('[{"id": "é"}]'.encode("utf-16"), "", "is UTF-16"),
    ('[{"id": "é"}]'.encode("utf-16-le"), "", "looks like UTF-16"),
    ('[{"id": "é"}]'.encode("utf-32"), "", "is UTF-32"),
    ('[{"id":\n "é"}]'.encode("latin-1"), "line 2, column 3", "the byte 0xE9"),
    (b"\xef\xbb\xbf[\xc3\xa9\xff]", "line 1, column 3", "the byte 0xFF"),
    (b"PK\x03\x04rest", "", "a ZIP archive"),
    (b"\x1f\x8b\x08rest", "", "a gzip archive"),
    ("hello there", "line 1, column 1", "“hello” is not JSON"),
    ("<html>", "line 1, column 1", "looks like a web page"),
    ('[{"id": "a"}', "line 1, column 13", "ends too early"),
    ('{"nodes": [{"id":', "line 1, column 18", "ends too early"),
    ('{"nodes"', "line 1, column 9", "ends too early"),
    ('[{"id": "a]', "line 1, column 9", "is never closed"),
    ('[{"id": "a"},]', "line 1, column", "comma too many"),
    ('[{"id": "a",}]', "line 1, column", "comma too many"),
    ('[{"id": "a"}\n {"id": "b"}]', "line 2, column 2", "A comma or a closing bracket is missing before “{”"),
    ('[{"id" "a"}]', "line 1, column 8", "A colon is missing"),
    ("[{'id': 'a'}]", "line 1, column 3", "straight double quotation marks"),
    ("[{id: 1}]", "line 1, column 3", "A key in double quotation marks is expected here, not “id”"),
    ('[{"id": "a", "x": True}]', "line 1, column 19", "“True” is not JSON. Write true."),
    ('[{"id": "a\nb"}]', "line 1, column 11", "A line break or control character"),
    ('[{"id": "a\\x"}]', "line 1, column 11", "This backslash"),
    ('[{"id": "\\u12"}]', "line 1, column", "four hexadecimal digits"),
    ('[{"id": "a"}] ]', "line 1, column 15", "more text follows"),
    ('{"nodes": []} {"nodes": []}', "line 1, column 15", "Put several nodes into one list"),
    ("[{}, 007]", "line 1, column", "missing"),
    ('{"id": "a"}\n{"id": b}', "line 2, column", "“b” is not JSON"),
]


@pytest.mark.parametrize(("data", "place", "sentence"), UNREADABLE)
def test_unreadable_text_has_one_fault_in_plain_words(data: bytes | str, place: str, sentence: str) -> None:
    [fault] = faults_in(data)

    assert fault.place.startswith(place)
    assert bool(fault.place) == bool(place)
    assert sentence in fault.message


WRONG = [
    ("hello", "", "“hello” is not a storyline"),
    (12, "", "12 is not a storyline"),
    (None, "", "null is not a storyline"),
    ({}, "nodes", "There are no nodes"),
    ([], "nodes", "There are no nodes"),
    ({"nodes": []}, "nodes", "There are no nodes"),
    ({"nodes": {"id": "n"}}, "nodes", "An object is not a list"),
    ({"nodes": [{"id": "n"}], "format": "chapterflow-storyline/2"}, "format", "is not known"),
    ({"nodes": [{"id": "n"}], "format": 1}, "format", "The format 1 is not known"),
    ({"nodes": [{"id": "n"}], "book": "Title"}, "book", "“Title” is not an object"),
    ({"nodes": [{"id": "n"}], "book": {"title": 7}}, "book.title", "7 is not text"),
    ({"nodes": [{"id": "n"}], "book": {"title": "x" * 301}}, "book.title", "This text has 301 characters"),
    ({"nodes": [{"id": "n"}], "book": {"preferences": []}}, "book.preferences", "A list is not an object"),
    (["n1"], "nodes[0]", "“n1” is not an object"),
    ([{"title": "x"}], "nodes[0].id", "The id of this node is missing"),
    ([{"id": ""}], "nodes[0].id", "The id of this node is empty"),
    ([{"id": " \n"}], "nodes[0].id", "The id of this node is empty"),
    ([{"id": None}], "nodes[0].id", "missing"),
    ([{"id": True}], "nodes[0].id", "true is not an id"),
    ([{"id": 1.5}], "nodes[0].id", "1.5 is not an id"),
    ([{"id": 10**40}], "nodes[0].id", "is not an id"),
    ([{"id": "a[b"}], "nodes[0].id", "holds “[”"),
    ([{"id": "a]b"}], "nodes[0].id", "holds “]”"),
    ([{"id": "a\\b"}], "nodes[0].id", "holds “\\”"),
    ([{"id": "a\nb"}], "nodes[0].id", "a line break or control character"),
    ([{"id": "x" * 201}], "nodes[0].id", "This id has 201 characters"),
    (
        [{"id": "a"}, {"id": "b"}, {"id": "a"}],
        "nodes[2].id",
        "The id “a” is used twice; the first is nodes[0].id.",
    ),
    ([{"id": 1}, {"id": "1"}], "nodes[1].id", "The id “1” is used twice"),
    (
        {"nodes": [{"id": "a"}], "book": {"language": "Klingonish"}},
        "book.language",
        "“Klingonish” is no language",
    ),
    (node(title=["x"]), "nodes[0].title", "A list is not text"),
    (node(summary=1), "nodes[0].summary", "1 is not text"),
    (
        node(centrality_score="high"),
        "nodes[0].centrality_score",
        "“high” is not a number. Write a value from 0 to 1",
    ),
    (node(centrality_score="0.5"), "nodes[0].centrality_score", "“0.5” is text, not a number"),
    (node(centrality_score=False), "nodes[0].centrality_score", "false is not a number"),
    (node(centrality_score=-0.1), "nodes[0].centrality_score", "-0.1 is below 0"),
    (node(confidence=1.01), "nodes[0].confidence", "1.01 is above 1"),
    (node(confidence={}), "nodes[0].confidence", "An object is not a number"),
    (node(themes="bridge"), "nodes[0].themes", "“bridge” is not a list"),
    (node(themes=["a", 5]), "nodes[0].themes[1]", "5 is not text"),
    (node(participants=["x" * 301]), "nodes[0].participants[0]", "At most 300 fit"),
    (node(chunk_ids="c1"), "nodes[0].chunk_ids", "“c1” is not a list"),
    (node(chunk_ids=[{}]), "nodes[0].chunk_ids[0]", "An object is not an id"),
    (node(chunk_ids=["c-99"]), "nodes[0].chunk_ids[0]", "No chunk has the id “c-99”. Correct the id"),
    (node(chunks=["c1"]), "nodes[0].chunks[0]", "“c1” is not an object"),
    (node(chunks=[{"id": "c1"}]), "nodes[0].chunks[0].text", "This chunk has no text"),
    (node(depends_on=["n2x"]), "nodes[0].depends_on[0]", "No node has the id “n2x”. The nearest id is “n2”."),
    (node(depends_on=["n1x"]), "nodes[0].depends_on[0]", "No node has the id “n1x”. Correct the id"),
    (node(depends_on=["n1"]), "nodes[0].depends_on[0]", "waits for itself"),
    (node(depends_on="n2"), "nodes[0].depends_on", "is not a list"),
    (node(related=["n9"]), "nodes[0].related[0]", "No node has the id “n9”"),
    (node(related=[{"id": "n9"}]), "nodes[0].related[0].id", "No node has the id “n9”"),
    (node(related=[{"id": "n1"}]), "nodes[0].related[0]", "leads from “n1” to itself"),
    (node(related=[{"id": "n2", "weight": "x"}]), "nodes[0].related[0].weight", "“x” is not a number"),
    (node(related=[None]), "nodes[0].related[0]", "null is not an object"),
    (chunk(text=""), "chunks[0].text", "This chunk has no text"),
    (chunk(text=" \n "), "chunks[0].text", "This chunk has no text"),
    (chunk(text=5), "chunks[0].text", "5 is not text"),
    (chunk(id=None), "chunks[0].id", "The id of this chunk is missing"),
    (chunk(speaker=5), "chunks[0].speaker", "5 is not text"),
    (chunk(sequence=1.5), "chunks[0].sequence", "1.5 is not a whole number"),
    (chunk(sequence=2**64), "chunks[0].sequence", "is not a whole number"),
    (chunk(start_seconds=-1), "chunks[0].start_seconds", "-1 is below 0"),
    (chunk(start_seconds="00:10"), "chunks[0].start_seconds", "“00:10” is not a number. Write seconds"),
    (
        chunk(start_seconds=9, end_seconds=3.5),
        "chunks[0].end_seconds",
        "The end, 3.5 s, is before the start, 9 s",
    ),
    (link(source_id="x"), "links[0].source_id", "No node has the id “x”"),
    (link(target_id=None), "links[0].target_id", "The id of the node where this link ends is missing"),
    (link(target_id="n1"), "links[0]", "leads from “n1” to itself"),
    (link(weight=None, confidence=-1), "links[0].confidence", "-1 is below 0"),
    (link(relationship_type="x" * 101), "links[0].relationship_type", "At most 100 fit"),
    (link(relationship_type=1), "links[0].relationship_type", "1 is not text"),
    ({"nodes": [{"id": "n"}], "links": {}}, "links", "An object is not a list"),
    ({"nodes": [{"id": "n"}], "links": [[]]}, "links[0]", "A list is not an object"),
    ([{"id": "a", "x": {"y z": ["\0"]}}], "nodes[0].x[“y z”][0]", "\\u0000"),
    ([{"id": "a", "x": "\ud800"}], "nodes[0].x", "half a character"),
    ([{"id": "a", "x": {"\0": 1}}], "nodes[0].x", "\\u0000"),
    ([{"id": "a", "x": "a" + "\u0301\u0323" * 40}], "nodes[0].x", "more than 30 marks on one letter"),
    ([{"id": "a" + "\u0301\u0323" * 40}], "nodes[0].id", "more than 30 marks on one letter"),
]


@pytest.mark.parametrize(("value", "place", "sentence"), WRONG)
def test_each_fault_has_its_place_and_a_sentence(value: object, place: str, sentence: str) -> None:
    with pytest.raises(StorylineFaults) as parsed:
        read_storyline_value(value)
    [fault] = parsed.value.faults
    [with_line] = faults_in(json.dumps(value, indent=1))

    assert (fault.place, fault.line) == (place, None)
    assert sentence in fault.message
    assert with_line.place == place
    assert with_line.line is not None
    fault.message.encode()


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400])
@pytest.mark.parametrize("key", ["centrality_score", "my_own_key"])
def test_numbers_that_cannot_be_stored_are_faults_under_any_key(literal: str, key: str) -> None:
    [fault] = faults_in(f'[{{"id": "a",\n"{key}": {literal}}}]')

    assert (fault.place, fault.line) == (f"nodes[0].{key}", 2)
    assert "number" in fault.message


def test_key_that_stands_twice_is_a_fault_of_the_second() -> None:
    [fault] = faults_in('[{"id": "a", "x": {"k": 1,\n "k": {"deep": 1}}}]')

    assert (fault.place, fault.line, fault.code) == ("nodes[0].x.k", 2, "repeated_key")
    assert "“k” stands twice" in fault.message


def test_nearest_id_is_named() -> None:
    [fault] = faults_in(json.dumps({**chunk(), "nodes": [{"id": "n", "chunk_ids": ["c-99"]}]}))

    assert fault.message == "No chunk has the id “c-99”. The nearest id is “c-098”."


def test_what_names_a_malformed_id_is_not_a_second_fault() -> None:
    nodes = [{"id": "n", "chunk_ids": ["c[1]"], "depends_on": ["m[1]"]}, {"id": "m[1]"}]
    faults = faults_in(json.dumps({"chunks": [{"id": "c[1]", "text": "x"}], "nodes": nodes}))

    places = [fault.place for fault in faults]
    assert places == ["chunks[0].id", "nodes[0].chunk_ids[0]", "nodes[0].depends_on[0]", "nodes[1].id"]
    assert {fault.code for fault in faults} == {"bad_id"}


def test_same_chunk_id_with_another_text_is_a_fault() -> None:
    value = {**chunk(), "nodes": [{"id": "n", "chunks": [{"id": "c-098", "text": "other words"}]}]}

    [fault] = faults_in(json.dumps(value))

    assert fault.place == "nodes[0].chunks[0].id"
    assert fault.message.startswith(
        "The id “c-098” is used twice with different texts; the first is chunks[0].id"
    )


def test_chunk_listed_twice_is_a_fault_even_with_the_same_text() -> None:
    value = {"nodes": [{"id": "n"}], "chunks": [{"id": "c", "text": "x"}] * 2}

    [fault] = faults_in(json.dumps(value))

    assert (fault.place, fault.code) == ("chunks[1].id", "used_twice")


TWO = [
    {"id": "tin", "title": "Letters Kept"},
    {"id": "bridge", "title": "The Bridge Opens", "depends_on": ["tin"]},
]


@pytest.mark.parametrize(
    ("first", "links", "place"),
    [
        ({"depends_on": ["bridge"]}, [], "nodes[1].depends_on"),
        (
            {},
            [{"source_id": "bridge", "target_id": "tin", "relationship_type": "CAUSAL_LINK"}],
            "nodes[1].depends_on",
        ),
        ({"related": [{"id": "bridge", "type": "TEMPORAL_SEQUENCE"}], "depends_on": ["bridge"]}, [], None),
    ],
)
def test_circle_is_told_with_titles(first: dict[str, object], links: list[object], place: str | None) -> None:
    nodes = [{**TWO[0], **first}, TWO[1]]

    [fault] = faults_in(json.dumps({"nodes": nodes, "links": links}))

    assert fault.place == (place or "nodes[1].depends_on")
    assert fault.message == (
        "A circle: “The Bridge Opens” waits for “Letters Kept”, which waits for “The Bridge Opens”. "
        "Remove one of the two."
    )


def test_circle_of_links_alone_is_a_fault_of_a_link() -> None:
    ends = [("a", "b"), ("b", "c"), ("c", "a")]
    links = [{"source_id": s, "target_id": t, "relationship_type": "TEMPORAL_SEQUENCE"} for s, t in ends]

    [fault] = faults_in(json.dumps({"nodes": [{"id": i} for i in "abc"], "links": links}))

    assert fault.place == "links[1]"
    assert "“Node c” waits for “Node b”, which waits for “Node a”, which waits for “Node c”" in fault.message


def test_each_group_of_circles_is_told_once_and_long_ones_are_cut() -> None:
    ring = [{"id": f"r{i}", "depends_on": [f"r{(i + 1) % 9}"]} for i in range(9)]
    pair = [{"id": "p", "depends_on": ["q"]}, {"id": "q", "depends_on": ["p"]}]

    faults = faults_in(json.dumps(ring + pair))

    assert [fault.place for fault in faults] == ["nodes[8].depends_on", "nodes[10].depends_on"]
    assert "which waits for 5 more, the last of which waits for “Node r8”" in faults[0].message


SEVERAL = """{
 "chunks": [
  {"id": "c-098", "text": "words"}
 ],
 "nodes": [
  {"id": "n-flood",
   "title": "Żółć",
   "chunk_ids": ["c-098",
     "c-99"],
   "centrality_score": "high"
  },
  {
   "id": "n-flood", "extra key": "\\u0000"},
  {"title": "no id"}
 ]
}"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_faults_come_all_at_once_in_order_with_line_and_column(line_end: str) -> None:
    faults = faults_in(SEVERAL.replace("\n", line_end).encode())

    assert [(fault.line, fault.column, fault.place) for fault in faults] == [
        (9, 6, "nodes[0].chunk_ids[1]"),
        (10, 24, "nodes[0].centrality_score"),
        (13, 10, "nodes[1].id"),
        (13, 34, "nodes[1][“extra key”]"),
        (14, 3, "nodes[2].id"),
    ]
    assert faults[2].message == "The id “n-flood” is used twice; the first is in line 6."


def test_json_lines_faults_have_their_line() -> None:
    faults = faults_in('{"id": "a"}\n\n{"id": "b",  "depends_on": ["x"]}\n{"id": "a"}\n')

    assert [(fault.line, fault.place) for fault in faults] == [
        (3, "nodes[1].depends_on[0]"),
        (4, "nodes[2].id"),
    ]
    assert faults[1].message.endswith("the first is in line 1.")


@pytest.mark.parametrize(("count", "listed"), [(100, 100), (101, 101), (250, 101)])
def test_after_a_hundred_faults_the_rest_is_counted(count: int, listed: int) -> None:
    faults = faults_in(json.dumps([{"id": "same"}] * (count + 1)))

    assert len(faults) == listed
    if count > MOST_FAULTS:
        assert faults[-1].message.startswith(f"{count - MOST_FAULTS} more fault")
        assert (faults[-1].code, faults[-1].line) == ("more_faults", None)


def test_of_very_many_faults_no_more_are_looked_for() -> None:
    faults = faults_in(json.dumps([{"id": "a", "x": ["\0"] * 20_000, "title": 7}]))

    assert len(faults) == MOST_FAULTS + 1
    assert faults[-1].message.startswith("More than 10,000 others are not listed.")
    assert {fault.code for fault in faults[:-1]} == {"unstorable_text"}


@pytest.mark.parametrize(
    ("limits", "place", "sentence"),
    [
        (Limits(bytes=20), "", "The file is larger than"),
        (Limits(values=3), "", "more than 3 values"),
        (Limits(nodes=1), "nodes", "There are 2 nodes. At most 1 fit"),
        (Limits(chunks=1), "chunks", "there are 2 chunks"),
        (Limits(links=1), "links", "there are 2 links"),
        (Limits(words=2), "chunks", "The chunks have 3 words; at most 2 fit"),
        (Limits(characters=6), "nodes[0].summary", "This text has 7 characters. At most 6 fit"),
        (Limits(depth=2), "line 1, column 12", "More than 2 lists and objects"),
    ],
)
def test_too_large_is_a_fault(limits: Limits, place: str, sentence: str) -> None:
    value = {
        "nodes": [
            {
                "id": "n",
                "chunks": [{"id": "c", "text": "a b"}, {"id": "d", "text": "c"}],
                "summary": "summary",
            },
            {"id": "m", "related": ["n", "n"]},
        ]
    }

    faults = faults_in(json.dumps(value), limits=limits)

    assert [fault.place for fault in faults] == [place]
    assert sentence in faults[0].message


@pytest.mark.parametrize("text", ["x" * 1_201, "\\\\" * 601, "é" * 601, "x" * 700 + '\\"' * 300])
@pytest.mark.parametrize("shape", ['[{"id": "a",\n "x": "%s"}]', '[{"id": "a",\n "%s": 1}]'])
def test_text_far_too_long_is_refused_where_it_begins_before_it_is_read(shape: str, text: str) -> None:
    [fault] = faults_in((shape % text).encode(), limits=Limits(characters=100))

    assert (fault.line, fault.code) == (2, "too_long")
    assert (
        fault.message
        == f"This text has {len(text):,} characters. At most 100 fit into one: make several of it."
    )


@pytest.mark.parametrize(
    "inside", ['"text": "%s"' % ("\\ud83d\\ude00" * 100), '"x": [%s 1]' % ("1, " * 1_000), " " * 3_000]
)
def test_long_stretch_that_is_no_long_text_is_read(inside: str) -> None:
    data = f'[{{"id": "a"{", " if inside.strip() else ""}{inside}}}]'

    assert read_storyline(data.encode(), limits=Limits(characters=100)).nodes[0].id == "a"


def test_depth_is_counted_alike_for_lists_and_documents() -> None:
    as_deep_as_allowed = '[{"id": "a", "x": ' + "[" * 48 + "]" * 48 + "}]"

    assert read_storyline(as_deep_as_allowed).nodes[0].id == "a"
    [fault] = faults_in(as_deep_as_allowed.replace("[[", "[[[").replace("]]", "]]]"))
    assert (fault.code, fault.line) == ("too_deep", 1)


def endless() -> list[object]:
    value: list[object] = []
    value.append({"id": "a", "self": value})
    return value


@pytest.mark.parametrize(
    "value",
    [endless(), [{"id": "a", "x": {1, 2}}], [{"id": "a", "x": {3: 1}}], (1, 2), object(), [{"id": b"a"}]],
)
def test_values_that_are_not_json_are_faults(value: object) -> None:
    with pytest.raises(StorylineFaults):
        read_storyline_value(value)


WORST = {
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "deep and closed": '[{"id": "a", "x": ' + "[" * 900 + "]" * 900 + "}]",
    "long number": '[{"id": ' + "1" * 1_000_000 + "}]",
    "long fraction": '[{"id": 0.' + "1" * 1_000_000 + "}]",
    "many nodes with one id": json.dumps([{"id": "a"}] * 100_000),
    "many chunks with one id": json.dumps(
        {"nodes": [{"id": "a"}], "chunks": [{"id": "c", "text": "x"}] * 50_000}
    ),
    "many unknown ids": json.dumps(
        [{"id": str(n), "chunk_ids": [f"c{n}-{i}" for i in range(10)]} for n in range(5000)]
    ),
    "escaped quotation marks": '["' + '\\"' * 500_000,
    "one long circle": json.dumps([{"id": str(n), "depends_on": [str((n + 1) % 5000)]} for n in range(5000)]),
    "many values": "[" + "[]," * 2_000_000,
    "keys that stand twice": "[" + '{"id": 1, "id": 2},' * 50_000 + "{}]",
}


@pytest.mark.parametrize("name", WORST)
def test_worst_cases_end_soon(name: str) -> None:
    began = time.process_time()

    assert faults_in(WORST[name])

    # A bound against quadratic time, not a measurement: each takes well under a second on an idle machine.
    assert time.process_time() - began < 10


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["n1", "c1"]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "nodes",
                    "chunks",
                    "links",
                    "text",
                    "chunk_ids",
                    "depends_on",
                    "related",
                    "title",
                    "weight",
                ]
            )
            | st.text(max_size=3),
            children,
            max_size=5,
        )
    ),
    max_leaves=25,
)


def outcome(read: Callable[[object], StorylineDocument], data: object) -> tuple[bool, list[Fault]]:
    try:
        return bool(read(data).nodes), []
    except StorylineFaults as error:
        return False, error.faults


@given(JSON_LIKE)
def test_no_value_raises_anything_but_faults(value: object) -> None:
    for taken, faults in (outcome(read_storyline_value, value), outcome(read_storyline, json.dumps(value))):
        assert taken != bool(faults)
        "".join(fault.place + fault.message for fault in faults).encode()


@given(
    st.binary(max_size=60)
    | st.text(st.sampled_from('[]{}",:\\ \n\r\tidnodes01eE.-+true;\ud800\0'), max_size=60)
)
def test_no_text_raises_anything_but_faults(data: bytes | str) -> None:
    taken, faults = outcome(read_storyline, data)

    assert taken != bool(faults)
    "".join(fault.place + fault.message for fault in faults).encode()
