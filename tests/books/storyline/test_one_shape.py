"""The shape of an upload: what is read, what is kept of it, what the API describes and what the help page names."""

import re
from collections.abc import Mapping
from dataclasses import fields

import pytest

from books.api.documents import STORYLINE
from books.storyline.names import BOOK, CHUNK, DOCUMENT, LINK, NODE, RELATED, Kind
from books.storyline.values.document import BookInfo, ChunkSpec, LinkSpec, NodeSpec, StorylineDocument
from tests.rooms import ROOT

# Read into values of their own: chunks, and links.
APART = {"text", "chunks", "related"}
# What is found out, and not read under a key.
FOUND = {"extra", "notices"}


@pytest.mark.parametrize(
    ("kind", "kept", "apart"),
    [
        (CHUNK, ChunkSpec, set()),
        (NODE, NodeSpec, APART),
        (LINK, LinkSpec, set()),
        (BOOK, BookInfo, set()),
        (DOCUMENT, StorylineDocument, set()),
    ],
    ids=["chunk", "node", "link", "book", "document"],
)
def test_each_key_that_is_read_is_kept_under_its_name(kind: Kind, kept: type, apart: set[str]) -> None:
    assert {each.name for each in fields(kept)} - FOUND == set(kind.keys) - apart


def described(*steps: str) -> Mapping[str, object]:
    found: object = STORYLINE["schema"]
    for step in steps:
        assert isinstance(found, Mapping)
        found = found["items"] if step == "items" else found["properties"][step]
    assert isinstance(found, Mapping)
    return found


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        (DOCUMENT, ()),
        (BOOK, ("book",)),
        (CHUNK, ("chunks", "items")),
        (NODE, ("nodes", "items")),
        (CHUNK, ("nodes", "items", "chunks", "items")),
        (RELATED, ("nodes", "items", "related", "items")),
        (LINK, ("links", "items")),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_the_api_describes_each_key_that_is_read(kind: Kind, steps: tuple[str, ...]) -> None:
    shape = described(*steps)

    properties, required = shape["properties"], shape["required"]
    assert isinstance(properties, Mapping)
    assert isinstance(required, list)
    assert set(properties) == set(kind.keys)
    assert set(required) <= set(kind.keys)


@pytest.mark.parametrize("kind", [BOOK, CHUNK, NODE, LINK], ids=lambda kind: kind.plural)
def test_the_help_page_names_each_key_that_is_read(kind: Kind) -> None:
    page = (ROOT / "templates" / "help.html").read_text(encoding="utf-8")
    table = page[page.index("Keys of the file") :]
    part = re.split(r'scope="rowgroup" rowspan="\d">', table[: table.index("</table>")])
    [rows] = [each for each in part if each.startswith(kind.plural)]

    named = {key for code in re.findall(r"<code>(.*?)</code>", rows) for key in code.split()}
    assert set(kind.keys) - named == set()
