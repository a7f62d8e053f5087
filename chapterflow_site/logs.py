"""How log lines are written: what uploads and addresses bring into one can neither end it nor steer a terminal."""

import logging
import re

# Control characters, line ends of Unicode, and marks that turn the direction of writing around.
_STEERING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class OneLineFormatter(logging.Formatter):
    """Writes each message on one line; only a trace, which is ours, has more of them."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's own name)
        """Return the line with everything written out that is no plain character."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Return the trace; an exception's own words may be an upload's, so they are written out as well."""
        trace = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(one_line(line) for line in trace.split("\n"))


def one_line(text: str) -> str:
    """Return `text` with line ends and control characters as escapes: `\\n`, `\\x1b`."""
    return _STEERING.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
