"""From a CSV table of nodes, its columns named in the first row, to the list that JSON would hold."""

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import NoReturn

from .encoding import TextFault
from .limits import Limits
from .parsed import ParsedText
from .positions import Position
from .wording import Path, quoted

_DELIMITERS = ",;\t"
_HEADER_CHARACTERS = 10_000
_LISTS = frozenset({"themes", "participants", "chunk_ids", "depends_on", "related"})
_NUMBERS = frozenset({"centrality_score", "confidence"})
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def is_table(text: str) -> bool:
    """Tell whether the text is a table: its first row names a column `id`."""
    return not text.lstrip().startswith(("{", "[")) and _delimiter(text) is not None


def parse_table(text: str, limits: Limits) -> ParsedText:
    """Return the table's nodes; several values in a cell are separated by `;` or `|`. Raises TextFault."""
    delimiter = _delimiter(text) or ","
    if text.count(delimiter) > limits.values:
        raise TextFault("too_large", f"The table has more than {limits.values:,} cells. Split it.")
    rows = _rows(text, delimiter)
    header = _header(next(rows)[1], text)
    nodes: list[object] = []
    lines: list[int] = []
    for line, cells in rows:
        if len(cells) > len(header):
            counted = f"This row has {len(cells)} cells, but the first row names {len(header)} columns."
            _refuse(text, line, f"{counted} Put cells that hold {quoted(delimiter)} into quotation marks.")
        lines.append(line)
        nodes.append(_node(header, cells))
    return ParsedText(nodes, text, partial(_positions, tuple(lines)))


def _delimiter(text: str) -> str | None:
    first = text.lstrip().split("\n", 1)[0][:_HEADER_CHARACTERS]
    return next((mark for mark in _DELIMITERS if "id" in map(_name, first.split(mark))), None)


def _name(cell: str) -> str:
    return cell.strip().strip('"').strip().lower()


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, with the line in which it begins."""
    reader = csv.reader((line + "\n" for line in text.split("\n")), delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            _refuse(text, begins, f"This row cannot be read as CSV ({error}). Check its quotation marks.")
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield begins, cells


def _header(cells: Sequence[str], text: str) -> list[str]:
    names = [_name(cell) for cell in cells]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            _refuse(text, 1, f"The column {quoted(name)} stands twice in the first row. Keep one of the two.")
    return names


def _refuse(text: str, line: int, sentence: str) -> NoReturn:
    offset = sum(len(before) + 1 for before in text.split("\n")[: line - 1])
    raise TextFault("not_csv", sentence, text, offset)


def _node(header: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
    filled = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name and cell.strip()}
    return {name: _value(name, cell) for name, cell in filled.items()}


def _value(name: str, cell: str) -> object:
    if name in _LISTS:
        return [part.strip() for part in re.split(r"[;|]", cell) if part.strip()]
    if name in _NUMBERS and _NUMBER.fullmatch(cell):
        return float(cell)
    return cell


def _positions(lines: Sequence[int], paths: Collection[Path]) -> dict[Path, Position]:
    return {path: _position(lines, path) for path in paths}


def _position(lines: Sequence[int], path: Path) -> Position:
    row = path[1] if len(path) > 1 else None
    line = lines[row] if isinstance(row, int) else 1
    return Position(line, line, 1)
