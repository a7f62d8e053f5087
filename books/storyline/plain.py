"""What holds for every value of a storyline, known key or not: plain JSON that a database can store."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from functools import partial

from books.text.storable import MOST_MARKS, has_pile

from .faults import Findings
from .limits import Limits
from .wording import Path, described, quoted

# Whole numbers beyond this do not fit a float, and a database's JSON cannot hold all of them.
_LARGEST = 10**308

Repeats = Mapping[int, Iterable[str]]
_Container = dict[str, object] | list[object]


class NotPlain(Exception):
    """The value is not something that can be looked at further. `code` is the fault's."""

    def __init__(self, path: Path, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path
        self.code = code


def check_plain(
    root: _Container, root_path: Path, findings: Findings, limits: Limits, repeats: Repeats
) -> None:
    """Note every text and number that cannot be stored, and keys that stand twice.

    `repeats`: such keys by the `id` of their object. Raises NotPlain for a value too deep, too large or not
    JSON at all, a circle of Python objects among them.
    """
    containers: deque[tuple[_Container, Path]] = deque([(root, root_path)])
    count = 0
    while containers:
        container, path = containers.popleft()
        if len(path) - len(root_path) >= limits.depth:
            raise NotPlain(path, "too_deep", depth_sentence(limits))
        for key in repeats.get(id(container), ()):
            findings.add((*path, key), "repeated_key", partial(_repeated_sentence, key))
        count += len(container)
        if count > limits.values:
            raise NotPlain((), "too_large", f"The storyline holds more than {limits.values:,} values.")
        for step, child in _members(container, path, findings):
            if isinstance(child, dict | list):
                containers.append((child, (*path, step)))
            # Almost every value is such a text: a glance at it saves the closer look.
            elif type(child) is str and child.isascii() and "\x00" not in child:
                continue
            elif problem := _problem(child):
                _note(findings, (*path, step), problem)


def _repeated_sentence(key: str) -> str:
    return f"The key {quoted(key)} stands twice in this object. Keep one of the two."


def depth_sentence(limits: Limits) -> str:
    """Return the sentence for a value too deep inside others."""
    return f"More than {limits.depth} lists and objects stand inside one another here. Make it flatter."


def _members(container: _Container, path: Path, findings: Findings) -> Iterable[tuple[str | int, object]]:
    if isinstance(container, list):
        return enumerate(container)
    for name in container:
        if problem := _key_problem(name):
            _note(findings, path, problem)
    return container.items()


def _key_problem(name: object) -> tuple[str, str] | None:
    if not isinstance(name, str):
        return "not_json", "A key of this object is not text. Keys are texts."
    return _text_problem(name)


def _note(findings: Findings, path: Path, problem: tuple[str, str]) -> None:
    code, sentence = problem
    if code == "not_json":
        raise NotPlain(path, code, sentence)
    findings.add(path, code, sentence)


def _problem(value: object) -> tuple[str, str] | None:
    """Return code and sentence of what is wrong with a value that is no container."""
    if isinstance(value, str):
        return _text_problem(value)
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return number_problem(value)
    return "not_json", "This value is not JSON: not a text, a number, true, false, null, a list or an object."


def number_problem(value: float) -> tuple[str, str] | None:
    """Return code and sentence if a number cannot be stored."""
    if isinstance(value, int):
        return _TOO_LARGE if not -_LARGEST < value < _LARGEST else None
    if math.isfinite(value):
        return None
    return (
        _TOO_LARGE
        if math.isinf(value)
        else ("not_a_number", "NaN is not a number. Write a number, or leave it out.")
    )


_TOO_LARGE = (
    "number_too_large",
    "This number is too large, or Infinity. Write a smaller one, or leave it out.",
)


def _text_problem(text: str) -> tuple[str, str] | None:
    if "\x00" in text:
        return (
            "unstorable_text",
            f"{described(text)} holds the character \\u0000, which cannot be stored. Remove it.",
        )
    if not text.isascii() and not _encodes(text):
        return (
            "unstorable_text",
            f"{described(text)} holds half a character (\\ud800 to \\udfff). Write it whole.",
        )
    if has_pile(text):
        return (
            "unstorable_text",
            f"{described(text)} holds more than {MOST_MARKS} marks on one letter. Remove those too many.",
        )
    return None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
