"""The samples are whole and sound: judged as plain JSON, without the product's own reader."""

import json
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "books" / "samples"
FERRY_HOUSE = "ferry-house.json"
TEMPLATE = "template.json"
VOICES = {"Ottilie Varnholt", "Emm Varnholt", "Josefa Tidewell"}
LINK_TYPES = {
    "TEMPORAL_SEQUENCE",
    "CAUSAL_LINK",
    "THEMATIC_SIMILARITY",
    "SPATIAL_CONNECTION",
    "SHARED_PARTICIPANTS",
}
ORDERING_TYPES = {"TEMPORAL_SEQUENCE", "CAUSAL_LINK"}
WAITS_FOR = {1: [], 2: [1], 3: [], 4: [1], 5: [3, 4], 6: [5], 7: [2, 5], 8: [3], 9: [8], 10: [8], 11: [6, 7]}
WAITS_FOR[12] = [10, 11]


class _ChunkBase(TypedDict):
    id: str
    text: str
    speaker: str
    source: str
    sequence: int
    start_seconds: float
    end_seconds: float


class Chunk(_ChunkBase, total=False):
    speakers: list[str]


class Related(TypedDict):
    id: str
    weight: float
    type: str


class _NodeBase(TypedDict):
    id: str
    title: str
    summary: str
    summary_origin: str
    centrality_score: float
    confidence: float
    themes: list[str]
    participants: list[str]
    chunk_ids: list[str]
    temporal_info: dict[str, int | str]
    main_storyline: bool
    related: list[Related]


class Node(_NodeBase, total=False):
    depends_on: list[str]


class Link(TypedDict):
    source_id: str
    target_id: str
    relationship_type: str
    weight: float
    confidence: float
    evidence: str


class Document(TypedDict):
    format: str
    book: dict[str, object]
    chunks: list[Chunk]
    nodes: list[Node]
    links: list[Link]


def _load(name: str) -> Document:
    document: Document = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return document


@pytest.fixture(params=[FERRY_HOUSE, TEMPLATE])
def sample(request: pytest.FixtureRequest) -> Document:
    return _load(request.param)


@pytest.fixture
def ferry_house() -> Document:
    return _load(FERRY_HOUSE)


def _voices(chunk: Chunk) -> list[str]:
    return chunk.get("speakers", [chunk["speaker"]])


def _word_count(chunk: Chunk) -> int:
    return len(chunk["text"].split())


def _dependencies(document: Document) -> dict[str, set[str]]:
    waits = {node["id"]: set(node.get("depends_on", [])) for node in document["nodes"]}
    for link in document["links"]:
        if link["relationship_type"] in ORDERING_TYPES:
            waits[link["target_id"]].add(link["source_id"])
    return waits


def test_names_its_format_and_its_book(sample: Document) -> None:
    assert sample["format"] == "chapterflow-storyline/1"
    for key in ("title", "subtitle", "author", "language", "description"):
        assert sample["book"][key]


def test_ids_are_unique(sample: Document) -> None:
    for ids in ([c["id"] for c in sample["chunks"]], [n["id"] for n in sample["nodes"]]):
        assert len(ids) == len(set(ids))


def test_every_reference_is_known(sample: Document) -> None:
    chunk_ids = {chunk["id"] for chunk in sample["chunks"]}
    node_ids = {node["id"] for node in sample["nodes"]}

    for node in sample["nodes"]:
        assert set(node["chunk_ids"]) <= chunk_ids
        assert set(node.get("depends_on", [])) <= node_ids - {node["id"]}
        assert {related["id"] for related in node["related"]} <= node_ids - {node["id"]}
    for link in sample["links"]:
        assert {link["source_id"], link["target_id"]} <= node_ids
        assert link["source_id"] != link["target_id"]


def test_every_chunk_belongs_to_exactly_one_node(sample: Document) -> None:
    used = [chunk_id for node in sample["nodes"] for chunk_id in node["chunk_ids"]]

    assert sorted(used) == sorted(chunk["id"] for chunk in sample["chunks"])


def test_scores_are_shares(sample: Document) -> None:
    for scored in (*sample["nodes"], *sample["links"]):
        assert 0 < scored["confidence"] <= 1
    for link in sample["links"]:
        assert 0 < link["weight"] <= 1
    for node in sample["nodes"]:
        assert 0 < node["centrality_score"] <= 1


def test_every_chunk_has_a_speaker_and_times(sample: Document) -> None:
    for chunk in sample["chunks"]:
        assert chunk["speaker"] in _voices(chunk)
        assert chunk["source"].startswith("Tape ")
        assert 0 <= chunk["start_seconds"] < chunk["end_seconds"]


def test_each_turn_of_a_dialogue_is_labelled_with_one_of_its_speakers(sample: Document) -> None:
    for chunk in sample["chunks"]:
        if "speakers" in chunk:
            labels = [line.split(": ", 1)[0] for line in chunk["text"].split("\n")]
            assert set(labels) == set(chunk["speakers"]), chunk["id"]
        else:
            assert "\n" not in chunk["text"], chunk["id"]


def test_participants_are_the_voices_of_the_nodes_chunks(ferry_house: Document) -> None:
    chunks = {chunk["id"]: chunk for chunk in ferry_house["chunks"]}

    for node in ferry_house["nodes"]:
        heard = {voice for chunk_id in node["chunk_ids"] for voice in _voices(chunks[chunk_id])}
        assert set(node["participants"]) == heard


def test_passages_of_one_tape_do_not_overlap(sample: Document) -> None:
    for tape in {chunk["source"] for chunk in sample["chunks"]}:
        spans = sorted(
            (c["start_seconds"], c["end_seconds"]) for c in sample["chunks"] if c["source"] == tape
        )
        assert all(end <= start for (_, end), (start, _) in pairwise(spans)), tape


def test_dependencies_have_no_cycle(sample: Document) -> None:
    order = list(TopologicalSorter(_dependencies(sample)).static_order())

    assert set(order) == {node["id"] for node in sample["nodes"]}


def test_ferry_house_has_twelve_nodes_with_four_or_five_chunks_each(ferry_house: Document) -> None:
    assert len(ferry_house["nodes"]) == 12
    assert {len(node["chunk_ids"]) for node in ferry_house["nodes"]} == {4, 5}
    assert 48 <= len(ferry_house["chunks"]) <= 60


def test_ferry_house_has_words_for_a_small_book(ferry_house: Document) -> None:
    counts = [_word_count(chunk) for chunk in ferry_house["chunks"]]

    assert min(counts) >= 90
    assert max(counts) <= 220
    assert 8_000 <= sum(counts) <= 9_500


def test_ferry_house_is_told_by_three_voices_and_in_dialogues(ferry_house: Document) -> None:
    heard = {voice for chunk in ferry_house["chunks"] for voice in _voices(chunk)}
    dialogues = [chunk for chunk in ferry_house["chunks"] if "speakers" in chunk]

    assert heard == VOICES
    assert len(dialogues) >= 8


def test_ferry_house_is_spoken_at_a_believable_pace(ferry_house: Document) -> None:
    for chunk in ferry_house["chunks"]:
        minutes = (chunk["end_seconds"] - chunk["start_seconds"]) / 60
        assert 110 <= _word_count(chunk) / minutes <= 170, chunk["id"]


def test_ferry_house_shows_every_type_of_link_with_its_evidence(ferry_house: Document) -> None:
    assert {link["relationship_type"] for link in ferry_house["links"]} == LINK_TYPES
    assert all(link["evidence"].endswith((".", ".”")) for link in ferry_house["links"])


def test_ferry_house_chapters_wait_for_the_right_ones(ferry_house: Document) -> None:
    expected = {f"n-{n:02d}": {f"n-{m:02d}" for m in before} for n, before in WAITS_FOR.items()}

    assert _dependencies(ferry_house) == expected


def test_ferry_house_reads_in_the_order_of_centrality(ferry_house: Document) -> None:
    scores = [node["centrality_score"] for node in ferry_house["nodes"]]

    assert scores == sorted(set(scores), reverse=True)


def test_ferry_house_leaves_something_open(ferry_house: Document) -> None:
    told = "\n".join(chunk["text"] for chunk in ferry_house["chunks"])
    by_id = {chunk["id"]: chunk for chunk in ferry_house["chunks"]}
    pegs = next(node for node in ferry_house["nodes"] if node["title"] == "The Surveyor’s Pegs")

    assert "in which year did it get its rope?" in told
    assert "So who rang the bell that night?" in told
    assert told.count("ask Dorrit") == 2
    assert sum("Ottilie Varnholt" in _voices(by_id[chunk_id]) for chunk_id in pegs["chunk_ids"]) == 1


def test_ferry_house_gives_the_harmonizer_something_to_find(ferry_house: Document) -> None:
    told = "\n".join(chunk["text"] for chunk in ferry_house["chunks"])
    summaries = "\n".join(node["summary"] for node in ferry_house["nodes"])

    assert "Rupprecht" in summaries
    assert "Rupprecht" not in told
    assert "autumn of 1958" in summaries
    assert "October 1957" in told


def test_template_has_two_nodes_and_a_dialogue() -> None:
    template = _load(TEMPLATE)

    assert len(template["nodes"]) == 2
    assert any("speakers" in chunk for chunk in template["chunks"])
