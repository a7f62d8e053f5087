"""Lets the Markdown of an answer through while it streams, and nothing of its closing block."""

from workflow.agents.drafts import clean
from workflow.agents.types import OnText

_OPENING = "```"
_STOP = "<<<"


class MarkdownFilter:
    """Hands text on until the closing mark; holds back what may be the beginning of it.

    `handed_over` is whether the reader has got anything; `received` counts the answer's characters, all of them.
    """

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._held = ""
        self._is_first = True
        self._is_over = False
        self.handed_over = False
        self.received = 0

    def feed(self, delta: str) -> None:
        """Take in the next piece of the answer."""
        self.received += len(delta)
        if self._is_over:
            return
        self._held += clean(delta)
        if self._is_first and not self._begin():
            return
        stop = self._held.find(_STOP)
        self._is_over = stop >= 0
        ready = stop if self._is_over else _end_of_safe(self._held)
        self._hand_over(self._held[:ready])
        self._held = "" if self._is_over else self._held[ready:]

    def finish(self) -> None:
        """Hand over what was held back at the end of an answer that broke off, unless it looks like a mark."""
        if not self._is_over and not self._held.strip().startswith(("<", "`")):
            self._hand_over(self._held)
        self._is_over = True

    def _begin(self) -> bool:
        """Drop white space and a code fence at the start. Returns False while more is needed to see them."""
        self._held = self._held.lstrip()
        if not self._held or (len(self._held) < 3 and _OPENING.startswith(self._held)):
            return False
        if self._held.startswith(_OPENING):
            _, line_break, rest = self._held.partition("\n")
            if not line_break:
                return False
            self._held = rest.lstrip()
        self._is_first = False
        return True

    def _hand_over(self, text: str) -> None:
        if text:
            self.handed_over = True
            self._on_text(text)


def _end_of_safe(text: str) -> int:
    """Return where a last line begins that may still become the mark: only white space, signs of one, or "<"."""
    start = text.rfind("\n") + 1
    last = text[start:]
    if not last.strip(" \t>*_#`<"):
        return len(text[:start].rstrip())
    return len(text.rstrip("<"))
