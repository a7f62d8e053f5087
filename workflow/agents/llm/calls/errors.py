"""Turns whatever goes wrong with a model into the closed vocabulary of failures. Knows pydantic-ai's exceptions."""

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from workflow.contract.agent_types import AgentError
from workflow.contract.failures import Failure

from .redaction import safe_words

if TYPE_CHECKING:
    from .call import ModelAnswer

LONGEST_RETRY_AFTER = 24 * 3600.0
_WAIT_SAID = re.compile(
    r"(?:try again|retry) (?:in|after) (\d+(?:\.\d+)?) ?(ms|s|sec|seconds?|m|min|minutes?)\b", re.I
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_WINDOW_SAID = re.compile(
    r"(?:context (?:length|size)[^\d]{0,40}|\bn_ctx\D{1,6}|tokens allowed \(|> )(\d{3,7})|\b(\d{3,7}) maximum",
    re.I,
)
_OVERFLOW = re.compile(
    r"exceed_context_size|context_length_exceeded|exceeds? the (?:available )?(?:model'?s? )?context"
    r"|maximum context length|prompt is too long|input (?:length )?(?:is too long|exceeds)",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[_ ]?(?:filter|policy|management)|safety|moderation|responsible[_ ]?ai", re.IGNORECASE
)
# A refusal with the status of a wrong key that is none.
_FLAGGED = re.compile(r"guardrail|moderation|input was flagged|content[_ ](?:filter|policy)", re.IGNORECASE)
_MODEL_MISSING = re.compile(
    r"model[^.]{0,80}(?:not found|does not exist|no such)|(?:unknown|invalid)[_ ]model\b", re.IGNORECASE
)
# What some adapters put behind their own words: an answer that they could not read.
_RAW_ANSWER = re.compile(r"[\s:.]*(?:Raw response|Body|input_value)[:=].*", re.IGNORECASE | re.DOTALL)
_WEB_PAGE = "the answer was empty, or none of a model: a sign-in page or a wrong address answers like this"
_ONLY_THOUGHT = "the model spent its whole answer on thinking, and nothing was left for the text"
_HTML = re.compile(r"<!doctype html|<html", re.IGNORECASE)


class ContextTooLong(AgentError):
    """The prompt does not fit. `window` is how many tokens the model takes at once, where it said so."""

    def __init__(self, message: str, window: int | None) -> None:
        super().__init__(Failure.CONTEXT_TOO_LONG, message)
        self.window = window


def classify(error: BaseException, private: str = "") -> AgentError:
    """Return the failure that an exception of a model's call means, with the provider's words as its message.

    `private` is text that must not stand in the message: the prompt, which providers may repeat.
    """
    if isinstance(error, AgentError):
        return error
    words = safe_words(_words_of(error), private)
    code = _code_of(error)
    if code is Failure.CONTEXT_TOO_LONG:
        return ContextTooLong(words, _window_said(_whole_text(error)))
    wait = _retry_after(error) if code in {Failure.RATE_LIMITED, Failure.PROVIDER_ERROR} else None
    return AgentError(code, words, wait)


def finish_failure(answer: "ModelAnswer", is_complete: bool) -> AgentError | None:
    """Return what the end of an answer without an exception means: None where its text may be read.

    `is_complete` is whether the closing block is whole.
    """
    finish_reason = answer.finish_reason
    if _is_all_thought(answer):
        return AgentError(Failure.OUTPUT_TOO_LONG, _ONLY_THOUGHT)
    if finish_reason == "length":
        return AgentError(Failure.OUTPUT_TOO_LONG, "the answer reached the model's limit before its end")
    if finish_reason == "content_filter":
        return AgentError(Failure.CONTENT_FILTERED, "the provider's filter stopped the answer")
    if finish_reason == "error":
        return AgentError(Failure.PROVIDER_ERROR, "the provider ended the answer with an error")
    if not is_complete and (finish_reason is None or not answer.says_end):
        return AgentError(Failure.STREAM_BROKEN, "the answer ended before its closing block")
    return None


def _is_all_thought(answer: "ModelAnswer") -> bool:
    ended = answer.finish_reason in {"length", "stop"} or (answer.finish_reason is None and answer.says_end)
    return answer.has_thought and ended and not answer.text.strip()


def _code_of(error: BaseException) -> Failure:
    """Return the code: first what the text says in every provider's own way, then the class of the exception."""
    from pydantic_ai import exceptions as known

    text = _whole_text(error)
    if isinstance(error, known.ModelContextWindowExceededError) or _is_rejection(error, _OVERFLOW, text):
        return Failure.CONTEXT_TOO_LONG
    if isinstance(error, known.ContentFilterError) or _is_rejection(error, _FILTERED, text):
        return Failure.CONTENT_FILTERED
    if isinstance(error, known.ModelAuthenticationError) and _FLAGGED.search(text):
        return Failure.CONTENT_FILTERED
    if _is_rejection(error, _MODEL_MISSING, text):
        return Failure.MODEL_NOT_FOUND
    for classes, code in _table():
        if isinstance(error, classes):
            return code
    if isinstance(error, known.ModelConnectionError):
        return _connection_code(error)
    if isinstance(error, known.ModelHTTPError):
        return Failure.PROVIDER_ERROR if _is_servers_fault(error.status_code) else Failure.BAD_OUTPUT
    if isinstance(error, known.ModelAPIError):
        return _untyped_code(error, text)
    return _code_of_cause(error)


def _table() -> tuple[tuple[type[Exception] | tuple[type[Exception], ...], Failure], ...]:
    """The classes whose meaning is plain, the narrower before the wider."""
    from pydantic_ai import exceptions as known

    return (
        (known.ModelQuotaExceededError, Failure.QUOTA_EXHAUSTED),
        (known.ModelRateLimitError, Failure.RATE_LIMITED),
        ((known.ModelUnavailableError, known.ModelServerError), Failure.PROVIDER_ERROR),
        (known.ModelAuthenticationError, Failure.BAD_CREDENTIALS),
        (known.ModelNotFoundError, Failure.MODEL_NOT_FOUND),
        ((known.ModelRequestTimeout, known.RunTimedOut), Failure.TIMEOUT),
        (known.OutputTokenLimitExceeded, Failure.OUTPUT_TOO_LONG),
        (known.UsageLimitExceeded, Failure.BUDGET_EXCEEDED),
        (known.UnexpectedModelBehavior, Failure.BAD_OUTPUT),
        (known.UserError, Failure.MODEL_NOT_FOUND),
    )


def _is_rejection(error: BaseException, pattern: re.Pattern[str], text: str) -> bool:
    """Whether the provider rejected the request for the reason that the pattern finds in its words."""
    from pydantic_ai.exceptions import ModelAuthenticationError, ModelRequestRejectedError

    is_rejected = isinstance(error, ModelRequestRejectedError) and not isinstance(
        error, ModelAuthenticationError
    )
    return is_rejected and pattern.search(text) is not None


def _connection_code(error: BaseException) -> Failure:
    from pydantic_ai.exceptions import ModelTimeoutError

    phase = getattr(error, "phase", None)
    if phase in {"connect", "pool"} or is_caused_by(error, (ssl.SSLError, socket.gaierror)):
        return Failure.CONNECTION_REFUSED
    return Failure.TIMEOUT if isinstance(error, ModelTimeoutError) else Failure.STREAM_BROKEN


def _is_servers_fault(status: int) -> bool:
    return status >= 500 or status in {408, 409, 425}


def _untyped_code(error: BaseException, text: str) -> Failure:
    """An error without a class of its own: a stream that ended without its reason, or an error inside a stream."""
    if "finish_reason" in text:
        return Failure.STREAM_BROKEN
    if re.search(r"rate[_ ]?limit|too many requests", text, re.IGNORECASE):
        return Failure.RATE_LIMITED
    return Failure.BAD_OUTPUT if _HTML.search(text) else Failure.PROVIDER_ERROR


def _code_of_cause(error: BaseException) -> Failure:
    if is_caused_by(error, (TimeoutError,)):
        return Failure.TIMEOUT
    if is_caused_by(error, (ConnectionRefusedError, socket.gaierror, ssl.SSLError)):
        return Failure.CONNECTION_REFUSED
    return Failure.STREAM_BROKEN if is_caused_by(error, (ConnectionError,)) else Failure.INTERNAL_ERROR


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def is_caused_by(error: BaseException, classes: tuple[type[BaseException], ...]) -> bool:
    """Return whether one of the classes is among the error and what it came from."""
    return any(isinstance(cause, classes) for cause in _causes(error))


def _words_of(error: BaseException) -> str:
    """Return what the provider said; never the body of an answer that could not be read, which is the book's text."""
    from pydantic_ai.exceptions import UnexpectedModelBehavior, UserError

    said = _said_in(getattr(error, "body", None))
    if said:
        status = getattr(error, "status_code", None)
        return f"{status}: {said}" if status else said
    if isinstance(error, UnexpectedModelBehavior) and "ended without content" in error.message:
        return _WEB_PAGE
    if isinstance(error, UnexpectedModelBehavior | UserError):
        return _RAW_ANSWER.sub("", error.message)
    causes = [
        cause for cause in _causes(error) if str(cause) and not isinstance(cause, UnexpectedModelBehavior)
    ]
    deepest = causes[-1] if causes and isinstance(causes[-1], OSError) else None
    if _HTML.search(str(error)):
        return _WEB_PAGE
    own = _RAW_ANSWER.sub("", str(error)) or type(error).__name__
    return f"{own} ({deepest})" if deepest is not None and str(deepest) not in own else own


def _said_in(body: object) -> str:
    """Return the message in an error's body: {"error": {"message"}}, {"message"}, {"detail"}, JSON or plain text."""
    if isinstance(body, Mapping):
        for key in ("error", "message", "detail"):
            if said := _said_in(body.get(key)):
                return said
        return ""
    if isinstance(body, str) and body.lstrip().startswith("{"):
        return _said_in(_read(body)) or body
    if isinstance(body, str):
        return "the answer is a web page" if _HTML.search(body) else body
    return ""


def _read(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _whole_text(error: BaseException) -> str:
    return f"{error} {getattr(error, 'body', '')} {getattr(error, 'provider_error_code', '')}"


def _window_said(text: str) -> int | None:
    match = _WINDOW_SAID.search(text)
    return int(match[1] or match[2]) if match else None


def _retry_after(error: BaseException) -> float | None:
    """Return the seconds that the provider asked for: in a header (seconds or a date), else in its words."""
    given = getattr(error, "retry_after", None)
    if isinstance(given, int | float) and given >= 0:
        return min(float(given), LONGEST_RETRY_AFTER)
    match = _WAIT_SAID.search(_whole_text(error))
    if match is None:
        return None
    unit = match[2].lower()
    seconds = float(match[1]) * _UNITS["ms" if unit == "ms" else unit[0]]
    return min(seconds, LONGEST_RETRY_AFTER)
