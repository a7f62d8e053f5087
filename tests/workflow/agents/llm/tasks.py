"""Small tasks for a writer, without a database."""

from dataclasses import replace

from workflow.contract.agent_types import (
    ChapterContext,
    ChapterTask,
    EarlierChapter,
    KnownFact,
    RelatedNode,
    SourceChunk,
    SourceNode,
)


def chunk(number: int, text: str = "", id: str = "") -> SourceChunk:
    said = (
        text
        or f"In the year {1930 + number} the river rose as far as step {number}, and we carried the hens up."
    )
    return SourceChunk(id=id or f"c-{number}", text=said, speaker="Emm")


def fact(number: int, name: str = "Emm", sentence: str = "", kind: str = "introduction") -> KnownFact:
    return KnownFact(name, sentence or f"{name} rowed the hens over in 19{number:02}.", number, kind)


def related(number: int, sentences: int = 1) -> RelatedNode:
    return RelatedNode(
        f"n-{number}", f"Storyline {number}", "The dam was never built. " * sentences, "related"
    )


def earlier_chapters(count: int, read: int = 40) -> ChapterContext:
    """Return a context with `count` chapters before, of which the nearest are listed as the engine lists them."""
    shown = range(max(1, count - read + 1), count + 1)
    chapters = [
        EarlierChapter(
            each,
            f"Year {each % 100}",
            f"{each}. Year {each % 100}: The mill stood still that spring, and nobody in the village could say why it"
            " had come to that, or when the water would go down again.",
        )
        for each in shown
    ]
    if chapters:
        ending = "And so the mill stood still until the autumn. [c-900] " * 10
        chapters[-1] = replace(chapters[-1], ending=ending, participants=("Emm",), cited=("c-900",))
    return ChapterContext(tuple(chapters), max(0, count - read))


def task(
    *chunks: SourceChunk, number: int = 1, preferences: dict[str, object] | None = None, earlier: int = 0
) -> ChapterTask:
    """Return a task; `earlier` chapters stand before it, with facts and related nodes."""
    context = earlier_chapters(earlier)
    if earlier:
        context = replace(context, facts=(fact(1),), related=(related(7),))
    return ChapterTask(
        chapter_number=number,
        title="The high water",
        storyline_node=SourceNode(
            "n1", "The high water", "How the river rose.", "human", ("flood",), ("Emm",), None
        ),
        text_chunks=chunks or tuple(chunk(each) for each in range(1, 4)),
        previous_context=context,
        book_metadata={"title": "The River", "language": "en"},
        user_preferences=preferences or {},
    )
