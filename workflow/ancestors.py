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
        direct = list(needs[number])
        mask = 0
        nearest = set(direct)
        for needed in direct:
            mask |= masks[needed] | 1 << needed
            nearest.update(found[needed].nearest)
        masks[number] = mask
        found[number] = Ancestors(tuple(sorted(nearest)[-most:]), mask.bit_count())
    return found
