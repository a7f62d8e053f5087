"""The command line: `write_book`, and what `up` says when it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.installation import ROOT, WRITERS, make_tables, wait_for
from tests.storylines import storyline
from tests.workflow.agents.llm.server import KEY, ScriptedServer

pytestmark = pytest.mark.faults

COMPLETED, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class Shell:
    """Runs management commands on a data directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.control = folder / "control"
        self.control.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CHAPTERFLOW_")},
            "CHAPTERFLOW_DATA_DIR": str(folder / "data"),
            "CHAPTERFLOW_WRITERS": ",".join(WRITERS),
            "CHAPTERFLOW_TEST_CONTROL": str(self.control),
            "CHAPTERFLOW_TEST_SECONDS": "1",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def write_book(self, data: bytes, *options: str) -> tuple[int, str, str]:
        return self.run("write_book", self.file(data), "--out", str(self.out), *options)

    def file(self, data: bytes) -> str:
        path = self.folder / "river.json"
        path.write_bytes(data)
        return str(path)

    def calls(self) -> list[int]:
        path = self.control / "calls"
        return [int(line.split()[0]) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A command line of an installation that has its tables."""
    make_tables(tmp_path / "data")
    return Shell(tmp_path)


def test_write_book_makes_the_formats_that_were_asked_for(tmp_path: Path) -> None:
    shell = Shell(tmp_path)  # there is nothing yet
    data = json.dumps(json.loads(storyline(3)) | {"titel": "Salt"}).encode()

    code, out, err = shell.write_book(data, "--format", "epub", "--format", "json")

    files = [Path(line) for line in out.splitlines()]
    assert (code, [file.suffix for file in files]) == (COMPLETED, [".epub", ".json"])
    assert zipfile.ZipFile(files[0]).testzip() is None
    assert len(json.loads(files[1].read_text())["chapters"]) == 3
    assert "100 %" in err
    assert err.startswith("“titel” of the file is kept, but not read.")


def test_write_book_names_every_fault_and_stores_nothing(shell: Shell) -> None:
    code, out, err = shell.write_book(b'{"nodes": [\n{"id": "a", "chunk_ids": ["c-9"]},\n{"id": "a"}]}')

    assert (code, out) == (BAD_INPUT, "")
    assert "line 2, nodes[0].chunk_ids[0]: No chunk has the id “c-9”" in err
    assert "line 3, nodes[1].id" in err
    assert not shell.out.exists()


def test_write_book_refuses_an_unknown_format_before_it_writes(shell: Shell) -> None:
    code, out, err = shell.write_book(storyline(2), "--format", "docx")

    assert (code, out) == (BAD_INPUT, "")
    assert "choose from epub, md, json" in err.replace("'", "")
    assert not shell.out.exists()


def test_write_book_of_a_missing_file_is_bad_input(shell: Shell) -> None:
    code, _, err = shell.run("write_book", str(shell.folder / "none.json"), "--out", str(shell.out))

    assert code == BAD_INPUT
    assert "cannot be read" in err


def test_write_book_that_failed_goes_on_where_it_stopped(shell: Shell) -> None:
    (shell.control / "fail-2").write_text("bad_credentials")
    options = ("--writer", "python:tests.writers:failing")

    failed, _, err = shell.write_book(storyline(3), *options)
    (shell.control / "fail-2").unlink()
    completed, _, _ = shell.write_book(storyline(3), *options)

    assert (failed, completed) == (FAILED, COMPLETED)
    assert "Chapter 2 failed, and chapter 3 waits for it" in err
    assert shell.calls() == [1, 2, 2, 3]


def test_write_book_that_skips_completes_and_adds_what_is_missing_later(shell: Shell) -> None:
    (shell.control / "fail-2").write_text("bad_credentials")
    options = ("--writer", "python:tests.writers:failing", "--on-failure", "skip")

    without, out, err = shell.write_book(storyline(3), *options)
    (shell.control / "fail-2").unlink()
    whole, _, said = shell.write_book(storyline(3), *options)

    assert (without, whole) == (COMPLETED, COMPLETED)
    assert out.strip().endswith(".epub")
    assert "Chapter 2 could not be written and is missing." in err
    assert "missing" not in said
    assert shell.calls() == [1, 2, 3, 2]


def test_interrupted_write_book_goes_on_where_it_stopped(shell: Shell) -> None:
    options = ("--writer", "python:tests.writers:slow")
    process = shell.start("write_book", shell.file(storyline(3)), "--out", str(shell.out), *options)
    wait_for(lambda: len(shell.calls()) >= 2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    completed, out, _ = shell.write_book(storyline(3), *options)

    assert (process.returncode, completed) == (INTERRUPTED, COMPLETED)
    assert shell.calls().count(1) == 1
    assert out.strip().endswith(".epub")


def test_write_book_starts_again_only_when_told_to(shell: Shell) -> None:
    options = ("--writer", "python:tests.writers:failing")
    shell.write_book(storyline(2), *options)
    shell.write_book(storyline(2), *options)
    once = shell.calls()

    shell.write_book(storyline(2), *options, "--new")

    assert once == [1, 2]
    assert shell.calls() == [1, 2, 1, 2]


def test_write_book_with_other_wishes_in_the_file_is_another_book(shell: Shell) -> None:
    options = ("--writer", "python:tests.writers:failing")

    def wishing(words: int) -> bytes:
        data = json.loads(storyline(2))
        data.setdefault("book", {})["preferences"] = {"words_per_chapter": words}
        return json.dumps(data).encode()

    for words in (300, 300, 400):
        shell.write_book(wishing(words), *options)

    assert shell.calls() == [1, 2, 1, 2]


def test_write_book_stops_at_its_budget_and_goes_on_with_a_larger_one(shell: Shell) -> None:
    server = ScriptedServer()
    model = "openai-chat:scripted"
    shell.environment |= {
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": KEY,
        "CHAPTERFLOW_WRITERS": model,
        "CHAPTERFLOW_PRICES": f"{model}=1/2",
    }
    try:
        stopped, _, said = shell.write_book(storyline(3), "--writer", model, "--budget", "0.011")
        again, _, _ = shell.write_book(storyline(3), "--writer", model)
        written = len(server.seen)
        completed, out, spent = shell.write_book(storyline(3), "--writer", model, "--budget", "1")
    finally:
        server.close()

    assert (stopped, again, completed) == (FAILED, FAILED, COMPLETED)
    assert "cost      $0.0" in said
    assert "would pass the budget of $0.0110" in said
    assert "The same command with --budget 0.02 goes on from here." in said
    assert (written, len(server.seen)) == (2, 3)
    assert "of $1.00, 2,100 tokens in, 900 out." in spent
    assert out.strip().endswith(".epub")


def test_write_book_refuses_money_where_no_price_is_known(shell: Shell) -> None:
    shell.environment |= {
        "CHAPTERFLOW_WRITERS": "openai-chat:scripted",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
    }

    code, _, err = shell.write_book(storyline(1), "--writer", "openai-chat:scripted", "--budget", "5")

    assert code == BAD_INPUT
    assert "cost      unknown" in err
    assert "Set a number of tokens instead" in err


def test_up_says_in_words_that_its_port_is_taken(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        code, _, err = shell.run("up", "--port", port)

    assert code == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in err
    assert "Traceback" not in err
