"""Chapter Writers that misbehave on purpose, for `python:tests.writers:…`."""

import os
import time
from pathlib import Path

from workflow.agents.types import AgentError, ChapterTask, OnText


def _control(name: str) -> Path:
    return Path(os.environ["CHAPTERFLOW_TEST_CONTROL"]) / name


def _text(task: ChapterTask) -> dict[str, object]:
    cited = " ".join(f"[{chunk.id}]" for chunk in task.chunks[:1])
    return {"markdown": f"This is what chapter {task.number}, {task.title}, tells. {cited}".strip()}


class PlainWriter:
    """Writes one sentence at once."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        return _text(task)


class FailingWriter:
    """Fails the chapters whose numbers stand in the control folder; logs each call there.

    `fail-4` may hold a failure's code, `limit-4` the seconds that the provider asks to wait.
    """

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        with _control("calls").open("a") as log:
            log.write(f"{task.number}\n")
        fail, limit = _control(f"fail-{task.number}"), _control(f"limit-{task.number}")
        if limit.exists():
            raise AgentError("rate_limited", "slower, please", float(limit.read_text() or 0) or None)
        if fail.exists():
            raise AgentError(fail.read_text() or "provider_error", "the provider says no")
        return _text(task)


class SlowWriter:
    """Writes word by word; its length is in CHAPTERFLOW_TEST_SECONDS (0.5 by default)."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        with _control("calls").open("a") as log:
            log.write(f"{task.number} {os.getpid()}\n")
        seconds = float(os.environ.get("CHAPTERFLOW_TEST_SECONDS", "0.5"))
        for _ in range(20):
            time.sleep(seconds / 20)
            on_text("word ")
        return _text(task)


def plain() -> PlainWriter:
    """Make a PlainWriter."""
    return PlainWriter()


def failing() -> FailingWriter:
    """Make a FailingWriter."""
    return FailingWriter()


def slow() -> SlowWriter:
    """Make a SlowWriter."""
    return SlowWriter()
