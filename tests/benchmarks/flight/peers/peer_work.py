"""What is the same on every peer: the prompts, when to begin, and where texts are stored, with nothing but Python.

PEER_FOLDER is the folder to work in: `prompts.json` is there, `ready` is made, `go` is waited for.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(os.environ.get("PEER_FOLDER", "."))
REDIS_URL = os.environ.get("PEER_REDIS_URL", "")
MODEL_URL = os.environ.get("OPENAI_BASE_URL", "")
PROMPTS: list[list[list[dict[str, str]]]] = json.loads((FOLDER / "prompts.json").read_text())


def request_for(book: int, chapter: int) -> dict[str, object]:
    """Return the request for a chapter, as ChapterFlow's would be."""
    return {
        "model": "scripted", "messages": PROMPTS[book][chapter], "stream": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip


def text_by_openai(client: object, book: int, chapter: int) -> str:
    """Return a chapter's text by OpenAI's client, whole or not at all."""
    stream = client.chat.completions.create(**request_for(book, chapter))  # type: ignore[attr-defined]
    return whole(
        [(each.choices[0].delta.content, each.choices[0].finish_reason) for each in stream if each.choices]
    )


def whole(parts: Iterable[tuple[str | None, str | None]]) -> str:
    """Join a stream's parts. Raises RuntimeError where it did not come to its end."""
    found = list(parts)
    if not any(reason == "stop" for _, reason in found):
        raise RuntimeError("the answer broke off")
    return "".join(text or "" for text, _ in found)


def connect() -> sqlite3.Connection:
    """Return a connection to the texts, with the settings that ChapterFlow has."""
    found = sqlite3.connect(
        FOLDER / "results.sqlite3", timeout=60, isolation_level=None, check_same_thread=False
    )
    found.execute("PRAGMA journal_mode=WAL")
    found.execute("PRAGMA synchronous=FULL")
    found.execute("CREATE TABLE IF NOT EXISTS stored (book INTEGER, chapter INTEGER, at REAL, body TEXT)")
    return found


def store(connection: sqlite3.Connection, book: int, chapter: int, body: str) -> None:
    """Store a chapter's text and commit."""
    connection.execute("INSERT INTO stored VALUES (?, ?, ?, ?)", (book, chapter, time.time(), body))


def say_ready() -> None:
    """Say that all is imported and ready."""
    (FOLDER / "ready").touch()


def begin() -> None:
    """Let the clock begin."""
    (FOLDER / "go").touch()


def wait_for_go() -> None:
    """Say that all is ready; return when the clock has begun."""
    say_ready()
    while not (FOLDER / "go").exists():
        time.sleep(0.005)
