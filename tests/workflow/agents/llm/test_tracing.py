"""Spans of model calls, as a collector on loopback gets them."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.workflow.agents.llm.server import KEY
from tests.workflow.agents.llm.tasks import task
from workflow.agents.llm.calls import tracing
from workflow.contract.agent_types import ChapterResult

PATIENCE_SECONDS = 20


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What is sent to the collector that the environment names."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    tracing._settings.cache_clear()
    yield got
    tracing._settings.cache_clear()
    server.shutdown()
    server.server_close()


def test_span_has_the_tokens_and_not_a_word_of_the_book(
    collector: list[bytes], write: Callable[..., ChapterResult]
) -> None:
    draft = write(task())

    end = time.monotonic() + PATIENCE_SECONDS
    while not collector and time.monotonic() < end:
        time.sleep(0.05)
    sent = b"".join(collector)
    assert b"gen_ai.usage.input_tokens" in sent
    assert b"scripted" in sent
    for text in (KEY, "carried the hens up", "The high water", draft.content[:40], draft.title):
        assert text.encode() not in sent


def test_nothing_is_traced_unless_the_environment_names_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)

    assert tracing.instrumentation() is False
