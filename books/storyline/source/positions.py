"""Where in a JSON text a path's value stands; asked only when there are faults, so good files pay nothing."""

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from json import JSONDecoder
from typing import NamedTuple

from books.storyline.wording import Path

# The most digits of a whole number that a float can still hold.
_DIGITS = 308


@cache
def lenient_decoder() -> JSONDecoder:
    """Return a decoder that reads NaN, Infinity and too large numbers as floats that are not finite."""
    return JSONDecoder(parse_int=whole_number, parse_constant=float)


def whole_number(digits: str) -> int | float:
    """Return a whole number; infinity where it is too large for a float."""
    # Python refuses to read integers of more than 4,300 digits, and databases lose such numbers anyway.
    return int(digits) if len(digits) <= _DIGITS else math.inf


_SPACE = re.compile(r"[ \t\n\r]*")

_Wanted = dict[str | int, "_Wanted"]


class Position(NamedTuple):
    """An offset in a text (from 0) with its line and column (from 1)."""

    offset: int
    line: int
    column: int


def positions(text: str, paths: Iterable[Path]) -> dict[Path, Position]:
    """Return where each path's value begins, or the nearest thing around it that exists.

    `text` must be valid JSON. Takes about as long as parsing it once per level of the deepest path.
    """
    wanted = list(paths)
    offsets = _offsets(text, _tree(wanted))
    found = {path: _nearest(path, offsets) for path in wanted}
    places = dict(
        zip(sorted(set(found.values())), positions_at(text, sorted(set(found.values()))), strict=True)
    )
    return {path: places[offset] for path, offset in found.items()}


def positions_at(text: str, offsets: Iterable[int]) -> Iterator[Position]:
    """Yield the position of each offset; the offsets must ascend."""
    line, counted = 1, 0
    for offset in offsets:
        line += text.count("\n", counted, offset)
        counted = offset
        yield Position(offset, line, offset - text.rfind("\n", 0, offset))


def _tree(paths: Iterable[Path]) -> _Wanted:
    root: _Wanted = {}
    for path in paths:
        branch = root
        for key in path:
            branch = branch.setdefault(key, {})
    return root


def _offsets(text: str, root: _Wanted) -> dict[Path, int]:
    start = _after_space(text, 0)
    offsets: dict[Path, int] = {(): start}
    open_containers: list[tuple[Path, _Wanted]] = [((), root)]
    while open_containers:
        path, branch = open_containers.pop()
        if branch:
            # Of a key that stands twice the last is kept, as the parser does.
            children = dict(_wanted(_children(text, offsets[path]), branch))
            offsets |= {(*path, key): offset for key, offset in children.items()}
            open_containers += [((*path, key), branch[key]) for key in children]
    return offsets


def _wanted(children: Iterable[tuple[str | int, int]], branch: _Wanted) -> Iterator[tuple[str | int, int]]:
    """Yield the children that are asked for; of a list none is read behind the last of them."""
    last = max((key for key in branch if isinstance(key, int)), default=0)
    for key, offset in children:
        if isinstance(key, int) and key > last:
            return
        if key in branch:
            yield key, offset


def _nearest(path: Path, offsets: dict[Path, int]) -> int:
    while path not in offsets:
        path = path[:-1]
    return offsets[path]


def _children(text: str, start: int) -> Iterator[tuple[str | int, int]]:
    """Yield key and offset of each child of the container at `start`; nothing for another value."""
    if text[start] == "[":
        return _items(text, start)
    return _members(text, start) if text[start] == "{" else iter(())


def _items(text: str, start: int) -> Iterator[tuple[int, int]]:
    scan = lenient_decoder().raw_decode
    index, offset = 0, _after_space(text, start + 1)
    while text[offset] != "]":
        yield index, offset
        offset = _next(text, scan(text, offset)[1])
        index += 1


def _members(text: str, start: int) -> Iterator[tuple[str, int]]:
    scan = lenient_decoder().raw_decode
    offset = _after_space(text, start + 1)
    while text[offset] != "}":
        key, end = scan(text, offset)
        offset = _after_space(text, _after_space(text, end) + 1)
        yield key, offset
        offset = _next(text, scan(text, offset)[1])


def _next(text: str, offset: int) -> int:
    offset = _after_space(text, offset)
    return _after_space(text, offset + 1) if text[offset] == "," else offset


def _after_space(text: str, offset: int) -> int:
    match = _SPACE.match(text, offset)
    return match.end() if match else offset
