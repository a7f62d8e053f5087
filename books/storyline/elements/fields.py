"""Reading one object of a storyline key by key: each fault is noted with its place, and reads as missing."""

import re
from collections.abc import Iterator, Mapping
from unicodedata import normalize

from books.storyline.faults import Findings
from books.storyline.limits import ID_CHARACTERS, Limits
from books.storyline.names import NAMED_AS_THEY_ARE, Kind
from books.storyline.plain import number_problem
from books.storyline.wording import Path, described, one_line, quoted

# Ids are cited as [id] in Markdown, so what ends or escapes a citation cannot be part of one.
_NOT_IN_IDS = re.compile(r"[\[\]\\\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHORT_CHARACTERS = 300
_INTEGER_64 = 2**63
_SCORE_ADVICE = "Write a value from 0 to 1, or leave it out."
_NUMBER_ADVICE = "Write a number, or leave it out."


class Fields:
    """The keys of one object at `path`, under whatever names. `rest` is what nobody asked for.

    `inner` names for keys that stand in an object inside this one that object.
    """

    def __init__(
        self,
        value: Mapping[str, object],
        path: Path,
        findings: Findings,
        limits: Limits,
        kind: Kind = NAMED_AS_THEY_ARE,
        inner: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self.findings = findings
        self.limits = limits
        self.kind = kind
        self._value = value
        self._inner = inner or {}
        self._names = kind.names_in(value)
        self._read: set[str] = set()

    def name(self, key: str) -> str:
        """Return the name under which `key` stands here."""
        return self._names.get(key, key)

    def value(self, key: str) -> object:
        """Return any JSON value; None where missing."""
        name = self._names.get(key, key)
        self._read.add(name)
        return self._value.get(name)

    def peek(self, key: str) -> object:
        """Return a value without having read it."""
        return self._value.get(self._names.get(key, key))

    def place(self, key: str) -> Path:
        """Return where `key` stands in the upload."""
        name = self._names.get(key, key)
        inside = self._inner.get(name)
        return (*self.path, name) if inside is None else (*self.path, inside, name)

    def note(self, key: str, code: str, sentence: str) -> None:
        """Note a fault of this object's `key`."""
        self.findings.add(self.place(key), code, sentence)

    def rest(self) -> dict[str, object]:
        """Return the keys that were not read, with their values."""
        return {key: value for key, value in self._value.items() if key not in self._read}

    def renamed(self) -> Iterator[tuple[str, str]]:
        """Yield the keys that were read under another name, each with that."""
        for name, key in self._names.items():
            if key in self._read:
                yield key, name

    def take_as(self, name: str, key: str) -> None:
        """Let `key` be what is read as `name`."""
        self._names[name] = key

    def line(self, key: str, most: int = _SHORT_CHARACTERS) -> str:
        """Return a short text on one line; "" where missing."""
        text = self.text(key, most)
        return one_line(text) if text else ""

    def text(self, key: str, most: int | None = None) -> str:
        """Return a text as it is; "" where missing. `most`: characters, else as many as the limits allow."""
        value = self.value(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            sentence = f"{described(value)} is not text. Write it in double quotation marks, or leave it out."
            self.note(key, "not_text", sentence)
            return ""
        most = most or self.limits.characters
        if len(value) > most:
            self.note(key, "too_long", _too_long(value, most))
        return value[:most]

    def identifier(self, key: str, owner: str) -> str | None:
        """Return a required id. A malformed one is noted and returned: what names it has no other fault."""
        return read_id(self.value(key), self.place(key), owner, self.findings)

    def score(self, key: str, highest: float | None) -> float | None:
        """Return a number from 0, to `highest` where given."""
        number = self.number(key, _SCORE_ADVICE)
        if number is None:
            return None
        if number < 0:
            self.note(key, "out_of_range", f"{described(self.value(key))} is below 0. {_SCORE_ADVICE}")
        elif highest is not None and number > highest:
            self.note(
                key, "out_of_range", f"{described(self.value(key))} is above {highest:g}. {_SCORE_ADVICE}"
            )
        return number

    def number(self, key: str, advice: str = _NUMBER_ADVICE) -> float | None:
        """Return any finite number."""
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.note(key, "not_a_number", _not_a_number(value, advice))
            return None
        # A number that cannot be stored was noted where every value is looked at.
        return None if number_problem(value) else float(value)

    def seconds(self, key: str) -> float | None:
        """Return a time in seconds from 0."""
        number = self.number(key, "Write seconds as a number, or leave it out.")
        if number is not None and number < 0:
            self.note(key, "out_of_range", f"{described(self.value(key))} is below 0. Write seconds from 0.")
        return number

    def whole(self, key: str) -> int | None:
        """Return a whole number of at most 64 bits."""
        number = self.number(key, "Write a whole number, or leave it out.")
        if number is None:
            return None
        if not number.is_integer() or not -_INTEGER_64 < number < _INTEGER_64:
            sentence = f"{described(self.value(key))} is not a whole number that can be counted with."
            self.note(key, "not_whole", f"{sentence} Write a smaller whole number, or leave it out.")
            return None
        exact = self.value(key)
        return exact if isinstance(exact, int) else int(number)

    def items(self, key: str) -> list[object]:
        """Return a list; empty where missing."""
        value = self.value(key)
        if value is None:
            return []
        if not isinstance(value, list):
            sentence = f"{described(value)} is not a list. Write it in square brackets, or leave it out."
            self.note(key, "not_a_list", sentence)
            return []
        return value

    def lines(self, key: str) -> tuple[str, ...]:
        """Return a list of short texts, without empty ones."""
        texts = []
        for index, item in enumerate(self.items(key)):
            path = (*self.place(key), index)
            if not isinstance(item, str):
                sentence = f"{described(item)} is not text. Write it in double quotation marks, or remove it."
                self.findings.add(path, "not_text", sentence)
            elif len(item) > _SHORT_CHARACTERS:
                self.findings.add(path, "too_long", _too_long(item, _SHORT_CHARACTERS))
            else:
                texts.append(one_line(item))
        return tuple(filter(None, texts))

    def mapping(self, key: str) -> Mapping[str, object]:
        """Return an object; empty where missing."""
        value = self.value(key)
        return {} if value is None else as_object(value, self.place(key), self.findings) or {}


def as_object(value: object, path: Path, findings: Findings) -> dict[str, object] | None:
    """Return the value if it is an object, else note it."""
    if isinstance(value, dict):
        return value
    sentence = f"{described(value)} is not an object. Write it in curly brackets, with keys and values."
    findings.add(path, "not_an_object", sentence)
    return None


def read_id(value: object, path: Path, owner: str, findings: Findings) -> str | None:
    """Return an id as text; a whole number is one too. `owner` is named where it is missing."""
    if isinstance(value, dict):
        # Neo4j and D3 put the whole node where others put its id.
        value = value.get("id", value)
    if value is None:
        findings.add(path, "no_id", f"The id of {owner} is missing. Write one.")
        return None
    # Beyond 64 bits writing out a number may be refused by Python, and is no id that somebody chose.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _INTEGER_64:
        return str(value)
    if not isinstance(value, str):
        findings.add(path, "bad_id", f"{described(value)} is not an id. An id is a text or a whole number.")
        return None
    identifier = value.strip(" ")
    if not identifier.isascii() and len(identifier) <= ID_CHARACTERS:
        # Two programs may write one letter in two ways; as ids they are the same.
        identifier = normalize("NFC", identifier)
    if not identifier.strip():
        findings.add(path, "no_id", f"The id of {owner} is empty. Write one.")
        return None
    _check_id(identifier, path, findings)
    return identifier


def _check_id(identifier: str, path: Path, findings: Findings) -> None:
    if len(identifier) > ID_CHARACTERS:
        findings.add(
            path, "bad_id", f"This id has {len(identifier):,} characters. At most {ID_CHARACTERS} fit."
        )
    if identifier.isalnum():
        return
    if match := _NOT_IN_IDS.search(identifier):
        held = f"“{match[0]}”" if match[0] in "[]\\" else "a line break or control character"
        advice = "Ids are cited in square brackets: leave out [ ] \\ and control characters."
        findings.add(path, "bad_id", f"The id {quoted(identifier)} holds {held}. {advice}")


def _not_a_number(value: object, advice: str) -> str:
    if isinstance(value, str) and _reads_as_number(value):
        return f"{described(value)} is text, not a number. Write it without quotation marks, or leave it out."
    return f"{described(value)} is not a number. {advice}"


def _reads_as_number(text: str) -> bool:
    return re.fullmatch(r"\s*[+-]?\d{1,30}(\.\d{1,30})?\s*", text) is not None


def _too_long(text: str, most: int) -> str:
    return f"This text has {len(text):,} characters. At most {most:,} fit here: shorten it."
