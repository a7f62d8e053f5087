"""Small tasks for a writer, without a database."""

from workflow.agents.types import ChapterContext, ChapterTask, EarlierChapter, SourceChunk, SourceNode


def chunk(number: int, text: str = "", id: str = "") -> SourceChunk:
    said = (
        text
        or f"In the year {1930 + number} the river rose as far as step {number}, and we carried the hens up."
    )
    return SourceChunk(id=id or f"c-{number}", text=said, speaker="Emm")


def task(
    *chunks: SourceChunk, number: int = 1, preferences: dict[str, object] | None = None, earlier: int = 0
) -> ChapterTask:
    """Return a task; `earlier` chapters stand before it, of which a writer sees the nearest six."""
    shown = range(max(1, earlier - 5), earlier + 1)
    return ChapterTask(
        number=number,
        title="The high water",
        node=SourceNode("n1", "The high water", "How the river rose.", "human", ("flood",), ("Emm",), None),
        chunks=chunks or tuple(chunk(each) for each in range(1, 4)),
        context=ChapterContext(
            tuple(
                EarlierChapter(
                    each,
                    f"Year {each % 100}",
                    "The mill stood still that spring. " * 12,
                    "And so the mill stood still until the autumn. " * 10,
                    ("Emm",),
                )
                for each in shown
            ),
            max(0, earlier - 6),
        ),
        book={"title": "The River", "language": "en"},
        preferences=preferences or {},
    )
