"""How values and places from an upload are named in a sentence that can be shown, whatever they hold."""

import re

from books.text.storable import without_piles

Path = tuple[str | int, ...]

# Control characters, lone surrogates and marks that turn the direction of writing would spoil the sentence.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# In a title or a name they would steer a terminal, or let what stands behind it read backwards.
_STEERING = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202d\u202e]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}\Z")
_QUOTED_CHARACTERS = 60
_PLACE_STEPS = 12


def quoted(text: str) -> str:
    """Return `text` in quotation marks, cut to about 60 characters."""
    cut = text if len(text) <= _QUOTED_CHARACTERS else text[: _QUOTED_CHARACTERS - 1] + "…"
    return f"“{_showable(cut)}”"


def one_line(text: str) -> str:
    """Return a title or a name with single spaces, without what steers or covers how others are shown."""
    return " ".join(without_piles(_STEERING.sub("", text)).split())


def described(value: object) -> str:
    """Return a name for a JSON value that can begin a sentence."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if value is None:
        return "null"
    if isinstance(value, list):
        return "A list"
    return "An object" if isinstance(value, dict) else "This value"


def place_of(path: Path) -> str:
    """Return a path as people write it: `nodes[12].chunk_ids[3]`."""
    steps = "".join(_step(key) for key in path[:_PLACE_STEPS]).removeprefix(".")
    return steps + "…" if len(path) > _PLACE_STEPS else steps


def _showable(text: str) -> str:
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text).replace("”", '"').replace("“", '"')


def _number(value: float) -> str:
    # The size comes first: Python refuses to write out integers of more than 4,300 digits.
    if isinstance(value, int) and abs(value) >= 10**30:
        return "A number of more than 30 digits"
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(str(value), str(value))


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _PLAIN_KEY.match(key) else f"[{quoted(key)}]"
