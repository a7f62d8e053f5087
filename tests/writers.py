"""Chapter Writers that misbehave on purpose, for `python:tests.writers:…`.

They read and answer by the names that tasks and results had before those of the specification, which work until 1.0.
"""

import os
import time
from pathlib import Path

from workflow.contract.agent_types import AgentError, ChapterTask, OnText


def _control(name: str) -> Path:
    return Path(os.environ["CHAPTERFLOW_TEST_CONTROL"]) / name


def _text(task: ChapterTask) -> dict[str, object]:
    cited = " ".join(f"[{chunk.id}]" for chunk in task.chunks[:1])
    noted = f" Told anew: {task.note}." if task.note else ""
    return {"markdown": f"This is what chapter {task.number}, {task.title}, tells. {cited}{noted}".strip()}


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


class DictatingWriter:
    """Writes word after word, a numbered one each 0.05 s, until `done-4` (or `done`) is in the control folder.

    With `silent-4` there it says nothing while that stands. It stops by itself after a minute and a half.
    """

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        words = [f"Chapter {task.number} begins."]
        on_text(words[0])
        end = time.monotonic() + 90
        while time.monotonic() < end and not self._is_done(task.number):
            time.sleep(0.05)
            if not _control(f"silent-{task.number}").exists():
                words.append(f" word{len(words)}")
                on_text(words[-1])
        return {"markdown": "".join(words) + f" It ends. [{task.chunks[0].id}]"}

    def _is_done(self, number: int) -> bool:
        return _control("done").exists() or _control(f"done-{number}").exists()


def plain() -> PlainWriter:
    """Make a PlainWriter."""
    return PlainWriter()


def failing() -> FailingWriter:
    """Make a FailingWriter."""
    return FailingWriter()


def slow() -> SlowWriter:
    """Make a SlowWriter."""
    return SlowWriter()


def waiting() -> SlowWriter:
    """Make a SlowWriter that a worker writes many chapters with at once."""
    return SlowWriter()


waiting.waits = True  # type: ignore[attr-defined]


def dictating() -> DictatingWriter:
    """Make a DictatingWriter."""
    return DictatingWriter()
