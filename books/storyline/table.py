"""From a CSV table of nodes, its columns named in the first row, to the list that JSON would hold."""

import csv
import json
import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import NoReturn

from .limits import Limits
from .names import LIST, NODE, NUMBER
from .source.encoding import TextFault
from .source.kinds import table_sentence
from .source.parsed import ParsedText
from .source.positions import Position
from .wording import Path, quoted

_DELIMITERS = ",;\t|"
_HEADER_CHARACTERS = 10_000
_SPACE = re.compile(r"\s*")
# Excel writes the delimiter into a line of its own before the table.
_SEPARATOR = re.compile(r"\s*\"?sep=(.)\"?[^\S\n]*\r?\n", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^\s,'\"][^,'\"]*)")
_LONGEST_LIST = 100_000
# A table without ids is known by these, so that it can be said that it has none.
_TOLD = frozenset({"title", "summary", "text", "centrality_score", "chunk_ids"})


def is_table(text: str) -> bool:
    """Tell whether the text is a table: its first row names columns of nodes or links."""
    start = _SPACE.match(text)
    first = text[start.end() : start.end() + 1] if start else ""
    return first not in {"{", "["} and _delimiter(text) is not None


def parse_table(text: str, limits: Limits) -> ParsedText:
    """Return the table's nodes; several values in a cell are separated by `;` or `|`. Raises TextFault."""
    delimiter = _delimiter(text) or ","
    csv.field_size_limit(limits.characters)
    rows = _rows(text, delimiter, limits)
    header = _header(next(rows)[1], text, limits)
    nodes: list[object] = []
    lines: list[int] = []
    cells_left = limits.values
    for line, cells in rows:
        cells_left -= len(cells)
        if len(nodes) == limits.nodes or cells_left < 0:
            raise TextFault("too_large", _too_large(limits, is_wide=cells_left < 0))
        if len(cells) > len(header):
            counted = f"This row has {len(cells):,} cells, but the first row names {len(header):,} columns."
            _refuse(text, line, f"{counted} Put cells that hold {quoted(delimiter)} into quotation marks.")
        lines.append(line)
        nodes.append(_node(header, cells))
    return ParsedText(nodes, text, partial(_positions, tuple(lines)))


def _too_large(limits: Limits, *, is_wide: bool) -> str:
    if is_wide:
        return f"The table has more than {limits.values:,} cells. Split it."
    return f"The table has more than {limits.nodes:,} rows, one for each node. Make several books of it."


def _delimiter(text: str) -> str | None:
    if match := _SEPARATOR.match(text):
        return match[1]
    start = _SPACE.match(text)
    begins = start.end() if start else 0
    first = text[begins : begins + _HEADER_CHARACTERS].split("\n", 1)[0]
    return next((mark for mark in _DELIMITERS if _names_columns(first.split(mark))), None)


def _names_columns(cells: Sequence[str]) -> bool:
    names = [_name(cell) for cell in cells]
    known = {NODE.meaning(name) for name in names if name}
    return "id" in known or (len(names) > 1 and (bool(known & _TOLD) or table_sentence(names) is not None))


def _name(cell: str) -> str:
    return cell.strip().strip('"').strip()


def _rows(text: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, with the line in which it begins."""
    separator = _SEPARATOR.match(text)
    skipped = text.count("\n", 0, separator.end()) if separator else 0
    lines = _lines(text, separator.end() if separator else 0, delimiter, limits)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begins = skipped + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            _refuse(text, begins, _broken(str(error)))
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield begins, cells


def _lines(text: str, start: int, delimiter: str, limits: Limits) -> Iterator[str]:
    """Yield the lines one by one: all at once they would take as much memory again."""
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        if text.count(delimiter, start, end) > limits.values:
            raise TextFault("too_large", _too_large(limits, is_wide=True))
        line = text[start:end]
        yield line if line.endswith("\n") else line + "\n"
        start = end


def _broken(said: str) -> str:
    if "field larger" in said:
        return "A cell of this row is too long. Is a quotation mark missing that closes it?"
    if "unexpected end" in said:
        return "A quotation mark opens in this row and is never closed. Close it, or remove it."
    if "new-line" in said:
        return "A line break stands inside this row. Put the cell into quotation marks."
    return "The quotation marks of this row do not fit: inside a cell, each one is written twice."


def _header(cells: Sequence[str], text: str, limits: Limits) -> list[str]:
    names = [_name(cell) for cell in cells]
    if len(names) > limits.keys:
        raise TextFault("too_large", f"The table has {len(names):,} columns; at most {limits.keys:,} fit.")
    seen: set[str] = set()
    for name in names:
        if name and name.lower() in seen:
            _refuse(text, 1, f"The column {quoted(name)} stands twice in the first row. Keep one of the two.")
        seen.add(name.lower())
    if sentence := table_sentence(names):
        raise TextFault("not_a_storyline", sentence)
    if "id" not in {NODE.meaning(name) for name in names if name}:
        _refuse(text, 1, "The first row names no column “id”. Add one, with another id in each row.")
    return names


def _refuse(text: str, line: int, sentence: str) -> NoReturn:
    offset = 0
    for _ in range(line - 1):
        offset = text.find("\n", offset) + 1
    raise TextFault("not_csv", sentence, text, offset)


def _node(header: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
    filled = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name and cell.strip()}
    return {name: _value(name, cell) for name, cell in filled.items()}


def _value(name: str, cell: str) -> object:
    key = NODE.meaning(name)
    kind = NODE.keys.get(key or "")
    if kind == LIST:
        return _listed(cell)
    if kind == NUMBER and _NUMBER.fullmatch(cell):
        return float(cell.replace(",", "."))
    return cell


def _listed(cell: str) -> list[object]:
    """Return the parts of a cell: separated by marks, or written as a list of JSON or of Python."""
    if cell[0] == "[" and cell[-1] == "]" and len(cell) <= _LONGEST_LIST:
        try:
            value = json.loads(cell)
        except (ValueError, RecursionError):
            parts = (match[1] or match[2] or match[3] for match in _QUOTED.finditer(cell[1:-1]))
            return [part.strip() for part in parts if part and part.strip()]
        if isinstance(value, list):
            return value
    return [part.strip() for part in re.split(r"[;|]", cell) if part.strip()]


def _positions(lines: Sequence[int], paths: Collection[Path]) -> dict[Path, Position]:
    return {path: _position(lines, path) for path in paths}


def _position(lines: Sequence[int], path: Path) -> Position:
    row = path[1] if len(path) > 1 else None
    line = lines[row] if isinstance(row, int) else 1
    return Position(line, line, 1)
