"""Statuses stand in `contract.states`; whatever names them elsewhere names each of them."""

import re
from pathlib import Path

import pytest

from books.reading import document
from tests.rooms import ROOT
from workflow.contract.states import COUNTED, ItemStatus, SessionStatus
from workflow.models import ProcessingSession
from workflow.pages.board.cards import DisplayStatus
from workflow.pages.home.inbox import status_word


def read(path: str) -> str:
    return Path(ROOT, path).read_text(encoding="utf-8")


def test_a_chapter_is_shown_with_its_status_or_with_why_it_is_pending() -> None:
    assert set(DisplayStatus) == {*ItemStatus.values, "retry", "blocked"}
    assert {each.label for each in ItemStatus} <= {each.word for each in DisplayStatus}


@pytest.mark.parametrize("status", DisplayStatus)
def test_each_status_has_its_colour_mark_filter_icon_and_explanation(status: DisplayStatus) -> None:
    style, name = read("static/app.css"), status.value

    assert f'[data-status="{name}"] {{ --tone:' in style
    assert re.search(rf'& \[data-status="{name}"\]::before', style)
    assert f'&[data-show="{name}"] :is(.chapter, .row):not([data-status="{name}"])' in style
    assert f'id="i-{name.replace("_", "-")}"' in read("static/icons.svg")
    assert f'look="{name}" word="{status.word}"' in read("templates/help.html")


@pytest.mark.parametrize("status", SessionStatus)
def test_each_status_of_a_session_has_a_word_where_there_is_room_for_one(status: SessionStatus) -> None:
    _, word = status_word(ProcessingSession(status=status))

    assert word


def test_counters_are_columns_of_the_session() -> None:
    assert set(COUNTED) <= {field.name for field in ProcessingSession._meta.concrete_fields}


def test_the_content_calls_a_chapter_without_an_item_pending() -> None:
    assert document.UNSTARTED == ItemStatus.PENDING
