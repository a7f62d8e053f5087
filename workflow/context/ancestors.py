"""Which chapters a chapter depends on, however far up: worked out once, when a session is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# So many are kept by number; of those farther up only how many there are.
NEAREST = 200


@dataclass(frozen=True)
class Ancestors:
    """`nearest` are the highest numbers, ascending; `count` is how many there are in all."""

    nearest: tuple[int, ...] = ()
    count: int = 0


def find_ancestors(needs: Mapping[int, Iterable[int]], most: int = NEAREST) -> dict[int, Ancestors]:
    """Return the ancestors of every number. Each depends only on lower ones; linear in numbers and dependencies."""
    found: dict[int, Ancestors] = {}
    masks: dict[int, int] = {}
    for number in sorted(needs):
        mask = 0
        for needed in needs[number]:
            mask |= masks[needed] | 1 << needed
        masks[number] = mask
        found[number] = Ancestors(_highest(mask, most), mask.bit_count())
    return found


def _highest(mask: int, most: int) -> tuple[int, ...]:
    """Return the numbers of the highest bits, ascending."""
    numbers: list[int] = []
    while mask and len(numbers) < most:
        numbers.append(mask.bit_length() - 1)
        mask ^= 1 << numbers[-1]
    return tuple(reversed(numbers))
