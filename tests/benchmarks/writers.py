"""Chapter Writers that cost nothing of their own, for `python:tests.benchmarks.writers:…`."""

import os
import time

from workflow import stopping
from workflow.agents.types import ChapterTask, OnText

SENTENCE = "The ferry went over the river at four, and nobody on the bank had heard the bell before noon. "
CHARACTERS = 20_000


def long_text(chunk_id: str) -> str:
    """Return 20,000 characters in paragraphs, the first of which cites the chunk."""
    paragraph = SENTENCE * 5
    rest = [paragraph] * (CHARACTERS // len(paragraph))
    return f"{SENTENCE}[{chunk_id}]\n\n" + "\n\n".join(rest)[: CHARACTERS - 200]


class LongWriter:
    """Returns 20 kB at once; asks its worker to stop at the chapter that BENCHMARK_LAST names."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        if task.number >= int(os.environ.get("BENCHMARK_LAST", "1000000")):
            stopping.request_here()
        return {"markdown": long_text(task.chunks[0].id)}


class PausingWriter:
    """Returns a sentence after 50 ms."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        time.sleep(0.05)
        return {"markdown": f"{SENTENCE}[{task.chunks[0].id}]"}


def long() -> LongWriter:
    """Make a LongWriter."""
    return LongWriter()


def pausing() -> PausingWriter:
    """Make a PausingWriter."""
    return PausingWriter()
