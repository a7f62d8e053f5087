"""The wire forms of the providers: each plays the scripted server's scenarios in its own words."""

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler

from tests.workflow.agents.llm.server import KEY, SCENARIOS, Play, ScriptedServer, Seen

_IDS = re.compile(r"^\[([^\]\n]+)\]", re.MULTILINE)
Scenario = Callable[[Play], None]


class WirePlay(Play):
    """A request that is answered in a provider's own form; subclasses say how."""

    @property
    def ids(self) -> list[str]:
        """The ids of the passages that the request offers."""
        asked = (self.seen.body.get(name) for name in ("messages", "input", "contents"))
        return _IDS.findall("\n".join(_texts(list(asked))))

    def event(self, kind: str, **more: object) -> None:
        """Send an event that carries its kind."""
        raw = f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()
        self.handler.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self.handler.wfile.flush()

    def broken(self, kind: str) -> None:
        """Say in the middle of the stream what went wrong: "rate" or "server"."""
        raise NotImplementedError


class ChatPlay(WirePlay):
    """OpenAI's chat form, which the scenarios are made for."""

    def broken(self, kind: str) -> None:
        code = {"rate": "rate_limit_exceeded", "server": "server_error"}[kind]
        self.send({"error": {"message": "It went wrong", "type": code, "code": code}})
        self.end()


class MistralPlay(ChatPlay):
    """Mistral's form: OpenAI's events, with usage in the last chunk."""

    def broken(self, kind: str) -> None:
        """It has no error event; what comes is the body of the error."""
        said = {"rate": ("rate_limited", "1300"), "server": ("internal_server_error", "3000")}[kind]
        self.send(_mistral("Requests rate limit exceeded" if kind == "rate" else "It went wrong", *said))
        self.end()

    def stop(self, reason: str = "stop", usage: bool = True, cached: int = 12) -> None:
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": reason}
        last: dict[str, object] = {
            "id": "m-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "scripted",
        }
        counted = {
            "prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1000,
            "prompt_tokens_details": {"cached_tokens": cached},
        }  # fmt: skip
        self.send({**last, "choices": [choice], **({"usage": counted} if usage else {})})
        self.send("[DONE]")
        self.end()


class ResponsesPlay(WirePlay):
    """OpenAI's Responses."""

    def response(self, status: str, **more: object) -> dict[str, object]:
        return {
            "id": "resp-1", "object": "response", "created_at": 1, "model": "scripted", "output": [],
            "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "status": status, **more,
        }  # fmt: skip

    def open(self) -> None:
        super().open()
        self.event("response.created", sequence_number=0, response=self.response("in_progress"))

    def text(self, text: str, size: int = 40) -> None:
        place = {"output_index": 0, "item_id": "msg-1", "sequence_number": 1}
        message = {
            "id": "msg-1",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        self.event("response.output_item.added", output_index=0, item=message, sequence_number=1)
        part = {"type": "output_text", "text": "", "annotations": []}
        self.event("response.content_part.added", **place, content_index=0, part=part)
        for start in range(0, len(text), size):
            piece = text[start : start + size]
            self.event("response.output_text.delta", **place, content_index=0, delta=piece, logprobs=[])

    def stop(self, reason: str = "stop", usage: bool = True, cached: int = 12) -> None:
        counted = {
            "input_tokens": 700, "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens": 300, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 1000,
        }  # fmt: skip
        more: dict[str, object] = {"usage": counted} if usage else {}
        said = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reason)
        if said:
            response = self.response("incomplete", incomplete_details={"reason": said}, **more)
            self.event("response.incomplete", response=response, sequence_number=9)
        else:
            self.event("response.completed", response=self.response("completed", **more), sequence_number=9)
        self.end()

    def broken(self, kind: str) -> None:
        code = {"rate": "rate_limit_exceeded", "server": "server_error"}[kind]
        failed = self.response("failed", error={"code": code, "message": "It went wrong"})
        self.event("response.failed", response=failed, sequence_number=5)
        self.end()

    def refuse(self) -> None:
        self.open()
        place = {"output_index": 0, "item_id": "msg-1", "sequence_number": 1}
        message = {
            "id": "msg-1",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        self.event("response.output_item.added", output_index=0, item=message, sequence_number=1)
        words = "I will not write about this."
        self.event("response.refusal.delta", **place, content_index=0, delta=words)
        self.event("response.refusal.done", **place, content_index=0, refusal=words)
        self.stop()


class AnthropicPlay(WirePlay):
    """Anthropic's Messages."""

    def open(self) -> None:
        super().open()
        used = {
            "input_tokens": 688,
            "cache_read_input_tokens": 12,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
        }
        message = {
            "id": "msg-1", "type": "message", "role": "assistant", "model": "scripted", "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": used,
        }  # fmt: skip
        self.event("message_start", message=message)
        self.event("content_block_start", index=0, content_block={"type": "text", "text": ""})

    def text(self, text: str, size: int = 40) -> None:
        for start in range(0, len(text), size):
            delta = {"type": "text_delta", "text": text[start : start + size]}
            self.event("content_block_delta", index=0, delta=delta)

    def stop(self, reason: str = "stop", usage: bool = True, cached: int = 12) -> None:
        known = {
            "length": "max_tokens", "content_filter": "refusal", "window": "model_context_window_exceeded"
        }  # fmt: skip
        said = known.get(reason, "end_turn")
        self.event("content_block_stop", index=0)
        self.event(
            "message_delta", delta={"stop_reason": said, "stop_sequence": None}, usage={"output_tokens": 300}
        )
        self.event("message_stop")
        self.end()

    def broken(self, kind: str) -> None:
        said = {"rate": "rate_limit_error", "server": "overloaded_error"}[kind]
        self.event("error", error={"type": said, "message": "It went wrong"})
        self.end()


class GooglePlay(WirePlay):
    """Gemini's streamGenerateContent."""

    def _candidate(self, text: str = "", **more: object) -> dict[str, object]:
        content = {"parts": [{"text": text}], "role": "model"}
        return {"content": content, "index": 0, **more} if text else {"index": 0, **more}

    def _chunk(self, **more: object) -> None:
        self.send({"modelVersion": "scripted", "responseId": "r-1", **more})

    def text(self, text: str, size: int = 40) -> None:
        for start in range(0, len(text), size):
            self._chunk(candidates=[self._candidate(text[start : start + size])])

    def stop(self, reason: str = "stop", usage: bool = True, cached: int = 12) -> None:
        said = {"length": "MAX_TOKENS", "content_filter": "SAFETY", "other": "OTHER"}.get(reason, "STOP")
        counted = {
            "promptTokenCount": 700, "candidatesTokenCount": 300, "totalTokenCount": 1000,
            "cachedContentTokenCount": cached,
        }  # fmt: skip
        self._chunk(
            candidates=[self._candidate(finishReason=said)], **({"usageMetadata": counted} if usage else {})
        )
        self.end()

    def broken(self, kind: str) -> None:
        code, status = {"rate": (429, "RESOURCE_EXHAUSTED"), "server": (503, "UNAVAILABLE")}[kind]
        self.send({"error": {"code": code, "message": "It went wrong", "status": status}})
        self.end()

    def block(self) -> None:
        """Refuse the prompt itself."""
        self.open()
        self._chunk(promptFeedback={"blockReason": "PROHIBITED_CONTENT"})
        self.end()


def _texts(value: object) -> Iterator[str]:
    """Yield all texts of a request's messages, those of the system aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping) and value.get("role") not in {"system", "developer"}:
        for name in ("content", "parts", "text"):
            yield from _texts(value.get(name))


def says(status: int, body: object, headers: Mapping[str, str] | None = None) -> Scenario:
    """Return a scenario that answers with an error as it is."""
    return lambda play: play.answer(status, body, headers)


def dated(status: int, body: object) -> Scenario:
    """Return a scenario that asks for a wait until a time."""
    return lambda play: play.answer(status, body, {"Retry-After": formatdate(time.time() + 90, usegmt=True)})


def breaks(kind: str) -> Scenario:
    """Return a scenario in which an error comes after half of the text."""

    def play(play: Play) -> None:
        assert isinstance(play, WirePlay)
        play.open()
        play.text("The river rose ")
        play.broken(kind)

    return play


def ends(reason: str) -> Scenario:
    """Return a scenario that stops for a reason after a whole chapter's text, without its block."""

    def play(play: Play) -> None:
        play.open()
        play.text("The river rose as far as the third step.")
        play.stop(reason)

    return play


def _asks(play: Play, name: str) -> None:
    getattr(play, name)()


def _openai(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, "param": None, **more}}


def _anthropic(kind: str, message: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req-1"}


def _google(code: int, status: str, message: str, *details: Mapping[str, object]) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def _vllm(code: int, kind: str, message: str) -> dict[str, object]:
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


def _mistral(message: str, kind: str, code: str | None = None) -> dict[str, object]:
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


def _garbled(play: Play) -> None:
    play.open()
    play.text("The river rose ")
    play.send('{"said": "The hens sat on the roof')
    play.end()


IN_STREAM: Mapping[str, Scenario] = {
    "garbled in mid-stream": _garbled,
    "429 in mid-stream": breaks("rate"),
    "error in mid-stream": breaks("server"),
}
_OPENAI_FAULTS: Mapping[str, Scenario] = {
    "too long": SCENARIOS["too long, OpenAI"],
    "filter before the text": says(
        400, _openai("Your request was rejected by the safety system", code="content_policy_violation")
    ),
}
_RETRY = {"Retry-After": "7"}
_RESOURCE = "type.googleapis.com/google.rpc"
_PER_DAY = {
    "@type": f"{_RESOURCE}.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50"}],
}
_BAD_KEY = {"@type": f"{_RESOURCE}.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
_WAIT = {"@type": f"{_RESOURCE}.RetryInfo", "retryDelay": "7s"}
_SLOW = _google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")

ANTHROPIC_FAULTS: Mapping[str, Scenario] = {
    "401": says(401, _anthropic("authentication_error", f"invalid x-api-key {KEY}")),
    "403": says(403, _anthropic("permission_error", "Your API key does not have permission")),
    "404": says(404, _anthropic("not_found_error", "model: scripted")),
    "429 in seconds": says(429, _anthropic("rate_limit_error", "Number of tokens per minute"), _RETRY),
    "429 with a date": dated(429, _anthropic("rate_limit_error", "Number of tokens per minute")),
    "429 quota": says(
        400,
        _anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
    ),
    "402": says(402, _anthropic("billing_error", "Payment is needed")),
    "500": says(500, _anthropic("api_error", "Internal server error")),
    "529": says(529, _anthropic("overloaded_error", "Overloaded")),
    "too long": says(
        400, _anthropic("invalid_request_error", "prompt is too long: 9000 tokens > 640 maximum")
    ),
    "filter before the text": says(
        400, _anthropic("invalid_request_error", "Output blocked by content filtering policy")
    ),
    "400": says(400, _anthropic("invalid_request_error", "messages: at least one message is required")),
    "window full": ends("window"),
}
GOOGLE_FAULTS: Mapping[str, Scenario] = {
    "401": says(400, _google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", _BAD_KEY)),
    "403": says(403, _google(403, "PERMISSION_DENIED", "Your API key was reported as leaked.")),
    "404": says(404, _google(404, "NOT_FOUND", "models/scripted is not found for API version v1beta")),
    "429 in seconds": says(429, _google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", _WAIT)),
    "429 with a date": dated(429, _SLOW),
    "429 quota": says(429, _google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", _PER_DAY)),
    "500": says(500, _google(500, "INTERNAL", "An internal error has occurred.")),
    "529": says(503, _google(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")),
    "too long": says(
        400,
        _google(
            400, "INVALID_ARGUMENT",
            "The input token count (9000) exceeds the maximum number of tokens allowed (640).",
        ),
    ),
    "filter before the text": lambda play: _asks(play, "block"),
    "400": says(400, _google(400, "INVALID_ARGUMENT", "Invalid value at 'contents'")),
    "stopped for no reason": ends("other"),
}  # fmt: skip
MISTRAL_FAULTS: Mapping[str, Scenario] = {
    "401": says(401, {"detail": f"Unauthorized: {KEY}"}),
    "403": says(403, {"message": "You do not have access to this model", "request_id": "r-1"}),
    "404": says(400, _mistral("Invalid model: scripted", "invalid_model", "1500")),
    "429 in seconds": says(429, _mistral("Requests rate limit exceeded", "rate_limited", "1300"), _RETRY),
    "429 with a date": dated(429, _mistral("Requests rate limit exceeded", "rate_limited", "1300")),
    "429 quota": says(402, {"message": "Payment required", "request_id": "r-1"}),
    "500": says(500, _mistral("Internal server error", "internal_server_error", "3000")),
    "529": says(503, _mistral("Service unavailable. Overloaded.", "unreachable_backend", "1100")),
    "too long": says(
        400,
        _mistral(
            "Prompt contains 9000 tokens and 0 draft tokens, too large for model with 640 maximum context length",
            "invalid_request_prompt", "3051",
        ),
    ),
    "filter before the text": says(403, _mistral("Content was flagged by moderation", "guardrail_violation")),
    "400": says(422, {"detail": [{"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}]}),
    "window full": ends("model_length"),
    "ended with an error": ends("error"),
}  # fmt: skip
VLLM_FAULTS: Mapping[str, Scenario] = {
    "401": says(401, {"error": "Unauthorized"}),
    "404": says(404, _vllm(404, "NotFoundError", "The model `scripted` does not exist.")),
    "429 in seconds": says(429, _vllm(429, "TooManyRequests", "Slow down"), _RETRY),
    "429 with a date": dated(429, _vllm(429, "TooManyRequests", "Slow down")),
    "500": says(500, _vllm(500, "InternalServerError", "EngineCore encountered an issue.")),
    "529": says(503, _vllm(503, "ServiceUnavailableError", "The server is overloaded.")),
    "too long": says(
        400, _vllm(400, "BadRequestError", "This model's maximum context length is 640 tokens. However, you asked"),
    ),
    "400": says(400, _vllm(400, "BadRequestError", "max_tokens must be at least 1")),
}  # fmt: skip
OLLAMA_FAULTS: Mapping[str, Scenario] = {
    "401": says(401, {"error": "unauthorized"}),
    "403": says(403, _openai("this model requires a subscription", type="api_error")),
    "404": says(404, _openai('model "scripted" not found, try pulling it first', type="api_error")),
    "429 in seconds": says(429, _openai("too many concurrent requests", type="api_error"), _RETRY),
    "429 with a date": dated(429, _openai("too many concurrent requests", type="api_error")),
    "500": says(
        500, _openai("model requires more system memory (5.6 GiB) than is available", type="api_error")
    ),
    "529": says(
        503, _openai("server busy, please try again. maximum pending requests exceeded", type="api_error")
    ),
    "too long": says(400, _openai("input length exceeds the context length", type="invalid_request_error")),
    "400": says(400, _openai("invalid message content", type="invalid_request_error")),
}


@dataclass(frozen=True)
class Wire:
    """One provider: its string, where its key and address are named, how it speaks, and how it fails.

    `root` is what its base URL ends with, `unknown` are scenarios that it cannot come to.
    """

    kind: str
    play: type[WirePlay]
    address: str
    key: str
    faults: Mapping[str, Scenario]
    root: str = "/v1"
    unknown: frozenset[str] = frozenset()

    @property
    def writer(self) -> str:
        return f"{self.kind}:scripted"

    def environment(self, server: "WireServer") -> dict[str, str]:
        """Return the variables that point the provider at the server."""
        return {self.address: f"http://127.0.0.1:{server.port}{self.root}", self.key: KEY}

    def plays(self, name: str) -> bool:
        """Return whether the provider can come to the scenario."""
        return name not in self.unknown and any(
            name in known for known in (self.faults, IN_STREAM, SCENARIOS)
        )

    def scenario(self, name: str) -> Scenario:
        """Return how the scenario goes with this provider."""
        return self.faults.get(name) or IN_STREAM.get(name) or SCENARIOS[name]


_OWN_SERVER = frozenset({"429 quota", "filter before the text", "refusal", "filter with text"})
WIRES: Mapping[str, Wire] = {
    wire.kind: wire
    for wire in (
        Wire(
            "openai",
            ResponsesPlay,
            "OPENAI_BASE_URL",
            "OPENAI_API_KEY",
            {**_OPENAI_FAULTS, "refusal": lambda play: _asks(play, "refuse")},
        ),
        Wire("openai-chat", ChatPlay, "OPENAI_BASE_URL", "OPENAI_API_KEY", _OPENAI_FAULTS),
        Wire(
            "anthropic",
            AnthropicPlay,
            "ANTHROPIC_BASE_URL",
            "ANTHROPIC_API_KEY",
            ANTHROPIC_FAULTS,
            root="",
            unknown=frozenset({"good, usage not reported", "refusal"}),
        ),
        Wire(
            "google",
            GooglePlay,
            "GOOGLE_GEMINI_BASE_URL",
            "GOOGLE_API_KEY",
            GOOGLE_FAULTS,
            root="",
            unknown=frozenset({"refusal"}),
        ),
        Wire(
            "mistral",
            MistralPlay,
            "MISTRAL_BASE_URL",
            "MISTRAL_API_KEY",
            MISTRAL_FAULTS,
            root="",
            unknown=frozenset({"filter with text", "refusal"}),
        ),
        Wire("ollama", ChatPlay, "OLLAMA_BASE_URL", "OLLAMA_API_KEY", OLLAMA_FAULTS, unknown=_OWN_SERVER),
        Wire("vllm", ChatPlay, "VLLM_BASE_URL", "VLLM_API_KEY", VLLM_FAULTS, unknown=_OWN_SERVER),
    )
}


class WireServer(ScriptedServer):
    """A scripted server that speaks as `wire` does."""

    wire: Wire = WIRES["openai-chat"]

    def secure(self, context: ssl.SSLContext) -> None:
        """Answer by TLS from now on."""
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    def _play(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.seen.append(Seen(handler.path, _key_of(handler), body))
        name = self._scenarios.pop(0) if len(self._scenarios) > 1 else self._scenarios[0]
        play = self.wire.play(handler, self.seen[-1], self._closing)
        try:
            self.wire.scenario(name)(play)
        except OSError:
            handler.close_connection = True


def _key_of(handler: BaseHTTPRequestHandler) -> str:
    names = ("Authorization", "x-api-key", "x-goog-api-key")
    return next((handler.headers[name] for name in names if handler.headers.get(name)), "")
