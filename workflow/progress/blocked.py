"""Finds the failed chapters that a pending one waits for, directly or not."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from workflow.contract.states import ItemStatus


class HasStatus(Protocol):
    """An item, as far as blocking goes."""

    @property
    def number(self) -> int: ...
    @property
    def status(self) -> str: ...


def find_blocked(
    rows: Iterable[HasStatus], needs: Mapping[int, tuple[int, ...]]
) -> dict[int, tuple[int, ...]]:
    """Return each blocked chapter's number with the numbers of the failed chapters that it waits for, ascending.

    `rows` come by number, and no chapter before one that it needs, so that one pass is enough. A written chapter
    lets through nothing: what depends on it may be written, whatever failed before it.
    """
    failed: list[int] = []
    causes: dict[int, int] = {}
    blocked: dict[int, tuple[int, ...]] = {}
    for row in rows:
        if row.status not in {ItemStatus.PENDING, ItemStatus.FAILED}:
            continue
        # One bit for each failed chapter: the union over all ancestors costs no more than the union over the nearest.
        cause = 0
        for needed in needs.get(row.number, ()):
            cause |= causes.get(needed, 0)
        if row.status == ItemStatus.PENDING and cause:
            blocked[row.number] = tuple(_members(cause, failed))
        if row.status == ItemStatus.FAILED:
            cause |= 1 << len(failed)
            failed.append(row.number)
        if cause:
            causes[row.number] = cause
    return blocked


def _members(bits: int, numbers: list[int]) -> Iterable[int]:
    while bits:
        lowest = bits & -bits
        yield numbers[lowest.bit_length() - 1]
        bits ^= lowest
