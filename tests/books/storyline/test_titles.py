"""A chapter's number stands before its title once, whatever the upload put there."""

import json

import pytest

from books.storyline import read_storyline
from books.storyline.values.titles import plain_title


def titles(*given: str) -> list[str]:
    nodes = [{"id": f"n{number}", "title": title} for number, title in enumerate(given)]
    return [node.title for node in read_storyline(json.dumps(nodes)).nodes]


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Chapter 1: Storm", "Storm"),
        ("CHAPTER IV. The mill", "The mill"),
        ("Chapter Two – The mill", "The mill"),
        ("Ch. 3: 1931", "1931"),
        ("Kapitel 2: Sturm", "Sturm"),
        ("Capítulo 10 — La casa", "La casa"),
        ("Глава 3. Буря", "Буря"),
        ("第一章 风暴", "风暴"),
        ("Chapter 1", "Chapter 1"),
        ("Chapter 11 bankruptcy", "Chapter 11 bankruptcy"),
        ("Chapter 1.2", "Chapter 1.2"),
        ("Chapter houses", "Chapter houses"),
        ("Storm 2", "Storm 2"),
    ],
)
def test_a_title_loses_the_number_that_its_page_shows(title: str, plain: str) -> None:
    assert plain_title(title) == plain
    assert titles(title) == [plain]


def test_bare_numbers_go_where_every_title_has_its_own() -> None:
    assert titles("1. Storm", "2. The mill") == ["Storm", "The mill"]
    assert titles("1. Storm", "The mill") == ["1. Storm", "The mill"]
    assert titles("12. August", "12. September") == ["12. August", "12. September"]
    assert titles("1. Storm") == ["1. Storm"]
