"""A chapter's sources for the tests of its metrics, as plain values."""

from workflow.contract.agent_types import EarlierChapter, SourceChunk, SourceNode
from workflow.quality import Metrics, Sources, measure

FERRY = SourceChunk(
    id="c-1",
    text=(
        "The river froze in January of nineteen forty-seven, and my father stood on the bank every morning with his "
        "hands in his pockets. Nobody could cross, so the ferry lay in the ice for nine weeks. We burned the "
        "benches first, and then the shelves. My sister Josefa cut shoes for us out of roof paper and string."
    ),
    speaker="Ottilie Varnholt",
    source="Tape 3",
)
SOUP = SourceChunk(
    id="c-2",
    text=(
        "A cooper from Oberaume walked over the ice and mended our chairs for soup. He had 12 children at home. "
        "People who had always been passengers stayed in our kitchen until the thaw, and we learned their faces."
    ),
    speaker="Emm Tidewell",
    source="Tape 5",
)
TOLD = (
    "That January the river froze, and each morning Ottilie's father stood on the bank with his hands in his "
    "pockets. [c-1]\n\n"
    "The ferry lay in the ice for nine weeks, while the family burned benches and shelves. [c-1]\n\n"
    "A cooper from Oberaume walked over the ice to mend chairs for soup. [c-2]"
)


def sources(
    *chunks: SourceChunk,
    earlier: tuple[EarlierChapter, ...] = (),
    summary: str = "",
    people: tuple[str, ...] = (),
) -> Sources:
    """Return the sources of a chapter of these chunks; by default the two of the ferry house."""
    node = SourceNode("n-1", "The winter of paper shoes", summary, participants=people)
    book = {"title": "The Ferry House", "author": "Hanna Brandt"}
    return Sources(chunks or (FERRY, SOUP), node, book, earlier)


def measured(markdown: str, *chunks: SourceChunk, words: int = 900, **more: object) -> Metrics:
    """Measure a chapter of these chunks."""
    return measure(markdown, sources(*chunks, **more), words)


def weak(metrics: Metrics, markdown: str) -> list[str]:
    """Return the sentences that are marked."""
    return [markdown[each["start"] : each["end"]] for each in metrics["weak"]]
