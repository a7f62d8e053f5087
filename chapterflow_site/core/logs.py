"""How log lines are written: what comes into one can neither end it nor steer a terminal, and opens no door.

`CHAPTERFLOW_LOG_FORMAT=json` writes one JSON object a line instead, with the session, chapter and attempt that a line
belongs to as fields of their own.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_work: ContextVar[Mapping[str, str | int] | None] = ContextVar("work", default=None)

# Control characters, line ends of Unicode, and marks that turn the direction of writing around.
_STEERING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

# A link of /sign-in/ lets in whoever has it.
_SECRET = re.compile(r"(/sign-in/)[\w-]{16,}")


class OneLineFormatter(logging.Formatter):
    """Writes each message on one line; only a trace, which is ours, has more of them."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's own name)
        """Return the line with everything written out that is no plain character."""
        return one_line(discreet(super().formatMessage(record)))

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Return the trace; an exception's own words may be an upload's, so they are written out as well."""
        trace = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(one_line(discreet(line)) for line in trace.split("\n"))


class JSONFormatter(logging.Formatter):
    """Writes each message as one JSON object: time, level, logger, message, what the work is about, a trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; JSON's own escapes keep it one line and free of control characters."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, "work", {}),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return discreet(json.dumps(fields, ensure_ascii=True, default=str))


class WorkFilter(logging.Filter):
    """Notes on each record, in the thread that wrote it, what is being worked on; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the fields of `working_on` on the record as `work`."""
        record.work = dict(_work.get() or {})
        return True


@contextmanager
def working_on(**fields: str | int) -> Iterator[None]:
    """Let all log lines within belong to `fields` (session, chapter, attempt), whoever writes them."""
    before = _work.set({**(_work.get() or {}), **fields})
    try:
        yield
    finally:
        _work.reset(before)


def discreet(text: str) -> str:
    """Return `text` without the secrets of sign-in links, whoever wrote the address into a message or a trace."""
    return _SECRET.sub(r"\1***", text)


def one_line(text: str) -> str:
    """Return `text` with line ends and control characters as escapes: `\\n`, `\\x1b`."""
    return _STEERING.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
