"""Chapter Writers that cost nothing of their own, for `python:tests.benchmarks.writers:…`."""

import os
import time

from workflow.contract.agent_types import ChapterTask, OnText
from workflow.processes import stopping

from .texts import chapter_text

SENTENCE = "The ferry went over the river at four, and nobody on the bank had heard the bell before noon. "
CHARACTERS = 20_000


class LongWriter:
    """Returns 20 kB that vary; asks its worker to stop at the chapter that BENCHMARK_LAST names."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        if task.chapter_number >= int(os.environ.get("BENCHMARK_LAST", "1000000")):
            stopping.request_here()
        passages = {chunk.id: chunk.text for chunk in task.text_chunks}
        return {"markdown": chapter_text(task.chapter_number, passages, CHARACTERS)}


class PausingWriter:
    """Returns a sentence after 50 ms."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        time.sleep(0.05)
        return {"markdown": f"{SENTENCE}[{task.text_chunks[0].id}]"}


def long() -> LongWriter:
    """Make a LongWriter."""
    return LongWriter()


def pausing() -> PausingWriter:
    """Make a PausingWriter."""
    return PausingWriter()
