"""The lines of an upload around its faults, as a person would see them in an editor."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .faults import Fault
from .source.encoding import with_line_feeds

LINE_CHARACTERS = 160
_BEFORE_FAULT = 60
_BLOCK = 65_536
# A full stop inside quotation marks belongs to the upload's words, not to ours.
_FIRST_SENTENCE = re.compile(r"(?:“[^”]*”|[^“.]|\.(?=\S))*\.?")


@dataclass(frozen=True)
class ListingLine:
    """A line, cut to 160 characters (around its fault, if it has one). `number` counts from 1."""

    number: int
    text: str
    is_fault: bool = False
    notes: tuple[str, ...] = ()


def listing(
    data: bytes | str, faults: Iterable[Fault], context: int = 2, most: int = 12
) -> list[ListingLine]:
    """Return the faulty lines, `most` at most, with `context` lines around each, in the text's order.

    Lines end at a line feed, as for the faults. A long line with several faults comes once for each.
    """
    decoded = data.decode("utf-8-sig", "replace") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    text = with_line_feeds(decoded)
    faulty = _by_line(faults, text.count("\n") + 1)
    numbers = sorted(faulty)[:most]
    shown = sorted({near for number in numbers for near in range(number - context, number + context + 1)})
    entries: list[ListingLine] = []
    for number, line in _lines(text, shown):
        entries += _entries(number, line, faulty.get(number, ())[:most] if number in numbers else ())
    return entries


def _lines(text: str, numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Yield the lines with these ascending numbers, as far as there are such, without splitting all the text."""
    line, start = 1, 0
    for number in numbers:
        if number < 1:
            continue
        while line < number:
            block = start + _BLOCK
            passed = text.count("\n", start, block)
            if line + passed < number:
                line, start = line + passed, block
            else:
                line, start = line + 1, text.find("\n", start) + 1
            if start > len(text):
                return
        end = text.find("\n", start)
        yield number, text[start : end if end >= 0 else len(text)].rstrip("\r")


def _by_line(faults: Iterable[Fault], count: int) -> dict[int, list[Fault]]:
    found: defaultdict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        if fault.line is not None and 1 <= fault.line <= count:
            found[fault.line].append(fault)
    return found


def _entries(number: int, line: str, faults: Sequence[Fault]) -> list[ListingLine]:
    if not faults:
        return [ListingLine(number, _cut(line, 1))]
    if len(line) <= LINE_CHARACTERS:
        return [ListingLine(number, line, True, tuple(_note(fault) for fault in faults))]
    return [ListingLine(number, _cut(line, fault.column or 1), True, (_note(fault),)) for fault in faults]


def _cut(line: str, column: int) -> str:
    """Return at most 160 characters of the line, with those around the column."""
    if len(line) <= LINE_CHARACTERS:
        return line
    start = max(0, min(column - 1 - _BEFORE_FAULT, len(line) - LINE_CHARACTERS + 1))
    before = "…" if start else ""
    after = "…" if start + LINE_CHARACTERS - len(before) < len(line) else ""
    return before + line[start : start + LINE_CHARACTERS - len(before) - len(after)] + after


def _note(fault: Fault) -> str:
    match = _FIRST_SENTENCE.match(fault.message)
    return match[0] if match and match[0] else fault.message
