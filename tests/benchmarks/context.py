"""How much a model is sent, chapter by chapter, over a whole book; printed as tables.

    .venv/bin/python -m tests.benchmarks.context FILE [--mode sequential|graph] [--window TOKENS] [--send-all]

The engine writes the book on a database of its own, in order. The writer builds each chapter's prompt as it would be
sent, and answers with a chapter of 900 words from its passages; the chapters of the first table are really sent, to the
scripted server on loopback, and what arrives there is counted. With --send-all every chapter is (about four minutes).
"""

import argparse
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, median

SHOWN = (10, 60, 300, 1000)
WORDS = 900
LONGEST_SECONDS = 900


class Note:
    """What was measured of one chapter: estimated tokens, those of each block, milliseconds of building the prompt."""

    def __init__(self, tokens: int, record: Mapping[str, object], milliseconds: float) -> None:
        self.tokens = tokens
        self.milliseconds = milliseconds
        blocks = record["blocks"]
        assert isinstance(blocks, list)
        self.blocks = {each["name"]: (each["tokens"], each["budget"]) for each in blocks}


def chapter_of(chunks: Sequence[object]) -> str:
    """Return a chapter of the passages' own words, shared out among them, each paragraph cited."""
    from books.text.citations import citation_mark, escape_markdown

    share = max(40, WORDS // max(1, len(chunks)))
    paragraphs = []
    for chunk in chunks:
        words = chunk.text.split()[:share]  # type: ignore[attr-defined]
        for start in range(0, len(words), 120):
            said = escape_markdown(" ".join(words[start : start + 120]))
            paragraphs.append(f"{said} {citation_mark(chunk.id)}")  # type: ignore[attr-defined]
    return "\n\n".join(paragraphs) or "Nothing is told."


class MeasuringWriter:
    """Builds the prompt of every chapter, sends that of some, and answers for the model."""

    def __init__(self, sends: object, window: int | None) -> None:
        self.notes: dict[int, Note] = {}
        self.arrived: dict[int, int] = {}
        self._server = sends
        self._window = window
        self.sent: set[int] | None = set(SHOWN)

    def write(self, task: object, on_text: object) -> dict[str, object]:
        """Measure, then write."""
        from workflow.agents.llm.prompt.messages import build_prompt
        from workflow.contract.agent_types import ChapterTask

        assert isinstance(task, ChapterTask)
        begin = time.thread_time()
        prompt = build_prompt(task, self._window)
        self.notes[task.chapter_number] = Note(
            prompt.tokens, prompt.record, (time.thread_time() - begin) * 1000
        )
        if self.sent is None or task.chapter_number in self.sent:
            self._send(task)
        return {
            "markdown": chapter_of(task.text_chunks),
            "participants": list(task.storyline_node.participants),
        }

    def _send(self, task: object) -> None:
        from workflow.agents.llm import ModelWriter
        from workflow.agents.llm.prompt.tokens import estimate_tokens
        from workflow.contract.agent_types import ChapterTask

        assert isinstance(task, ChapterTask)
        server = self._server
        server.seen.clear()  # type: ignore[attr-defined]
        ModelWriter("openai-chat:scripted", window=self._window).write(task, lambda text: None)
        messages = server.seen[0].messages  # type: ignore[attr-defined]
        self.arrived[task.chapter_number] = sum(estimate_tokens(str(each["content"])) for each in messages)


def write_book(
    document: Mapping[str, object], mode: str, writer: MeasuringWriter
) -> list[Mapping[str, float]]:
    """Upload, start, and let the engine write every chapter. Returns the timings of each."""
    from django.contrib.auth.models import User

    from books.actions import upload_storyline
    from tests.workflow.engine.test_leases import claim
    from workflow.actions import start_session
    from workflow.agents.orchestrator import AgentOrchestrator
    from workflow.engine import writing
    from workflow.engine.writing import write_chapter

    clock: dict[str, list[float]] = {"read": [], "keep": []}
    timed(writing, "_load", clock["read"])
    timed(writing, "_checked", clock["keep"])
    AgentOrchestrator._make_writer = lambda self, watch: writer  # type: ignore[method-assign, assignment, return-value]
    owner, _ = User.objects.get_or_create(username="benchmark")
    version = upload_storyline(json.dumps(document).encode(), actor=owner, source_name="book.json")
    session, _ = start_session(version, actor=owner, writer="quotations", dependencies=mode)
    end = time.monotonic() + LONGEST_SECONDS
    held = claim(session)
    while held is not None and time.monotonic() < end:
        held = write_chapter(held, lambda: True)
    return clock


def rows(writer: MeasuringWriter) -> Iterator[tuple[str, ...]]:
    """Yield the first table."""
    numbers = sorted(writer.notes)
    yield ("chapter", "tokens", "arrived at the server", "sum up to here", *(writer.notes[numbers[0]].blocks))
    for number in [each for each in SHOWN if each in writer.notes] or numbers[-1:]:
        note = writer.notes[number]
        so_far = sum(writer.notes[each].tokens for each in numbers if each <= number)
        of_blocks = (f"{tokens:,}" for tokens, _ in note.blocks.values())
        yield (
            f"{number:,}",
            f"{note.tokens:,}",
            f"{writer.arrived.get(number, 0):,}",
            f"{so_far:,}",
            *of_blocks,
        )


def show(table: Iterator[tuple[str, ...]]) -> None:
    """Print a table."""
    lines = list(table)
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    print()


def shares(writer: MeasuringWriter) -> Iterator[tuple[str, ...]]:
    """Yield the second table: of each block the most, the mean, its budget, and how much of it was used at most."""
    yield "block", "most", "mean", "budget", "most of its budget"
    notes = list(writer.notes.values())
    for name in notes[0].blocks:
        used = [note.blocks[name] for note in notes]
        most, budget = max(tokens for tokens, _ in used), used[0][1]
        yield (
            name,
            f"{most:,}",
            f"{mean(tokens for tokens, _ in used):,.0f}",
            f"{budget:,}",
            f"{most / budget:.0%}",
        )
    tokens = [note.tokens for note in notes]
    total = sum(budget for _, budget in notes[0].blocks.values())
    yield "all", f"{max(tokens):,}", f"{mean(tokens):,.0f}", f"{total:,}", f"{max(tokens) / total:.0%}"


def windows(writer: MeasuringWriter, size: int = 50) -> Iterator[tuple[str, ...]]:
    """Yield the third table: means over many chapters, in which the lengths of single sources even out."""
    numbers = sorted(writer.notes)
    yield "chapters", "mean tokens", "without the passages"
    for first in (11, 61, 301, 951):
        some = [writer.notes[each] for each in numbers if first <= each < first + size]
        if some:
            besides = mean(note.tokens - note.blocks["sources"][0] for note in some)
            yield (
                f"{first} to {first + size - 1}",
                f"{mean(note.tokens for note in some):,.0f}",
                f"{besides:,.0f}",
            )


def times(clock: Mapping[str, list[float]], writer: MeasuringWriter) -> Iterator[tuple[str, ...]]:
    """Yield the last table: processor time a chapter, which other work on the machine does not change much."""
    yield "milliseconds of processor time", "median", "first hundred", "last hundred", "most"
    both = [a + b for a, b in zip(clock["read"], clock["keep"], strict=True)]
    prompts = [writer.notes[number].milliseconds for number in sorted(writer.notes)]
    for name, values in {
        "reading sources and context": clock["read"],
        "checks, citations, line and facts": clock["keep"],
        "both": both,
        "building the prompt": prompts,
    }.items():
        yield (
            name,
            *(f"{each:.1f}" for each in (*map(median, (values, values[:100], values[-100:])), max(values))),
        )


def timed(module: object, name: str, into: list[float]) -> None:
    """Let each call of a function note its milliseconds of processor time."""
    original = getattr(module, name)

    def measured(*args: object) -> object:
        begin = time.thread_time()
        try:
            return original(*args)
        finally:
            into.append((time.thread_time() - begin) * 1000)

    setattr(module, name, measured)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--mode", choices=["sequential", "graph"], default="sequential")
    parser.add_argument("--window", type=int)
    parser.add_argument("--send-all", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "chapterflow_site.settings", "CHAPTERFLOW_DATA_DIR": folder}
        measure(options.file, options.mode, options.window, sends_all=options.send_all)


def measure(file: Path, mode: str, window: int | None, *, sends_all: bool) -> None:
    """Write the book of `file` and print the tables."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests.benchmarks.books import with_chains
    from tests.workflow.agents.llm.server import KEY, ScriptedServer

    logging.disable(logging.INFO)
    call_command("migrate", interactive=False, verbosity=0)
    server = ScriptedServer()
    os.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
    writer = MeasuringWriter(server, window)
    writer.sent = None if sends_all else set(SHOWN)
    document = json.loads(file.read_text())
    if mode == "graph":
        document, _ = with_chains(document)
    begin = time.monotonic()
    clock = write_book(document, mode, writer)
    server.close()
    print(f"{len(writer.notes):,} chapters, {mode}, in {time.monotonic() - begin:.0f} s\n")
    for table in (rows(writer), windows(writer), shares(writer), times(clock, writer)):
        show(table)
    if {60, 1000} <= set(writer.notes):
        print(f"chapter 1,000 against chapter 60: {writer.notes[1000].tokens / writer.notes[60].tokens:.2f}")


if __name__ == "__main__":
    main()
