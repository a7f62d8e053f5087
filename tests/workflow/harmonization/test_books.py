"""Over whole books with planted faults: the faults are found, and every quotation stays as it was."""

import json
import os
import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from books.text.citations import find_passages
from workflow.agents.quotations import QuotationsWriter
from workflow.contract.agent_types import ChapterTask, SourceChunk, SourceNode, WrittenChapter
from workflow.harmonization import apply_findings, compare, facts_of, find_all

DATA = Path(
    os.environ.get("CHAPTERFLOW_EXAMPLE_DATA") or Path(__file__).resolve().parents[3] / "../shared/data"
)
QMSUM_NODES = 1_000 if os.environ.get("CHAPTERFLOW_ALL_EXAMPLES") else 100
FRAME = (
    "They came – all of them – by the river – and it's late. “So” it is, “so” it was: we’re, they’re, you’re here. "
    "TODO: check this with the family."
)
FAULTS = (
    'It\'s a "plain" word - and so is this. TODO: look it up.',
    "As told in Chapter 2000, “The Missing Door”, it’s so — really.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
)


def chunk(values: Mapping[str, object]) -> SourceChunk:
    return SourceChunk(
        id=str(values["id"]),
        text=str(values["text"]),
        speaker=str(values.get("speaker") or ""),
        speakers=tuple(values.get("speakers") or ()),  # type: ignore[arg-type]
        source=str(values.get("source") or ""),
        sequence=values.get("sequence"),  # type: ignore[arg-type]
    )


def written(name: str, limit: int) -> Iterator[WrittenChapter]:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no example data at {path}")
    document = json.loads(path.read_text(encoding="utf-8"))
    chunks = {values["id"]: chunk(values) for values in document["chunks"]}
    writer = QuotationsWriter()
    for number, values in enumerate(document["nodes"][:limit], start=1):
        title = values["title"] or f"Part {number}"
        node = SourceNode(
            values["id"],
            title,
            values["summary"],
            values.get("summary_origin", ""),
            tuple(values["themes"]),
            tuple(values["participants"]),
        )
        own = tuple(chunks[chunk_id] for chunk_id in values["chunk_ids"])
        draft = writer.write(ChapterTask(number, title, node, own), lambda _: None)
        yield WrittenChapter(number, title, draft.content, node, own)


def with_faults(chapter: WrittenChapter) -> WrittenChapter:
    fault = FAULTS[chapter.number % len(FAULTS)]
    blocks = chapter.markdown.split("\n\n")
    blocks.insert(1, FRAME)
    blocks.insert(len(blocks) // 2, fault)
    return WrittenChapter(chapter.number, chapter.title, "\n\n".join(blocks), chapter.node, chapter.chunks)


def quotes(chapter: WrittenChapter, markdown: str) -> list[tuple[str, str]]:
    passages = find_passages(markdown, {c.id: c.text for c in chapter.chunks})
    return [(passage.chunk_id, passage.quote) for passage in passages]


@pytest.mark.parametrize(("name", "limit"), [("apollo13-10.json", 10), ("qmsum-1000.json", QMSUM_NODES)])
def test_planted_faults_go_and_every_quotation_stays(name: str, limit: int):
    chapters = [with_faults(chapter) for chapter in written(name, limit)]

    found = find_all(chapters)
    applied = {c.number: apply_findings(c.markdown, found[c.number], c.chunks) for c in chapters}

    for chapter in chapters:
        result = applied[chapter.number]
        assert result.rejected == ()
        assert quotes(chapter, result.markdown) == quotes(chapter, chapter.markdown) != []
        frame = result.markdown.split("\n\n")[1]
        assert re.search(r"TODO|'|\"| - |—", frame) is None
        assert "Lorem" not in result.markdown
        assert ("Chapter 2000" in result.markdown) == any(
            placed.finding.find == "Chapter 2000" for placed in result.suggestions
        )
    again = [
        WrittenChapter(c.number, c.title, applied[c.number].markdown, c.node, c.chunks) for c in chapters
    ]
    assert not [f for findings in find_all(again).values() for f in findings if f.automatic]


def test_chapters_of_quotations_alone_need_no_change():
    assert find_all(written("apollo13-10.json", 10)) == {}


def test_facts_that_were_kept_give_the_same_findings():
    chapters = [with_faults(chapter) for chapter in written("apollo13-10.json", 10)]

    kept = [pickle.loads(pickle.dumps(facts_of(chapter))) for chapter in reversed(chapters)]

    assert compare(kept) == find_all(chapters)
