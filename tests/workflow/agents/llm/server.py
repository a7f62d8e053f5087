"""A scripted OpenAI-compatible server on loopback: each request plays the next scenario by its name."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

MARKER = "<<<CHAPTER-META>>>"
PAGE = "<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>"
KEY = "sk-test-4f9aXb72LmQ8secretZ"
_IDS = re.compile(r"^\[([^\]\n]+)\]", re.MULTILINE)
_SENTENCE = (
    "The river rose in that year, and those who lived beside it went up the steps with what they could carry."
)


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    path: str
    authorization: str
    body: Mapping[str, object]

    @property
    def text(self) -> str:
        """All messages, one after the other."""
        return "\n".join(str(each["content"]) for each in self.messages)

    @property
    def messages(self) -> list[dict[str, object]]:
        messages = self.body["messages"]
        assert isinstance(messages, list)
        return messages


@dataclass
class Play:
    """A request while its scenario answers it."""

    handler: BaseHTTPRequestHandler
    seen: Seen
    closing: threading.Event
    pause: float = 0.0
    _streaming: bool = field(default=False)

    @property
    def ids(self) -> list[str]:
        """The ids of the passages that the request offers."""
        return _IDS.findall(self.seen.messages[1]["content"])  # type: ignore[arg-type]

    def answer(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        """Answer at once, with JSON or with text as it is."""
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.handler.send_response(status)
        kind = "text/html" if isinstance(body, str) else "application/json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **(headers or {})}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(raw)

    def error(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, **more: object
    ) -> None:
        """Answer with an error in OpenAI's form."""
        self.answer(status, {"error": {"message": message, **more}}, headers)

    def open(self) -> None:
        """Begin the stream."""
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream")
        self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()

    def send(self, event: object) -> None:
        """Send one event of the stream."""
        raw = f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
        self.handler.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self.handler.wfile.flush()

    def text(self, text: str, size: int = 40) -> None:
        """Stream text in pieces."""
        for start in range(0, len(text), size):
            self.send(chunk({"content": text[start : start + size]}))
            if self.pause:
                time.sleep(self.pause)

    def stop(self, reason: str = "stop", usage: bool = True, cached: int = 12) -> None:
        """End the stream as a whole one ends."""
        self.send(chunk({}, reason))
        if usage:
            numbers = {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1000}
            self.send(
                {
                    **chunk({}),
                    "choices": [],
                    "usage": {**numbers, "prompt_tokens_details": {"cached_tokens": cached}},
                }
            )
        self.send("[DONE]")
        self.end()

    def end(self) -> None:
        """Close the stream cleanly."""
        self.handler.wfile.write(b"0\r\n\r\n")

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.closing.wait(20)

    def cut(self) -> None:
        """Drop the connection."""
        self.handler.close_connection = True
        self.handler.connection.close()


def chunk(delta: Mapping[str, object], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
    return {
        "id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice],
    }  # fmt: skip


def prose(ids: list[str], paragraphs: int = 2) -> str:
    """Return a chapter that cites the ids."""
    cited = " ".join(f"[{each}]" for each in ids[:3])
    return "\n\n".join(f"{_SENTENCE} {cited}".strip() for _ in range(paragraphs))


def closing(ids: list[str], **more: object) -> str:
    """Return the closing block."""
    meta = {"title": "The year of the steps", "themes": ["flood"], "participants": ["Emm"], "tags": ["river"]}
    return f"\n\n{MARKER}\n{json.dumps({**meta, 'source_chunk_ids': ids[:3], 'confidence': 0.7, **more})}\n"


def chapter(ids: list[str], paragraphs: int = 2) -> str:
    """Return a whole answer."""
    return prose(ids, paragraphs) + closing(ids)


def streams(
    make: Callable[[list[str]], str], reason: str = "stop", usage: bool = True
) -> Callable[[Play], None]:
    """Return a scenario that streams what `make` says for the offered ids."""

    def play(play: Play) -> None:
        play.open()
        play.text(make(play.ids))
        play.stop(reason, usage)

    return play


def fails(
    status: int, message: str, headers: Mapping[str, str] | None = None, **more: object
) -> Callable[[Play], None]:
    """Return a scenario that answers with an error."""
    return lambda play: play.error(status, message, headers, **more)


def in_stream(event: Mapping[str, object]) -> Callable[[Play], None]:
    """Return a scenario in which an error comes after half of the text."""

    def play(play: Play) -> None:
        play.open()
        play.text("The river rose ")
        play.send({"error": dict(event)})
        play.end()

    return play


def _slow_first_byte(play: Play) -> None:
    play.hang()


def _silent_stream(play: Play) -> None:
    play.open()
    play.hang()


def _stalls(play: Play) -> None:
    play.open()
    play.text("The river rose ")
    play.hang()


def _cut_in_stream(play: Play) -> None:
    play.open()
    play.text("The river rose as far as the third step.")
    play.cut()


def _clean_end(play: Play) -> None:
    play.open()
    play.text("The river rose as far as the third step.")
    play.end()


def _refusal(play: Play) -> None:
    play.open()
    play.send(chunk({"refusal": "I will not write about this."}))
    play.stop("stop")


def _slow_chapter(play: Play) -> None:
    play.pause = 0.05
    play.open()
    play.text(chapter(play.ids, 12))
    play.stop()


def _overflow(message: str, **more: object) -> Callable[[Play], None]:
    return fails(400, message, None, **more)


_LLAMA = {"type": "exceed_context_size_error", "code": 400, "n_prompt_tokens": 9000, "n_ctx": 640}

SCENARIOS: dict[str, Callable[[Play], None]] = {
    "good": streams(chapter),
    "good, in code fences": streams(
        lambda ids: f"```markdown\n{prose(ids)}\n```\n{closing(ids).replace('{', '```json' + chr(10) + '{', 1)}```"
    ),
    "good, usage not reported": streams(chapter, usage=False),
    "good, slow": _slow_chapter,
    "429 in seconds": fails(429, "Slow down", {"Retry-After": "7"}, code="rate_limit_exceeded"),
    "429 with a date": lambda play: play.error(
        429, "Slow down", {"Retry-After": formatdate(time.time() + 90, usegmt=True)}, code="rate_limit_exceeded"
    ),
    "429 in words": fails(429, "Rate limit reached. Please try again in 1.5s.", code="rate_limit_exceeded"),
    "429 in mid-stream": in_stream({"message": "Rate limit", "code": "rate_limit_exceeded"}),
    "429 quota": fails(429, "You exceeded your current quota", type="insufficient_quota", code="insufficient_quota"),
    "500": fails(500, "The server had an error"),
    "502 page": lambda play: play.answer(502, PAGE),
    "503": fails(503, "The engine is currently overloaded"),
    "529": fails(529, "Overloaded", type="overloaded_error"),
    "error in mid-stream": in_stream({"message": "The server had an error", "type": "server_error", "code": 500}),
    "401": fails(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"),
    "403": fails(403, "Your key may not use this model"),
    "404": fails(404, "The model `scripted` does not exist", code="model_not_found"),
    "slow first byte": _slow_first_byte,
    "silent stream": _silent_stream,
    "stalls": _stalls,
    "cut in mid-stream": _cut_in_stream,
    "cut before the answer": lambda play: play.cut(),
    "clean end without a reason": _clean_end,
    "filter with text": streams(lambda ids: prose(ids), reason="content_filter"),
    "filter with 400": fails(400, "The response was filtered by the content policy", code="content_filter"),
    "refusal": _refusal,
    "cut by length": streams(lambda ids: prose(ids), reason="length"),
    "whole, but cut by length": streams(chapter, reason="length"),
    "too long, OpenAI": _overflow(
        "This model's maximum context length is 640 tokens. However, your messages resulted in 900 tokens.",
        code="context_length_exceeded",
    ),
    "too long, llama.cpp": _overflow("the request exceeds the available context size, try increasing it", **_LLAMA),
    "too long for 6,000": _overflow(
        "the request exceeds the available context size", **{**_LLAMA, "n_ctx": 6000}
    ),
    "200 with HTML": lambda play: play.answer(200, PAGE),
    "400": fails(400, "Unsupported parameter: 'max_tokens'"),
    "empty": streams(lambda ids: ""),
    "no closing block": streams(lambda ids: prose(ids)),
    "broken closing block": streams(lambda ids: chapter(ids)[:-20]),
    "unknown ids": streams(lambda ids: prose(["c-998"]) + closing(["c-998"])),
    "leaked marks": streams(lambda ids: "As an AI language model, I write. " + chapter(ids)),
    "thinks first": streams(lambda ids: f"<thinking>I begin with {MARKER}.</thinking>\n{chapter(ids)}"),
    "all thinking": streams(lambda ids: "<think>I should begin with the flood. " * 9, reason="length"),
    "all thinking, and stops": streams(lambda ids: "[THINK]I should begin with the flood.[/THINK]"),
    "elided": streams(lambda ids: f"{prose(ids)}\n\n[The rest of the chapter continues in this way]{closing(ids)}"),
    "too long a chapter": streams(lambda ids: chapter(ids, 120)),
}  # fmt: skip


class ScriptedServer:
    """Plays the scenarios in order, the last one for ever; `seen` are the requests, `told` what Ollama says."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._scenarios: list[str] = ["good"]
        self.told: dict[str, object] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            silent: ClassVar[bool] = True

            def do_POST(self) -> None:
                if self.path.startswith("/api/"):
                    script._tell(self)
                else:
                    script._play(self)

            def do_GET(self) -> None:
                script._tell(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.handle_error = lambda request, address: None  # type: ignore[method-assign]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def play(self, *scenarios: str) -> None:
        """Set what the next requests get."""
        self._scenarios = list(scenarios)

    def close(self) -> None:
        """Let hanging answers go and stop."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _tell(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer what is asked of an Ollama server itself: `told` by the path."""
        handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        raw = json.dumps(self.told.get(handler.path, {})).encode()
        handler.send_response(200 if handler.path in self.told else 404)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def _play(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        seen = Seen(handler.path, handler.headers.get("Authorization", ""), body)
        with self._lock:
            self.seen.append(seen)
            name = self._scenarios.pop(0) if len(self._scenarios) > 1 else self._scenarios[0]
        try:
            SCENARIOS[name](Play(handler, seen, self._closing))
        except OSError:
            handler.close_connection = True
