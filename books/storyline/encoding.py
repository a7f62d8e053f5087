"""From an upload's bytes to its text, and the faults of an upload that cannot be read at all."""

import re
from typing import NoReturn

from .kinds import kind_of_bytes
from .limits import Limits

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_FILLED = re.compile(r"\S")


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
    text = data.removeprefix("\ufeff") if isinstance(data, str) else _decoded_bytes(data)
    # Neither `strip` nor `split`: of a large text they would make a second one.
    if not _FILLED.search(text):
        raise TextFault("empty", "The file is empty. Upload a storyline with at least one node.")
    if "\x00" in text[:4]:
        _refuse_utf16()
    return with_line_feeds(text)


def with_line_feeds(text: str) -> str:
    """Return the text with line feeds where old programs ended every line with a carriage return."""
    return text.replace("\r", "\n") if "\r" in text and "\n" not in text else text


def _decoded_bytes(data: bytes) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            raise TextFault("not_utf8", f"The file is {name}. Save it as UTF-8 and upload it again.")
    if sentence := kind_of_bytes(data):
        raise TextFault("not_a_storyline", sentence)
    return _utf8(data.removeprefix(b"\xef\xbb\xbf"))


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
