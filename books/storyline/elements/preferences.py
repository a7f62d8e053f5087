"""Checks preferences, from whichever door they come, and brings them into one form: every fault at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from books.preferences.catalogue import (
    BY_KEY,
    DEPTH,
    FEWEST_WORDS,
    MOST_WORDS,
    NAME_CHARACTERS,
    OLD_KEYS,
    PREFERENCES,
    TERM_CHARACTERS,
    UNKNOWN_CHARACTERS,
    UNKNOWN_KEYS,
    Kind,
    Preference,
)
from books.storyline.faults import Fault, Findings, TooManyFaults
from books.storyline.limits import DEFAULT_LIMITS, Limits
from books.storyline.plain import NotPlain, check_plain
from books.storyline.wording import Path, described, one_line, quoted
from chapterflow_site.core.exceptions import Invalid

from .fields import Fields, as_object

_PLAIN = Limits(depth=DEPTH)
_EMPTY: tuple[object, ...] = (None, "", [])


class PreferenceFaults(Invalid):
    """The preferences cannot be used; `faults` says where and why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__("invalid_preferences", f"{first.place}: {first.message}")
        self.faults = list(faults)


def checked_preferences(value: object, path: Path = ("preferences",)) -> dict[str, object]:
    """Return the preferences in one form. Raises PreferenceFaults with every fault; `path` begins their places."""
    findings = Findings()
    with suppress(TooManyFaults):
        read = read_preferences(as_object(value, path, findings) or {}, path, findings)
    if findings:
        raise PreferenceFaults(findings.faults())
    return read


def read_preferences(value: Mapping[str, object], path: Path, findings: Findings) -> dict[str, object]:
    """Return the preferences in one form, noting every fault; keys that are not known are kept.

    An empty value says nothing and is dropped. A null stays: it says “nothing”, whatever a default says.
    """
    _check_plain(value, path, findings)
    fields = Fields(value, path, findings, DEFAULT_LIMITS)
    read = {preference.key: _READERS[preference.kind](fields, preference) for preference in PREFERENCES}
    for old, new in OLD_KEYS.items():
        read[new] = _joined(read[new], _text(fields, BY_KEY[new], old))
    said = {key: each for key, each in read.items() if each not in _EMPTY}
    silent = {key: None for key in BY_KEY if key in value and value[key] is None}
    rest = fields.rest()
    _check_unknown(rest, path, findings)
    return {**rest, **silent, **said}


def _check_plain(value: Mapping[str, object], path: Path, findings: Findings) -> None:
    try:
        check_plain(dict(value), path, findings, _PLAIN, {})
    except NotPlain as error:
        findings.add(error.path, error.code, str(error))


def _check_unknown(rest: Mapping[str, object], path: Path, findings: Findings) -> None:
    if len(rest) > UNKNOWN_KEYS:
        sentence = f"There are {len(rest):,} keys that are not known. At most {UNKNOWN_KEYS} are kept."
        findings.add(path, "too_many", sentence)
    elif (size := _size(rest)) > UNKNOWN_CHARACTERS:
        sentence = (
            f"Keys that are not known hold {size:,} characters. At most {UNKNOWN_CHARACTERS:,} are kept."
        )
        findings.add(path, "too_long", sentence)


def _size(value: object) -> int:
    """Return about how many characters a value holds; whatever is no text counts as 8."""
    waiting, size = [value], 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
        size += len(each) if isinstance(each, str) else 8
    return size


def _line(fields: Fields, preference: Preference) -> object:
    return fields.line(preference.key, preference.most)


def _text(fields: Fields, preference: Preference, key: str = "") -> object:
    return fields.text(key or preference.key, preference.most).strip()


def _joined(one: object, other: object) -> str:
    return "\n".join(str(each) for each in (one, other) if each)


def _choice(fields: Fields, preference: Preference) -> object:
    text = fields.line(preference.key)
    word = text.casefold().replace("_", " ").removesuffix(" person").removesuffix(" tense")
    if not word or word in preference.choices:
        return word
    known = [f"“{choice}”" for choice in preference.choices]
    advice = f"Write {', '.join(known[:-1])} or {known[-1]}, or leave it out."
    fields.note(preference.key, "unknown_choice", f"{quoted(text)} is not one of the choices. {advice}")
    return None


def _words(fields: Fields, preference: Preference) -> object:
    number = fields.whole(preference.key)
    if number is None or FEWEST_WORDS <= number <= MOST_WORDS:
        return number
    side = f"below {FEWEST_WORDS}" if number < FEWEST_WORDS else f"above {MOST_WORDS:,}"
    advice = f"Write a whole number from {FEWEST_WORDS} to {MOST_WORDS:,}, or leave it out."
    fields.note(preference.key, "out_of_range", f"{described(number)} is {side}. {advice}")
    return None


def _names(fields: Fields, preference: Preference) -> object:
    """Return lines like “Ottilie, not Otilie”, from such lines or from objects of wrong and right spellings."""
    value = fields.value(preference.key)
    path = (*fields.path, preference.key)
    lines = list(_entries(value, path, fields.findings, _spellings))
    return _bounded(lines, fields, preference, NAME_CHARACTERS)


def _terms(fields: Fields, preference: Preference) -> object:
    value = fields.value(preference.key)
    path = (*fields.path, preference.key)
    lines = list(_entries(value, path, fields.findings, _refuse))
    return _bounded(lines, fields, preference, TERM_CHARACTERS)


Entry = tuple[Path, str]
OfObject = Callable[[Mapping[str, object], Path, Findings], Iterable[Entry]]


def _entries(value: object, path: Path, findings: Findings, of_object: OfObject) -> Iterator[Entry]:
    """Yield the lines of a text, or of a list of texts; `of_object` yields those of an object."""
    if value is None:
        return
    if isinstance(value, Mapping):
        yield from of_object(value, path, findings)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, list) or item is None:
                _refuse(item, (*path, index), findings)
            else:
                yield from _entries(item, (*path, index), findings, of_object)
    elif isinstance(value, str):
        yield from ((path, line) for line in value.splitlines())
    else:
        _refuse(value, path, findings)


def _spellings(value: Mapping[str, object], path: Path, findings: Findings) -> Iterator[Entry]:
    for wrong, right in value.items():
        if isinstance(right, str) and right.strip():
            yield (*path, wrong), f"{right}, not {wrong}" if wrong.strip() else right
        else:
            sentence = f"{described(right)} is not a spelling. Write the one to keep behind the wrong one."
            findings.add((*path, wrong), "not_text", sentence)


def _refuse(value: object, path: Path, findings: Findings) -> Iterable[Entry]:
    sentence = f"{described(value)} is not text. Write texts in a list, or one a line, or leave it out."
    findings.add(path, "not_text", sentence)
    return ()


def _bounded(entries: Sequence[Entry], fields: Fields, preference: Preference, most: int) -> list[str]:
    lines: dict[str, None] = {}
    for path, text in entries:
        line = one_line(text)
        if len(line) > most:
            sentence = f"This entry has {len(line):,} characters. At most {most} fit: shorten it."
            fields.findings.add(path, "too_long", sentence)
        elif line:
            lines[line] = None
    if len(lines) > preference.most:
        sentence = f"There are {len(lines):,} entries. At most {preference.most} fit."
        fields.note(preference.key, "too_many", sentence)
    return list(lines)


_READERS: Mapping[Kind, Callable[[Fields, Preference], object]] = {
    Kind.LINE: _line,
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.WHOLE: _words,
    Kind.NAMES: _names,
    Kind.TERMS: _terms,
}
