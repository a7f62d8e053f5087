"""Chunks that nobody would say: whatever they hold, the chapter is verbatim and cited."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from books.text.citations import cited_ids, find_passages
from tests.workflow.quotation_proof import verify_chapter
from tests.workflow.quotation_tasks import make_task, write
from workflow.contract.agent_types import SourceChunk

FRAGMENTS = st.sampled_from(
    [
        *(
            "**Ann:** ",
            "Ann: ",
            "\n",
            "\r\n",
            "\n\n",
            ": ",
            "… ",
            " … ",
            "…",
            ". ",
            "? ",
            "! ",
            "。",
            "؟ ",
            "- ",
            "1. ",
        ),
        *(
            "[c1]",
            "[c2](x)",
            "\\",
            "\\[",
            "*",
            "_",
            "`",
            "<b>",
            "&amp;",
            "~~",
            "|",
            "#",
            "> ",
            "“",
            '"',
            "’s",
            "\t",
        ),
        *(
            "we sailed",
            "the harbour",
            "Why did you go",
            "okay",
            "um",
            "12:30",
            "é",
            "שלום",
            "مرحبا",
            "👩\u200d🚀",
        ),
        *("\u202e", "\u2028", "\x0b", "x" * 700, "你好", "\u0301", "Dr. ", "Q: ", "A: ", "Bo Lee: "),
    ]
)
TEXTS = st.lists(FRAGMENTS | st.text(max_size=12), max_size=40).map("".join)
NAMES = st.sampled_from(["", "Ann", "Bo *Lee*", "[c1]", "A: B", "(x)", "**", "x" * 500, "\n"]) | st.text(
    max_size=8
)
IDS = st.sampled_from(["c1", "c2", "a[b]", "a\\b", "_x_", "c 3", "…"])
CHUNKS = st.lists(
    st.builds(
        SourceChunk,
        id=IDS,
        text=TEXTS,
        speaker=NAMES,
        speakers=st.lists(NAMES, max_size=3).map(tuple),
        sequence=st.none() | st.integers(-3, 3),
    ),
    max_size=4,
    unique_by=lambda chunk: chunk.id,
)


@settings(deadline=None)
@given(CHUNKS, TEXTS, TEXTS)
def test_hostile_chunks_are_quoted_verbatim(chunks: list[SourceChunk], summary: str, theme: str) -> None:
    draft = write(make_task(*chunks, summary=summary, themes=(theme,)))

    passages = find_passages(draft.content, {chunk.id: chunk.text for chunk in chunks})
    assert verify_chapter(draft.content, chunks) == []
    assert len(passages) == draft.quality_metrics["quotes"]
    assert all(passage.quote for passage in passages)
    assert tuple(cited_ids(draft.content)) == draft.source_chunk_ids
    assert 0 <= (draft.confidence or 0) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "." * 200_000,
        ". " * 50_000,
        "x" * 500_000,
        "Why? " * 40_000,
        "A: b\n" * 40_000,
        ":" * 200_000,
        "(" * 100_000 + ": a",
        "word " * 100_000,
        "a" + " " * 200_000 + "b",
    ],
    ids=["dots", "full stops", "one word", "questions", "labels", "colons", "brackets", "no stops", "spaces"],
)
def test_endless_text_still_makes_a_short_honest_chapter(text: str) -> None:
    chunk = SourceChunk("c1", text)

    draft = write(make_task(chunk))

    assert verify_chapter(draft.content, [chunk]) == []
    assert len(draft.content) < 30_000
