"""What measuring one chapter costs in processor time: `python -m tests.benchmarks.quality`, with the examples."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from statistics import median, quantiles

from tests.workflow.quotation_tasks import example_tasks, write
from workflow.contract.agent_types import ChapterTask, EarlierChapter
from workflow.quality import Sources, measure

CONTEXT = 6
LONG_WORDS = 2_500


def told(task: ChapterTask) -> str:
    """About 2,500 words in none of the sources' own sentences: every third word of them, four sentences a paragraph."""
    words = cycle(word for chunk in task.text_chunks for word in chunk.text.split()[::3])
    sentences = [f"The {' '.join(islice(words, 12)).strip('.,').lower()}." for _ in range(LONG_WORDS // 13)]
    paragraphs = (" ".join(sentences[at : at + 4]) for at in range(0, len(sentences), 4))
    return "\n\n".join(f"{each} [{task.text_chunks[0].id}]" for each in paragraphs)


def milliseconds(name: str, chapters: int, text_of: Callable[[ChapterTask], str]) -> Iterator[float]:
    before: deque[EarlierChapter] = deque(maxlen=CONTEXT)
    for task in islice(example_tasks(name), chapters):
        text = text_of(task)
        sources = Sources(task.text_chunks, task.storyline_node, task.book_metadata, tuple(before))
        begin = time.process_time()
        measure(text, sources, 900)
        yield (time.process_time() - begin) * 1000
        before.append(EarlierChapter(task.chapter_number, task.title, text=text))


def main() -> None:
    for label, text_of in (("quotations", lambda task: write(task).markdown), ("told, 2,500 words", told)):
        for name, chapters in (("apollo13-10", 10), ("qmsum-1000", 300)):
            times = list(milliseconds(name, chapters, text_of))
            tenth = quantiles(times, n=20)[-1]
            ends = median(times[-20:]) / median(times[2:22])
            print(
                f"{label}, {name}: median {median(times):.1f} ms, 95 % under {tenth:.1f} ms; last to first: {ends:.2f}"
            )


if __name__ == "__main__":
    main()
