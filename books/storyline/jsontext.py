"""From an upload's text, JSON or JSON Lines, to a value whose places can be found again; no meaning yet."""

import json
import re
from collections import Counter
from collections.abc import Collection
from functools import partial
from json import JSONDecodeError
from typing import NoReturn

from .limits import Limits
from .plain import depth_sentence
from .source.encoding import TextFault
from .source.kinds import kind_of_text
from .source.parsed import ParsedText
from .source.positions import Position, lenient_decoder, positions, whole_number
from .syntax import syntax_sentence
from .wording import Path

_OPENING = re.compile(r'["\[\]{}]')
_SPACE = re.compile(r"\s*")
_WHOLE_OBJECT_LINE = re.compile(r"\s*\{.*\}\s*\Z")
# Commas of prose count too where they are cheap to count, so this is only the first, rough bound.
_COMMAS_PER_VALUE = 3


class _Objects:
    """Makes the parser's objects, counts them while it reads, and keeps those with a key that stands twice."""

    def __init__(self, limits: Limits) -> None:
        self.repeats: list[tuple[dict[str, object], list[str]]] = []
        self._limits = limits
        self._left = limits.values

    def __call__(self, members: list[tuple[str, object]]) -> dict[str, object]:
        count = len(members)
        self._left -= count
        if self._left < 0:
            raise TextFault("too_large", too_many_values(self._limits))
        if count > self._limits.keys:
            raise TextFault("too_large", too_many_keys(count, self._limits))
        value = dict(members)
        if len(value) != count:
            self.repeats.append((value, _repeated(members)))
        return value


def parse_json(text: str, limits: Limits) -> ParsedText:
    """Return the value of a JSON text; of JSON Lines, the list of its objects. Raises TextFault.

    NaN, Infinity and numbers too large for a float come out as floats that are not finite.
    """
    _check_size(text, limits)
    objects = _Objects(limits)
    try:
        value = json.loads(text, parse_int=whole_number, parse_constant=float, object_pairs_hook=objects)
    except JSONDecodeError as error:
        if _is_json_lines(text, error):
            return parse_json(_as_list(text), limits)
        if sentence := kind_of_text(text):
            raise TextFault("not_a_storyline", sentence) from None
        sentence, offset = syntax_sentence(error)
        raise TextFault("not_json", sentence, text, offset) from None
    except RecursionError:
        refuse_depth(text, limits)
    return ParsedText(value, text, partial(_positions_below, text, isinstance(value, list)), objects.repeats)


def refuse_depth(text: str, limits: Limits) -> NoReturn:
    """Raise the TextFault of the place where lists and objects first stand too deep inside one another."""
    depth, offset = 0, 0
    while depth <= limits.depth and (match := _OPENING.search(text, offset)):
        offset = match.end()
        if match[0] == '"':
            offset = lenient_decoder().raw_decode(text, offset - 1)[1]
        else:
            depth += 1 if match[0] in "[{" else -1
    raise TextFault("too_deep", depth_sentence(limits), text, max(offset - 1, 0))


def too_many_values(limits: Limits) -> str:
    """Return the sentence for an upload of too many tiny values."""
    return f"The file holds more than {limits.values:,} values. Split the storyline."


def too_many_keys(count: int, limits: Limits) -> str:
    """Return the sentence for an object with too many keys."""
    return f"An object has {count:,} keys; at most {limits.keys:,} fit. Make a list of it."


def _check_size(text: str, limits: Limits) -> None:
    """Refuse what would take much memory only to be parsed."""
    brackets = text.count("[") + text.count("{")
    if brackets > limits.containers or brackets + text.count(",") > _COMMAS_PER_VALUE * limits.values:
        raise TextFault("too_large", too_many_values(limits))


def _repeated(members: list[tuple[str, object]]) -> list[str]:
    return [key for key, count in Counter(key for key, _ in members).items() if count > 1]


def _is_json_lines(text: str, error: JSONDecodeError) -> bool:
    """Tell whether a whole object stands in the first line, and another begins in a later one."""
    start = _after_space(text, 0)
    end = text.find("\n", start)
    return (
        error.msg.startswith("Extra data")
        and text[error.pos] == "{"
        and 0 <= end < error.pos
        and _after_space(text, end) == error.pos
        and _WHOLE_OBJECT_LINE.match(text[start:end]) is not None
    )


def _after_space(text: str, offset: int) -> int:
    match = _SPACE.match(text, offset)
    return match.end() if match else offset


def _as_list(text: str) -> str:
    """Return JSON Lines as one list in which every line keeps its number."""
    lines = text.split("\n")
    filled = [index for index, line in enumerate(lines) if line and not line.isspace()]
    for index in filled[:-1]:
        lines[index] += ","
    return "[" + "\n".join(lines) + "]"


def _positions_below(text: str, is_list: bool, paths: Collection[Path]) -> dict[Path, Position]:
    """Find paths in a text; in a plain list, what is named as one of a document's list stands in the list itself."""
    below = {path: path[1:] if is_list and path and isinstance(path[0], str) else path for path in paths}
    found = positions(text, below.values())
    return {path: found[place] for path, place in below.items()}
