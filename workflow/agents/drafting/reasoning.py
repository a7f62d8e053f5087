"""Takes a model's reasoning out of what it answers, also while the answer streams, whatever the model marks it by."""

import re
from collections.abc import Iterable

_NAMES = (
    "think", "thinking", "thought", "thoughts", "reasoning", "reflection", "scratchpad", "seed:think", "antthinking"
)  # fmt: skip
# Tags, Mistral's brackets, Kimi's triangles, Cohere's and Gemma's tokens; of gpt-oss, the channels that nobody reads.
_OPENING = (
    *(f"<{name}>" for name in _NAMES),
    "<|think|>",
    "[think]",
    "◁think▷",
    "<|start_thinking|>",
    "<|channel>thought",
    "<|channel|>analysis",
    "<|channel|>commentary",
)
_CLOSING = (
    *(f"</{name}>" for name in _NAMES),
    "<|/think|>",
    "[/think]",
    "◁/think▷",
    "<|end_thinking|>",
    "<channel|>",
)
# Both end a block and stand between blocks: no text of the answer.
_BETWEEN = (
    "<|channel|>final<|message|>",
    "<|channel|>final",
    "<|start|>assistant",
    "<|start_response|>",
    "<|end_response|>",
    "<|message|>",
    "<|return|>",
    "<|end|>",
)
_ALL = (*_OPENING, *_CLOSING, *_BETWEEN)
_LONGEST = max(map(len, _ALL))
_STARTS = "<[◁"


def _any_of(marks: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(marks, key=len, reverse=True)
    return re.compile(f"(?=[<[◁])(?:{'|'.join(map(re.escape, longest_first))})", re.IGNORECASE)


_ANY = _any_of(_ALL)
# A message's mark does not end the reasoning in front of which it stands.
_END = _any_of(mark for mark in (*_CLOSING, *_BETWEEN) if mark != "<|message|>")


class ReasoningFilter:
    """Hands on what is no reasoning. `was_there` is whether there was any."""

    def __init__(self) -> None:
        self._held = ""
        self._is_inside = False
        self.was_there = False
        self._is_void = False

    def feed(self, delta: str) -> str:
        """Take in the next piece; return what can be handed on now."""
        self._held += delta
        shown: list[str] = []
        at = 0
        while match := (_END if self._is_inside else _ANY).search(self._held, at):
            if not self._is_inside:
                shown.append(self._held[at : match.start()])
            at = match.end()
            if self._is_orphan(match[0].lower()):
                shown.clear()
        safe = _end_of_safe(self._held, at)
        if not self._is_inside:
            shown.append(self._held[at:safe])
        self._held = self._held[safe:]
        return "".join(shown)

    def takes_back(self) -> bool:
        """Return, once, whether all that was handed on before the last piece was reasoning.

        So it is where a block ends that never began: the templates of some models have the opening mark.
        """
        is_void, self._is_void = self._is_void, False
        return is_void

    def finish(self) -> str:
        """Return what was held back at the end of the answer."""
        rest = "" if self._is_inside else self._held
        self._held = ""
        return rest

    def _is_orphan(self, mark: str) -> bool:
        """Take note of a mark; return whether it ends a block that never began."""
        is_orphan = mark in _CLOSING and not self._is_inside
        self._is_void = self._is_void or is_orphan
        self._is_inside = mark in _OPENING
        self.was_there = self.was_there or self._is_inside or is_orphan
        return is_orphan


def without_reasoning(text: str) -> tuple[str, bool]:
    """Return a whole answer without its reasoning, and whether there was any."""
    reading = ReasoningFilter()
    rest = reading.feed(text) + reading.finish()
    return (rest.strip() if reading.was_there else rest), reading.was_there


def _end_of_safe(text: str, start: int) -> int:
    """Return where an ending begins that may still become a mark."""
    for at in range(max(start, len(text) - _LONGEST), len(text)):
        if text[at] in _STARTS and any(mark.startswith(text[at:].lower()) for mark in _ALL):
            return at
    return len(text)
