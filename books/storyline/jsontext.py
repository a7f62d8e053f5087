"""From an upload's text, JSON or JSON Lines, to a value whose places can be found again; no meaning yet."""

import json
import re
from collections import Counter
from collections.abc import Collection
from functools import partial
from json import JSONDecodeError
from typing import NoReturn

from .decoder import lenient_decoder, whole_number
from .encoding import TextFault
from .limits import Limits
from .parsed import NODES, ParsedText
from .plain import depth_sentence
from .positions import Position, positions
from .syntax import syntax_sentence
from .wording import Path

_OPENING = re.compile(r'["\[\]{}]')
_WHOLE_OBJECT_LINE = re.compile(r"\s*\{.*\}\s*\Z")


def parse_json(text: str, limits: Limits) -> ParsedText:
    """Return the value of a JSON text; of JSON Lines, the list of its objects. Raises TextFault.

    NaN, Infinity and numbers too large for a float come out as floats that are not finite.
    """
    repeats: list[tuple[dict[str, object], list[str]]] = []

    def pairs(members: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(members)
        if len(value) != len(members):
            repeats.append((value, _repeated(members)))
        return value

    try:
        value = json.loads(text, parse_int=whole_number, parse_constant=float, object_pairs_hook=pairs)
    except JSONDecodeError as error:
        if _is_json_lines(text, error):
            return parse_json(_as_list(text), limits)
        sentence, offset = syntax_sentence(error)
        raise TextFault("not_json", sentence, text, offset) from None
    except RecursionError:
        refuse_depth(text, limits)
    steps = len(NODES) if isinstance(value, list) else 0
    return ParsedText(value, text, partial(_positions_below, text, steps), repeats)


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


def _repeated(members: list[tuple[str, object]]) -> list[str]:
    return [key for key, count in Counter(key for key, _ in members).items() if count > 1]


def _is_json_lines(text: str, error: JSONDecodeError) -> bool:
    """Tell whether a whole object stands in the first line, and another begins in a later one."""
    first = text.lstrip().split("\n", 1)[0]
    return (
        error.msg.startswith("Extra data")
        and text[error.pos] == "{"
        and "\n" not in text[: error.pos].strip()
        and error.pos >= len(first)
        and _WHOLE_OBJECT_LINE.match(first) is not None
    )


def _as_list(text: str) -> str:
    """Return JSON Lines as one list in which every line keeps its number."""
    lines = text.split("\n")
    filled = [index for index, line in enumerate(lines) if line.strip()]
    for index in filled[:-1]:
        lines[index] += ","
    return "[" + "\n".join(lines) + "]"


def _positions_below(text: str, steps: int, paths: Collection[Path]) -> dict[Path, Position]:
    found = positions(text, [path[steps:] for path in paths])
    return {path: found[path[steps:]] for path in paths}
