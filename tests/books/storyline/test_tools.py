"""What other tools write: read as the storyline that it is, or known for what else it is; nothing lost in silence."""

import json
from unicodedata import normalize

import pytest

from books.storyline import StorylineDocument, StorylineFaults, read_storyline

A, B = {"id": "a", "label": "Mill"}, {"id": "b", "name": "Flood"}
LINK = {"source": "a", "target": "b", "type": "CAUSAL_LINK", "value": 0.5}
APOC_NODES = [
    {"type": "node", "id": key, "labels": ["Storyline"], "properties": {"title": title}}
    for key, title in (("a", "Mill"), ("b", "Flood"))
]
APOC_LINK = {
    "type": "relationship",
    "id": "7",
    "label": "CAUSAL_LINK",
    "start": {"id": "a"},
    "end": {"id": "b"},
}

GRAPHS = {
    "networkx": {"directed": True, "multigraph": False, "graph": {}, "nodes": [A, B], "links": [LINK]},
    "networkx with edges": {"directed": True, "graph": {}, "nodes": [A, B], "edges": [LINK | {"key": 0}]},
    "networkx adjacency": {"nodes": [A, B], "adjacency": [[{"id": "b", "type": "CAUSAL_LINK"}], []]},
    "D3 by index": {"nodes": [A, B], "links": [LINK | {"source": 0, "target": 1}]},
    "D3 after its simulation": {"nodes": [A, B], "links": [LINK | {"source": A, "target": B}]},
    "from and to": {"nodes": [A, B], "edges": [{"from": "a", "to": "b", "relation": "causal link"}]},
    "JSON Graph Format": {
        "graph": {
            "nodes": {"a": {"label": "Mill"}, "b": {"label": "Flood", "metadata": {"summary": "Water."}}},
            "edges": [{"source": "a", "target": "b", "relation": "CAUSAL_LINK"}],
        }
    },
    "Cytoscape": {
        "elements": {
            "nodes": [{"data": A}, {"data": B}],
            "edges": [{"data": {"id": "e", "source": "a", "target": "b", "interaction": "CAUSAL_LINK"}}],
        }
    },
    "Cytoscape in one list": {"elements": [{"data": A}, {"data": B}, {"data": LINK}]},
    "APOC": {"nodes": APOC_NODES, "rels": [APOC_LINK]},
    "APOC in one list": [*APOC_NODES, APOC_LINK],
}


def read(value: object) -> StorylineDocument:
    return read_storyline(json.dumps(value))


def refused(data: bytes | str) -> str:
    with pytest.raises(StorylineFaults) as caught:
        read_storyline(data)
    [fault] = caught.value.faults
    return fault.message


@pytest.mark.parametrize("tool", GRAPHS)
def test_graph_of_a_tool_is_read_whole(tool: str) -> None:
    document = read(GRAPHS[tool])

    assert [(node.id, node.title) for node in document.nodes] == [("a", "Mill"), ("b", "Flood")]
    [link] = document.links
    assert (link.source_id, link.target_id, link.relationship_type) == ("a", "b", "CAUSAL_LINK")
    assert [notice for notice in document.notices if notice.code != "read_as"] == []


def test_json_lines_of_apoc_are_nodes_and_links() -> None:
    document = read_storyline("\n".join(map(json.dumps, [*APOC_NODES, APOC_LINK])))

    assert (len(document.nodes), len(document.links)) == (2, 1)


def test_links_by_index_may_join_nodes_without_ids() -> None:
    nodes = [{"name": "Mill"}, {"name": "Flood"}]

    document = read({"nodes": nodes, "links": [{"source": 0, "target": 1}]})

    assert [(node.id, node.title) for node in document.nodes] == [("0", "Mill"), ("1", "Flood")]


def test_faults_inside_what_a_tool_wraps_have_their_place() -> None:
    with pytest.raises(StorylineFaults) as caught:
        read_storyline('[{"type": "node", "id": "a",\n"properties": {"title": "x",\n"depends_on": ["z"]}}]')

    [fault] = caught.value.faults
    assert (fault.place, fault.line) == ("nodes[0].properties.depends_on[0]", 3)


def test_text_inside_a_node_is_its_chunk() -> None:
    document = read([{"id": "a", "content": "The ferry lay in the ice."}])

    assert document.nodes[0].chunk_ids == ("a",)
    assert document.chunks[0].text == "The ferry lay in the ice."


def test_scores_are_known_under_the_names_of_measures() -> None:
    document = read([{"id": "a", "PageRank": 0.4}, {"id": "b", "importance": "high"}])

    assert [node.centrality_score for node in document.nodes] == [0.4, None]
    assert [notice.message for notice in document.notices] == [
        "In the nodes, “PageRank” is read as “centrality_score”.",
        "“importance” in 1 of the nodes is kept, but not read.",
    ]


def test_every_key_that_is_not_read_is_told_of() -> None:
    document = read(
        {
            "title": "Salt",
            "book": {"titel": "Salt"},
            "chunks": [{"id": "c", "text": "x", "speeker": "Ann"}],
            "nodes": [
                {"id": "a", "centrality_scroe": 1, "chunk_ids": ["c"]},
                {"id": "b", "centrality_scroe": 2},
            ],
            "links": [{"source_id": "a", "target_id": "b", "wieght": 1, "relationship_type": "related"}],
        }
    )

    said = {notice.message for notice in document.notices}
    assert said == {
        "“title” of the file is kept, but not read. Did you mean it for the book? Put it into “book”: {“title”: …}.",
        "“titel” of book is kept, but not read. Did you mean “title”?",
        "“speeker” in 1 of the chunks is kept, but not read. Did you mean “speaker”?",
        "“centrality_scroe” in 2 nodes is kept, but not read. Did you mean “centrality_score”?",
        "“wieght” in 1 of the links is kept, but not read. Did you mean “weight”?",
    }


def test_every_key_that_is_read_under_another_name_is_told_of() -> None:
    gephi = "Id,Label,Weight,Topics\na,The river,0.4,ice\nb,The ferry,0.9,\n"
    notices = read_storyline(gephi).notices

    assert [(notice.code, notice.place, notice.message) for notice in notices] == [
        (
            "read_as",
            "nodes",
            "In the nodes, “Label” is read as “title”, “Weight” is read as “centrality_score”, "
            "“Topics” is read as “themes”.",
        )
    ]


def test_names_of_links_and_of_the_file_are_told_of_and_other_letters_are_not() -> None:
    graph = {
        "vertices": [{"Node ID": "a", "centralityScore": 1}, {"node_id": "b"}],
        "Links": [{"from": "a", "to": "b", "label": "causal link", "kind": "x"}],
    }

    assert {notice.message for notice in read(graph).notices if notice.code == "read_as"} == {
        "In the file, “vertices” is read as “nodes”.",
        "In the links, “label” is read as “relationship_type”.",
    }


def test_many_keys_that_are_not_read_are_counted() -> None:
    notices = read([{"id": "a"} | {f"x{number}": 1 for number in range(40)}]).notices

    assert len(notices) == 31
    assert notices[-1].message == "More keys are not read, and not listed here."


def test_letters_that_are_written_in_two_ways_are_one_id() -> None:
    composed, parted = normalize("NFC", "Café"), normalize("NFD", "Café")

    document = read(
        {"chunks": [{"id": composed, "text": "x"}], "nodes": [{"id": "a", "chunk_ids": [parted]}]}
    )
    later = read_storyline(json.dumps([{"id": "a", "chunk_ids": [composed]}]), known_chunk_ids=[parted])

    assert document.nodes[0].chunk_ids == (composed,)
    assert later.nodes[0].chunk_ids == (parted,)


def test_ids_that_look_alike_are_told_apart() -> None:
    said = refused(
        '{"chunks": [{"id": "page 1", "text": "x"}], "nodes": [{"id": "a", "chunk_ids": ["page\u00a01"]}]}'
    )

    assert said.endswith("It looks alike, but is written with other characters: copy it.")


@pytest.mark.parametrize(
    "text",
    [
        "Id,Label,Weight\n1,Low,0.1\n2,High,0.9\n",
        "ID,Title,Centrality Score\n1,Low,0.1\n2,High,0.9\n",
        '\ufeff"sep=;"\r\nid;title;centrality_score\r\n1;Low;0,1\r\n2;High;0,9\r\n',
        "sep=;\r\nid;title;centralityScore\r\n1;Low;0,1\r\n2;High;0,9\r\n",
        "id,title,centrality\r1,Low,0.1\r2,High,0.9\r",
        'id,title,centrality_score\n1,Low,"0,1"\n2,High,"0,9"\n',
    ],
)
def test_table_of_a_tool_is_read(text: str) -> None:
    document = read_storyline(text.encode())

    assert [(node.id, node.title, node.centrality_score) for node in document.nodes] == [
        ("1", "Low", 0.1),
        ("2", "High", 0.9),
    ]


@pytest.mark.parametrize("cell", ["a|b c", "a; b c", "\"['a', 'b c']\"", '"[""a"", ""b c""]"', '"[a, b c]"'])
def test_lists_in_cells_are_read(cell: str) -> None:
    assert read_storyline(f"id,themes\n1,{cell}\n").nodes[0].themes == ("a", "b c")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            "Source,Target,Type,Id,Label,Weight\n1,2,Directed,0,,1.0\n",
            "This is a table of links: each row leads from one node to another. It is not read beside another file."
            " Upload the table of nodes, with a column “depends_on” for the nodes that each one builds on.",
        ),
        (json.dumps([LINK]), "There are only links."),
        (json.dumps({"nodes": [LINK]}), "This leads from one node to another, so it is a link."),
        ("start,end,text\n0,4,I was born.\n", "This is a table of what was said"),
        (json.dumps({"segments": [{"start": 0, "text": "Hull."}]}), "This is a transcript, as Whisper"),
        (json.dumps({"monologues": [{"speaker": 0}]}), "This is a transcript, as Rev"),
        (json.dumps([{"start": 0, "end": 1, "text": "Hull."}]), "This is a transcript, not a list of nodes."),
        (
            "\ufeffWEBVTT\r\n\r\n00:00.000 --> 00:03.000\r\n<v Ann>Hull.</v>\r\n",
            "These are subtitles (WebVTT).",
        ),
        ("1\n00:00:01,000 --> 00:00:02,000\nHull.\n", "These are subtitles (SubRip)."),
        (
            "Ann Smith  0:01\nI was born in Hull.\n\nBob  0:09\nAnd then?\n",
            "This is a transcript with times.",
        ),
        ("[00:00:01] Ann: I was born.\n[00:00:09] Bob: And then?\n", "This is a transcript with times."),
        ("Ann: I was born.\nBob: And then?\nAnn: We left.\nBob: When?\n", "This is a transcript."),
        ('<?xml version="1.0"?>\n<graphml xmlns="x"></graphml>', "This is GraphML. Save the graph as JSON"),
        ("<gexf></gexf>", "This is GEXF."),
        ('digraph { "a" -> "b" }', "This is a graph in DOT."),
        (b"%PDF-1.7\n\xff", "The file is a PDF."),
        (b"PK\x03\x04..........word/document.xml", "The file is a Word document."),
        (b"PK\x03\x04..........xl/workbook.xml", "The file is an Excel workbook. Save the sheet"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text", "The file is an OpenDocument text."),
        (b"PK\x03\x04.......... a.json", "The file is a ZIP archive. Unpack it"),
        (b"ID3\x03rest", "The file is a recording."),
        (b"\0\0\0\x20ftypmp42", "The file is a recording."),
        (b"RIFF\0\0\0\0WAVEfmt ", "The file is a recording."),
        (b"{\\rtf1 Hull}", "The file is a text in RTF."),
    ],
)
def test_other_files_are_known_for_what_they_are(data: bytes | str, sentence: str) -> None:
    assert refused(data).startswith(sentence)
