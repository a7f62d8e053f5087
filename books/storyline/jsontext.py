"""From an upload's bytes to a JSON value: encoding, size and syntax, each refused with a sentence; no meaning yet."""

import json
import math
import re
from dataclasses import dataclass, field
from functools import cache
from json import JSONDecodeError, JSONDecoder
from json.decoder import scanstring
from typing import NoReturn

from .limits import Limits
from .syntax import syntax_sentence
from .wording import described

# The most digits of a whole number that a float can still hold.
_DIGITS = 308

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_ARCHIVES = ((b"PK\x03\x04", "a ZIP archive or an office document"), (b"\x1f\x8b", "a gzip archive"))
_OPENING = re.compile(r'["\[\]{}]')


class TextFault(Exception):  # noqa: N818 - a fault of the upload, not an error of the program
    """The text cannot be read as JSON at all. `offset` is None where no place in the text can be named."""

    def __init__(self, code: str, sentence: str, offset: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.offset = offset


@dataclass
class JsonText:
    """A parsed text: its value, and for each object in it (kept alive here) the keys that stand in it twice."""

    text: str
    value: object = None
    repeats: list[tuple[dict[str, object], list[str]]] = field(default_factory=list)


def parse_json(data: bytes | str, limits: Limits) -> JsonText:
    """Return the value of a JSON text. Raises TextFault.

    NaN, Infinity and numbers too large for a float come out as floats that are not finite.
    """
    parsed = JsonText(decoded(data, limits))
    _check_size(parsed.text, limits)

    def pairs(members: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(members)
        if len(value) != len(members):
            parsed.repeats.append((value, _repeated(members)))
        return value

    try:
        parsed.value = json.loads(parsed.text, parse_int=_whole, parse_constant=float, object_pairs_hook=pairs)
    except JSONDecodeError as error:
        sentence, offset = syntax_sentence(error)
        raise TextFault("not_json", sentence, offset) from None
    except RecursionError:
        _refuse_depth(parsed.text, limits)
    return parsed


def decoded(data: bytes | str, limits: Limits) -> str:
    """Return the upload's text without a byte order mark. Raises TextFault."""
    if len(data) > limits.bytes:
        raise TextFault("too_large", _too_many_bytes(limits))
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            raise TextFault("not_utf8", f"The file is {name}. Save it as UTF-8 and upload it again.")
    for mark, name in _ARCHIVES:
        if data.startswith(mark):
            raise TextFault("not_json", f"The file is {name}. Upload the JSON file that is in it.")
    return _utf8(data)


@cache
def lenient_decoder() -> JSONDecoder:
    """Return a decoder that accepts everything that `parse_json` accepts."""
    return JSONDecoder(parse_int=_whole, parse_constant=float)


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\x00" in data[:4]:
            _refuse_utf16()
        line = data.count(b"\n", 0, error.start) + 1
        sentence = f"The file is not UTF-8: line {line} holds the byte 0x{data[error.start]:02X}."
        offset = len(data[: error.start].decode("utf-8-sig"))
        raise TextFault("not_utf8", f"{sentence} Save it as UTF-8 and upload it again.", offset) from None


def _refuse_utf16() -> NoReturn:
    raise TextFault("not_utf8", "The file looks like UTF-16. Save it as UTF-8 and upload it again.")


def _check_size(text: str, limits: Limits) -> None:
    if not text.strip():
        raise TextFault("empty", "The file is empty. Upload a storyline with at least one node.")
    if "\x00" in text[:4]:
        _refuse_utf16()
    if sum(text.count(mark) for mark in "[{,") > limits.values:
        raise TextFault("too_large", f"The file holds more than {limits.values:,} values. Upload a smaller one.")


def _too_many_bytes(limits: Limits) -> str:
    return f"The file is larger than {limits.bytes / 1_000_000:g} MB. Split the storyline into several books."


def _repeated(members: list[tuple[str, object]]) -> list[str]:
    seen: set[str] = set()
    return [key for key, _ in members if key in seen or seen.add(key)]


def _whole(digits: str) -> int | float:
    # Python refuses to read integers of more than 4,300 digits, and PostgreSQL and JavaScript lose them.
    return int(digits) if len(digits) <= _DIGITS else math.inf


def _refuse_depth(text: str, limits: Limits) -> NoReturn:
    """Name the place where lists and objects first stand too deep inside one another."""
    depth, offset = 0, 0
    while depth <= limits.depth and (match := _OPENING.search(text, offset)):
        offset = match.end()
        if match[0] == '"':
            offset = scanstring(text, offset, True)[1]
        else:
            depth += 1 if match[0] in "[{" else -1
    raise TextFault("too_deep", depth_sentence(limits), max(offset - 1, 0))


def depth_sentence(limits: Limits) -> str:
    """Return the sentence for a value too deep inside others."""
    return f"More than {limits.depth} lists and objects stand inside one another here. Make it flatter."


def not_json_sentence(value: object) -> str:
    """Return the sentence for a value that is neither an object nor a list where a storyline should be."""
    return f"{described(value)} is not a storyline. A storyline is an object with “nodes”, or a list of nodes."
