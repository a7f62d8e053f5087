"""CSV tables of nodes: the same nodes and the same faults as JSON, with the table's lines."""

import pytest

from books.storyline import Limits, StorylineFaults, read_storyline


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_table_is_a_list_of_nodes(mark: str, line_end: str) -> None:
    rows = [
        ["ID", "title", "summary", "centrality_score", "themes", "depends_on", "colour", ""],
        [
            "a",
            "First",
            f'"He said ""no""{line_end}twice{mark} then left"',
            "0.5",
            "bridge|house",
            "",
            "",
            "x",
        ],
        [],
        ["7", "", "It rained.", "", "", "a", "blue"],
    ]

    document = read_storyline(line_end.join(mark.join(row) for row in rows).encode("utf-8-sig"))

    first, second = document.nodes
    assert (first.id, first.title, first.centrality_score, first.themes) == (
        "a",
        "First",
        0.5,
        ("bridge", "house"),
    )
    assert first.summary.splitlines() == ['He said "no"', f"twice{mark} then left"]
    assert (second.id, second.title, second.depends_on, second.extra) == (
        "7",
        "It rained.",
        ("a",),
        {"colour": "blue"},
    )
    assert first.extra == {}


def test_faults_have_the_line_in_which_their_row_begins() -> None:
    text = 'id,summary,centrality_score,depends_on\na,"one\ntwo",0.5,\n\nb,x,high,zz\na,,1e999,\n'

    with pytest.raises(StorylineFaults) as caught:
        read_storyline(text, known_chunk_ids=["c"])

    assert [(fault.line, fault.place) for fault in caught.value.faults] == [
        (5, "nodes[1].centrality_score"),
        (5, "nodes[1].depends_on[0]"),
        (6, "nodes[2].centrality_score"),
        (6, "nodes[2].id"),
    ]
    assert caught.value.faults[-1].message == "The id “a” is used twice; the first is in line 2."


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("id,title\na,Rain, again\n", 2, "This row has 3 cells, but the first row names 2 columns"),
        ('id,title\na,x\nb,"open\n', 3, "opens in this row and is never closed"),
        ("id,title,Title\na,x,y\n", 1, "The column “Title” stands twice"),
        ("id,title\na,x\rb,y\n", 2, "A line break stands inside this row"),
        ("id,title\n", 1, "There are no nodes"),
        ("id,title\n,x\n", 2, "The id of this node is missing"),
    ],
)
def test_broken_tables_have_a_fault_with_its_line(text: str, line: int, sentence: str) -> None:
    with pytest.raises(StorylineFaults) as caught:
        read_storyline(text)

    [fault] = caught.value.faults
    assert fault.line == line
    assert sentence in fault.message


def test_table_without_ids_is_told_so() -> None:
    with pytest.raises(StorylineFaults, match="names no column “id”"):
        read_storyline("title,summary\na,b\n")


def test_too_many_cells_are_a_fault() -> None:
    with pytest.raises(StorylineFaults, match="more than 5 cells"):
        read_storyline("id\tx\n" + "\t" * 6, limits=Limits(values=5))
