"""A long outline in groups of fifty: which chapters are in each, and which groups are shown."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .listing import OutlineRow

GROUP = 50


@dataclass(frozen=True)
class OutlineGroup:
    """Chapters that follow each other. `number` counts from 1; the rows of a group that is not open are left out."""

    number: int
    rows: tuple[OutlineRow, ...]
    is_open: bool

    @property
    def first(self) -> OutlineRow:
        """The first chapter; a group has at least one."""
        return self.rows[0]

    @property
    def last(self) -> OutlineRow:
        """The last chapter."""
        return self.rows[-1]

    @property
    def ends(self) -> tuple[str, str]:
        """The titles between which it lies, by which a person finds a chapter."""
        return self.first.title, self.last.title


def group_of(place: int) -> int:
    """Return the number of the group in which the chapter at `place` is."""
    return (place - 1) // GROUP + 1


def in_groups(rows: Sequence[OutlineRow], opened: Collection[int] = ()) -> list[OutlineGroup]:
    """Return all groups; where none of `opened` exists, the first is open."""
    found = [tuple(rows[start : start + GROUP]) for start in range(0, len(rows), GROUP)]
    shown = set(opened) & set(range(1, len(found) + 1)) or {1}
    return [OutlineGroup(number, part, number in shown) for number, part in enumerate(found, start=1)]


def numbers_in(values: Sequence[str]) -> list[int]:
    """Return the numbers of groups that a request names."""
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 7]


def changed_ends(before: Sequence[OutlineRow], after: Sequence[OutlineRow]) -> Iterator[OutlineGroup]:
    """Yield the groups that lie between other titles now."""
    for was, group in zip(in_groups(before), in_groups(after), strict=True):
        if was.ends != group.ends:
            yield group


def room_of(rows: Sequence[OutlineRow], place: int) -> tuple[int, int]:
    """Return the first and the last place where the chapter at `place` may stand: after all that it waits for,
    before all that wait for it."""
    needed = rows[place - 1].depends_on
    waiting = [row.number for row in rows if place in row.depends_on]
    return max(needed, default=0) + 1, min(waiting, default=len(rows) + 1) - 1
