"""The person's preferences, as sentences for the prompt. Bounded: an upload may bring them, too."""

from collections.abc import Mapping, Sequence

from workflow.agents.types import JSON, ChapterTask

from .fences import one_line

DEFAULT_WORDS = 900
FEWEST_WORDS, MOST_WORDS = 150, 5000
LONGEST_WISH = 400
MOST_NAMES = 40

# The keys of preferences, in the order in which the prompt has them.
_WISHES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("language",), "Language of the chapter"),
    (("audience",), "Readers"),
    (("person",), "Narrative person"),
    (("tense",), "Tense"),
    (("tone",), "Tone"),
    (("style_notes", "notes"), "Notes on style"),
    (("names",), "Names and spellings to keep"),
    (("leave_out",), "Leave out"),
)


def wanted_words(preferences: JSON) -> int:
    """Return `words_per_chapter` within 150 to 5,000; 900 where it is not a number."""
    value = preferences.get("words_per_chapter")
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return DEFAULT_WORDS
    return int(min(max(value, FEWEST_WORDS), MOST_WORDS))


def wishes(task: ChapterTask) -> list[str]:
    """Return one line for each wish that the person has; the book's language is the chapter's unless they say so."""
    known = {"language": task.book.get("language"), **task.preferences}
    lines = []
    for keys, label in _WISHES:
        said = "; ".join(text for key in keys if (text := _said(known.get(key))))
        if said:
            lines.append(f"- {label}: {said[:LONGEST_WISH]}")
    return lines


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{_said(name)}: {_said(text)}" for name, text in list(value.items())[:MOST_NAMES])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(filter(None, map(_said, value[:MOST_NAMES])))
    return one_line(str(value)[: 2 * LONGEST_WISH]) if isinstance(value, str | int | float) else ""
