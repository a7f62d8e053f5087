"""Chapter tasks for the tests of the quotations writer, made of plain values or of the example storylines."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from workflow.agents.quotations import QuotationsWriter
from workflow.contract.agent_types import (
    ChapterContext,
    ChapterResult,
    ChapterTask,
    EarlierChapter,
    SourceChunk,
    SourceNode,
)

DATA = Path(
    os.environ.get("CHAPTERFLOW_EXAMPLE_DATA", Path(__file__).resolve().parents[2] / "../shared/data")
).resolve()

HARBOUR = SourceChunk(
    id="c1",
    text=(
        "Ann Lee: Where did you live when you were a child?\n"
        "Maria: Okay. We lived by the harbour, my parents and I. My father was a fisherman.\n"
        "Ann Lee: Did he take you along on the boat?\n"
        "Maria: Yes. He took me along every summer. I learned the names of all the birds on the water.\n"
        "Ann Lee: Mm-hmm.\n"
        "Maria: And in the winter he mended the nets in the kitchen while my mother read to us."
    ),
    speakers=("Ann Lee", "Maria"),
    source="tape 1",
    sequence=1,
)


def make_task(
    *chunks: SourceChunk, context: ChapterContext | None = None, words: object = None, **node: object
) -> ChapterTask:
    values = {"id": "n1", "title": "", **node}
    return ChapterTask(
        chapter_number=2,
        title="A childhood",
        storyline_node=SourceNode(**values),
        text_chunks=chunks,
        previous_context=context or ChapterContext(),
        user_preferences={} if words is None else {"words_per_chapter": words},
    )


def write(task: ChapterTask) -> ChapterResult:
    return QuotationsWriter().write(task, lambda text: None)


def example_tasks(name: str) -> Iterator[ChapterTask]:
    """Yield a task for every node of an example storyline; skips the test where the file is missing."""
    path = DATA / f"{name}.json"
    if not path.exists():
        pytest.skip(f"example storyline {name} is not here; CHAPTERFLOW_EXAMPLE_DATA may say where it is")
    storyline = json.loads(path.read_text(encoding="utf-8"))
    chunks = {raw["id"]: _chunk(raw) for raw in storyline["chunks"]}
    before: Sequence[EarlierChapter] = ()
    for number, raw in enumerate(storyline["nodes"], start=1):
        node = SourceNode(
            id=raw["id"],
            title=raw["title"],
            summary=raw["summary"],
            summary_origin=raw["summary_origin"],
            themes=tuple(raw["themes"]),
            participants=tuple(raw["participants"]),
        )
        sources = tuple(chunks[chunk_id] for chunk_id in raw["chunk_ids"])
        title = raw["title"] or raw["summary"][:80]
        yield ChapterTask(number, title, node, sources, ChapterContext(tuple(before)), storyline["book"])
        before = (EarlierChapter(number, title, participants=node.participants),)


def _chunk(raw: dict) -> SourceChunk:
    return SourceChunk(
        id=raw["id"],
        text=raw["text"],
        speaker=raw.get("speaker", ""),
        speakers=tuple(raw.get("speakers", ())),
        source=raw.get("source", ""),
        sequence=raw.get("sequence"),
        start_seconds=raw.get("start_seconds"),
        end_seconds=raw.get("end_seconds"),
    )
