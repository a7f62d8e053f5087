"""The JSON parser's complaints in plain words."""

import re
from json import JSONDecodeError

from .wording import quoted

_WORD = re.compile(r"[\w+.'-]{1,40}")
_WORDS_OF_OTHER_LANGUAGES = {
    "True": "true",
    "False": "false",
    "None": "null",
    "undefined": "null",
    "nil": "null",
}

_SENTENCES = {
    "Expecting ':' delimiter": "A colon is missing between a key and its value.",
    "Invalid control character at": (
        "A line break or control character stands inside a text. Write \\n for a line break."
    ),
    "Unterminated string starting at": (
        "The text that begins here is never closed: its closing quotation mark is missing."
    ),
    "Invalid \\escape": "This backslash is not needed, or not complete. Write \\\\ for a backslash.",
    "Invalid \\uXXXX escape": "After \\u four hexadecimal digits are expected, as in \\u00e9.",
}


def syntax_sentence(error: JSONDecodeError) -> tuple[str, int]:
    """Return what is wrong with the JSON and the offset of the place where it shows."""
    text, offset = error.doc, error.pos
    rest = text[offset:].lstrip()
    if not rest:
        return (
            "The file ends too early: something that was opened is not closed. Is the upload complete?",
            offset,
        )
    known = next((said for said in _SENTENCES if error.msg.startswith(said)), None)
    if known:
        return _SENTENCES[known], offset
    if error.msg.startswith("Extra data"):
        return _more_text(text, offset), offset
    if error.msg.startswith("Expecting ',' delimiter"):
        return f"A comma or a closing bracket is missing before {_beginning(rest)}.", offset
    return _unexpected(rest, error), offset


def _more_text(text: str, offset: int) -> str:
    sentence = "The storyline ends before this place, and more text follows."
    if text[offset] == "{":
        return f"{sentence} Put several nodes into one list: [ {{…}}, {{…}} ]."
    return f"{sentence} Remove what follows, or the bracket too many."


def _unexpected(rest: str, error: JSONDecodeError) -> str:
    before = error.doc[: error.pos].rstrip()[-1:]
    if rest[0] in "]}" and before == ",":
        return f"There is a comma too many before “{rest[0]}”. Remove it."
    if error.msg.startswith("Illegal trailing comma"):
        return "There is a comma too many here. Remove it."
    if rest[0] in "'‘’“”":
        return 'Keys and texts need straight double quotation marks: "…".'
    if error.msg.startswith("Expecting property name"):
        return f"A key in double quotation marks is expected here, not {_beginning(rest)}."
    return _no_value(rest)


def _no_value(rest: str) -> str:
    word = _beginning(rest).strip("“”")
    if word in _WORDS_OF_OTHER_LANGUAGES:
        return f"“{word}” is not JSON. Write {_WORDS_OF_OTHER_LANGUAGES[word]}."
    if rest[0] == "<":
        return "This looks like a web page, not JSON. Upload the file itself."
    return (
        f"{_beginning(rest)} is not JSON. Texts need double quotation marks; numbers are digits and a point."
    )


def _beginning(rest: str) -> str:
    word = _WORD.match(rest)
    return quoted(word[0] if word else rest[0])
