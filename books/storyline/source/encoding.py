"""From an upload's bytes to its text, and the faults of an upload that cannot be read at all."""

import re
from typing import NoReturn

from books.storyline.limits import Limits

from .kinds import kind_of_bytes

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_FILLED = re.compile(r"\S")
# The most bytes for a character: both halves of one that is written as \ud83d\ude00.
_BYTES_PER_CHARACTER = 12
_QUOTED = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# Every text and key opens with a quotation mark before which no backslash stands.
_OPENING = re.compile(rb'(?<!\\)"')
_JSON = re.compile(rb"\s*[\[{]")
_CONTINUATION = bytes(range(0x80, 0xC0))


class TextFault(Exception):
    """The upload cannot be read. Without a `text` no place in it can be named."""

    def __init__(self, code: str, sentence: str, text: str | None = None, offset: int = 0) -> None:
        super().__init__(sentence)
        self.code = code
        self.text = text
        self.offset = offset


def decoded(data: bytes | str, limits: Limits) -> str:
    """Return the upload's text without a byte order mark, neither empty nor too large. Raises TextFault."""
    if len(data) > limits.bytes:
        size = f"{limits.bytes / 1_000_000:g} MB"
        raise TextFault(
            "too_large", f"The file is larger than {size}. Split the storyline into several books."
        )
    text = data.removeprefix("\ufeff") if isinstance(data, str) else _decoded_bytes(data, limits)
    # Neither `strip` nor `split`: of a large text they would make a second one.
    if not _FILLED.search(text):
        raise TextFault("empty", "The file is empty. Upload a storyline with at least one node.")
    if "\x00" in text[:4]:
        _refuse_utf16()
    return with_line_feeds(text)


def with_line_feeds(text: str) -> str:
    """Return the text with line feeds where old programs ended every line with a carriage return."""
    return text.replace("\r", "\n") if "\r" in text and "\n" not in text else text


def _decoded_bytes(data: bytes, limits: Limits) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            raise TextFault("not_utf8", f"The file is {name}. Save it as UTF-8 and upload it again.")
    if sentence := kind_of_bytes(data):
        raise TextFault("not_a_storyline", sentence)
    data = data.removeprefix(b"\xef\xbb\xbf")
    _check_texts(data, limits)
    return _utf8(data)


def _check_texts(data: bytes, limits: Limits) -> None:
    """Refuse JSON with a text far too long, which would be in memory several times before it is looked at."""
    most = _BYTES_PER_CHARACTER * limits.characters
    step = most // 2
    # Such a text covers at least one whole step; few files have a step without a text that opens in it.
    if not _JSON.match(data) or all(
        _OPENING.search(data, start, start + step) for start in range(0, len(data) - step, step)
    ):
        return
    for text in _QUOTED.finditer(data):
        if text.end() - text.start() - 2 > most:
            count = len(text[0].translate(None, _CONTINUATION)) - 2
            before = data[: text.start()].decode(errors="replace")
            sentence = f"This text has {count:,} characters. At most {limits.characters:,} fit into one"
            raise TextFault("too_long", f"{sentence}: make several of it.", before, len(before))


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if b"\x00" in data[:4]:
            _refuse_utf16()
        before = data[: error.start].decode()
        sentence = f"The file is not UTF-8: the byte 0x{data[error.start]:02X} stands here."
        advice = "Save it as UTF-8 and upload it again."
        raise TextFault("not_utf8", f"{sentence} {advice}", before, len(before)) from None


def _refuse_utf16() -> NoReturn:
    raise TextFault("not_utf8", "The file looks like UTF-16. Save it as UTF-8 and upload it again.")
