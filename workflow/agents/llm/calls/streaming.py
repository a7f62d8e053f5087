"""Lets the Markdown of an answer through as it streams, without its closing block and the model's reasoning."""

from workflow.agents.drafting.drafts import clean
from workflow.agents.drafting.reasoning import ReasoningFilter
from workflow.contract.agent_types import OnText

# Handed over before the text of a corrected answer: what was handed over before is void. No chapter contains it.
RESET = "\f"
_OPENING = "```"
_STOP = "<<<"


class MarkdownFilter:
    """Hands text on until the closing mark; holds back what may be the beginning of it.

    `handed_over` is whether the reader has got anything; `received` counts the answer's characters, all of them.
    """

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._reasoning = ReasoningFilter()
        self._held = ""
        self._is_first = True
        self._is_over = False
        self.handed_over = False
        self.received = 0

    def feed(self, delta: str) -> None:
        """Take in the next piece of the answer."""
        self.received += len(delta)
        text = self._reasoning.feed(delta)
        if self._reasoning.takes_back():
            self._begin_again()
            if self.handed_over:
                self._on_text(RESET)
        self._take(clean(text))

    def _take(self, text: str) -> None:
        if self._is_over:
            return
        self._held += text
        if self._is_first and not self._begin():
            return
        stop = self._held.find(_STOP)
        self._is_over = stop >= 0
        ready = stop if self._is_over else _end_of_safe(self._held)
        self._hand_over(self._held[:ready])
        self._held = "" if self._is_over else self._held[ready:]

    def finish(self) -> None:
        """Hand over what was held back at the end of an answer that broke off, unless it looks like a mark."""
        self._take(clean(self._reasoning.finish()))
        if not self._is_over and not self._held.strip().startswith(("<", "`")):
            self._hand_over(self._held)
        self._is_over = True

    def _begin_again(self) -> None:
        self._held = ""
        self._is_first = True
        self._is_over = False

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
