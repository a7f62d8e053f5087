"""Which story is killed where: each named commit in one story, unless more is asked for."""

import os
from collections.abc import Iterator, Mapping, Sequence

from chapterflow_site.core.crash_points import AFTER, BEFORE

from .tellers import OF_SLOW_WRITING

# At how many passings of each place a story is killed, beside the last; 0 for one, and each place in one story only.
MORE = int(os.environ.get("CHAPTERFLOW_CRASH_PASSINGS", "0"))
# Passed for another reason each time.
EACH_TIME = ("decide_change", "create_book", "add_storyline", "regenerate_chapter")
# What only a crash leads to, with the crash that does.
AFTERWARDS = {
    "sequence": [
        ("store_chapter:before:2", "take_back_chapter"),
        ("finish_harmonizing:before:1", "take_back_phase"),
        ("store_questions:before:1", "take_back_phase"),
        ("complete_chapters:before:2", "wake"),
        ("begin:before:1", "forget_wake_ups"),
    ],
    "graph": [
        ("store_chapter:before:1", "take_back_chapter"),
        ("store_chapter:after:2", "take_back_chapter"),
    ],
    "again": [("store_chapter:before:4", "take_back_chapter")],
}


def all_plans(calm: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each story with the crashes of one run; `calm` says what each comes by, and how often.

    One crash at each passing of each place that is the story's, and some during the recovery from another.
    """
    for story, places in share_out(calm).items():
        for place in places:
            yield from ((story, [f"{place}:{n}"]) for n in passings_of(place, calm[story][place]))
        for first, second in AFTERWARDS.get(story, []):
            yield from ((story, [first, f"{second}:{side}:1"]) for side in (BEFORE, AFTER))


def passings_of(place: str, times: int) -> Sequence[int]:
    """Return at which of so many passings of a place a story is killed: at the first and the last, and as asked for."""
    if place.startswith(OF_SLOW_WRITING):
        # How often these are passed is a matter of time.
        return [1]
    if place.startswith(EACH_TIME):
        return range(1, times + 1)
    return sorted({*range(1, min(times, max(MORE, 1)) + 1), times})


def share_out(calm: Mapping[str, Mapping[str, int]]) -> dict[str, list[str]]:
    """Return at which places each story is killed: at all that it comes by for certain where more was asked for.

    Otherwise a place goes to the story that comes by the fewest, so that the shares are about even.
    """
    certain = {
        story: [place for place in sorted(passed) if is_certain(story, place)]
        for story, passed in calm.items()
    }
    if MORE:
        return certain
    stories = sorted(certain, key=lambda story: len(certain[story]))
    owner = {place: story for story in reversed(stories) for place in certain[story]}
    return {story: [place for place in certain[story] if owner[place] == story] for story in certain}


def is_certain(story: str, place: str) -> bool:
    """Whether the story comes by the place however fast the machine is."""
    return story == "troubles" or not place.startswith(OF_SLOW_WRITING)
