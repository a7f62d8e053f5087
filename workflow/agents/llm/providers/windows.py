"""How many tokens a model takes at once: as the installation says, as the model itself said, or as is known of it."""

import os
from dataclasses import dataclass

VARIABLE = "CHAPTERFLOW_MODEL_WINDOW"
SMALLEST, LARGEST = 256, 100_000_000
_MOST_LEARNED = 100

# What models said when they were sent too much, as long as this process lives: the next chapter is right at once.
_learned: dict[str, int] = {}


@dataclass(frozen=True)
class Window:
    """`tokens` is None where nobody knows; `known_from` is "setting", "answer", "server", "profile" or "" then."""

    tokens: int | None = None
    known_from: str = ""


class UnreadableWindows(ValueError):
    """The setting is not a list of model=tokens. The message says which part is not."""


def read_windows(text: str) -> dict[str, int]:
    """Return the windows in a list like "ollama:llama3=8192, vllm:my/model=32768". Raises UnreadableWindows."""
    windows: dict[str, int] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, tokens = part.rpartition("=")
        name, tokens = name.strip(), tokens.strip().replace("_", "")
        if ":" not in name or not (tokens.isascii() and tokens.isdigit() and len(tokens) < 10):
            raise UnreadableWindows(f"“{part}” is not a model and its tokens, as in ollama:llama3=8192")
        if not SMALLEST <= int(tokens) <= LARGEST:
            raise UnreadableWindows(f"“{part}” names a window that no model has")
        windows[name] = int(tokens)
    return windows


def window_for(name: str, profile: int | None) -> Window:
    """Return the model's window: what the environment says, or what the model said where that is less; else `profile`.

    `profile` is what the provider's package knows of the model.
    """
    said, learned = _said().get(name), _learned.get(name)
    if learned and (said is None or learned < said):
        return Window(learned, "answer")
    if said:
        return Window(said, "setting")
    return Window(profile, "profile") if profile else Window()


def _said() -> dict[str, int]:
    """Return the setting. One that cannot be read, of which a system check tells, says nothing."""
    try:
        return read_windows(os.environ.get(VARIABLE, ""))
    except UnreadableWindows:
        return {}


def learn(name: str, tokens: int) -> None:
    """Remember the window that a model named when it was sent too much."""
    if tokens >= SMALLEST and (name in _learned or len(_learned) < _MOST_LEARNED):
        _learned[name] = tokens


def forget() -> None:
    """Forget what was learned."""
    _learned.clear()
