"""Numbers and names as a person lists them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

NAMED_AT_MOST = 12


def listed(names: Sequence[str]) -> str:
    """Join names: "A", "A and B", "A, B and C"."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def number_words(numbers: Sequence[int]) -> str:
    """List ascending numbers by their runs: "1 to 4, 7, 8 and 11"; after twelve, "and 18 more"."""
    runs = list(number_runs(numbers))
    names = [str(first) if first == last else f"{first} to {last}" for first, last in runs]
    if len(names) > NAMED_AT_MOST:
        named = sum(last - first + 1 for first, last in runs[:NAMED_AT_MOST])
        names = [*names[:NAMED_AT_MOST], f"{len(numbers) - named} more"]
    return listed(names)


def number_runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of each run; two neighbours are named one by one, as a person would."""
    run: list[int] = []
    for number, following in pairwise((*numbers, None)):
        assert number is not None
        run.append(number)
        if following != number + 1:
            yield from [(run[0], run[-1])] if len(run) > 2 else [(single, single) for single in run]
            run = []
