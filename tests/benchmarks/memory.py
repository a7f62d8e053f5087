"""How the memory of a worker grows while a model writes 200 chapters; prints a table.

    .venv/bin/python -m tests.benchmarks.memory [--chapters 200]

The model is the scripted server of the tests, in this process. Stops by itself after fifteen minutes.
"""

import argparse
import tempfile
from pathlib import Path

from tests.installation import Installation, wait_for
from tests.storylines import storyline
from tests.workflow.agents.llm.server import KEY, ScriptedServer

MODEL = "openai-chat:scripted"
LONGEST_SECONDS = 900
ROWS = 9


def memory_of(pid: int) -> dict[str, int]:
    """Return the process's resident memory now and at most in kB, and how many files and threads it has."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {
        "now": int(status["VmRSS"].split()[0]),
        "most": int(status["VmHWM"].split()[0]),
        "files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": int(status["Threads"]),
    }


def watch(site: Installation, session: str, chapters: int) -> list[tuple[int, int, dict[str, int]]]:
    """Return (chapters written, process, memory) whenever a further share of the book is written."""
    found: list[tuple[int, int, dict[str, int]]] = []

    def has_ended() -> bool:
        written = site.statuses(session).count("generated")
        pid = site.busy_worker()
        if pid is not None and written >= len(found) * chapters / ROWS:
            found.append((written, pid, memory_of(pid)))
        return site.status(session) in {"harmonizing", "completed", "failed"}

    wait_for(has_ended, LONGEST_SECONDS)
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapters", type=int, default=200)
    options = parser.parse_args()
    server = ScriptedServer()
    environment = {
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": KEY,
        "CHAPTERFLOW_WRITER": MODEL,
        "CHAPTERFLOW_WRITERS": MODEL,
    }
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Installation(Path(folder), workers=1, **environment) as site,
        ):
            session = site.start_book(storyline(options.chapters))
            rows = watch(site, session, options.chapters)
    finally:
        server.close()
    print("chapters  process  memory now  at most  files  threads")
    for written, pid, found in rows:
        now, most = found["now"] / 1024, found["most"] / 1024
        print(
            f"{written:8}  {pid:7}  {now:7.1f} MB  {most:4.0f} MB  {found['files']:5}  {found['threads']:7}"
        )
    processes = {pid for _, pid, _ in rows}
    print(f"{len(server.seen)} calls of the model, made by {len(processes)} process(es)")


if __name__ == "__main__":
    main()
