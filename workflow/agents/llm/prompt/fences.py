"""Wraps text from uploads so that it stays data: a fence that the text inside it cannot contain."""

import re

from workflow.agents.drafting.drafts import clean

# Runs of "<" make the fences and the closing mark of an answer; the others are turns of chat templates.
_DANGEROUS = re.compile(
    r"<(?=<<)|(?<=<<)<|<(?=\|)|(?<=\|)>|<(?=/?s>|(?:start|end)_of_turn>|/?think>)|\[(?=/?INST\]|/?SYSTEM_PROMPT\])"
)
_SPACES = re.compile(r"\s+")


def harmless(text: str) -> str:
    """Return `text` without characters that cannot be stored, and with a space in whatever could end its fence.

    Ordinary text comes back as it is, so that it can be quoted word for word.
    """
    return _DANGEROUS.sub(_with_space, clean(text))


def _with_space(match: re.Match[str]) -> str:
    return f" {match[0]}" if match[0] == ">" else f"{match[0]} "


def one_line(text: str) -> str:
    """Return `text` as harmless text without line breaks."""
    return _SPACES.sub(" ", harmless(text)).strip()


def fence(name: str, text: str) -> str:
    """Return the text, which must be harmless already, between a first and a last line that it cannot contain."""
    assert "<<<" not in text
    return f"<<<BEGIN {name}>>>\n{text}\n<<<END {name}>>>"
