"""Marks that pile up on one letter are bounded, whoever wrote the text: no language loses one of its own."""

import unicodedata

import pytest
from django.contrib.auth.models import User

from books.actions import create_book, edit_book
from books.speakers import checked_names
from books.text.storable import MOST_MARKS, has_pile, without_piles
from tests.api_world import to_decide
from tests.books.factories import written_book
from tests.workflow.agents.llm.tasks import task
from workflow.actions import answer_question
from workflow.agents.drafting.drafts import check_draft
from workflow.contract.agent_types import ChapterResult

PILE = "\u0301\u0323" * 4_000


@pytest.mark.parametrize(
    "text",
    [
        "Plain words.",
        unicodedata.normalize("NFD", "Người Việt Nam đã đến đây"),
        "בְּרֵאשִׁית בָּרָא אֱלֹהִים",
        "الْعَرَبِيَّةُ",
        "ภาษาไทยที่น้ำ",
        "བོད་སྐད་ཀྱི་",
        "e" + "\u0301" * MOST_MARKS,
        unicodedata.normalize("NFD", "So weit und breit wie der Café"),
    ],
)
def test_text_of_a_language_stays_as_it_is(text: str) -> None:
    assert not has_pile(text)
    assert without_piles(text) == text


def test_pile_is_cut_to_what_a_letter_can_have_and_the_rest_stays() -> None:
    assert without_piles(f"Sa{PILE}lt e\u0301") == f"Sa{PILE[:MOST_MARKS]}lt e\u0301"


def test_neither_models_nor_persons_store_piles(person: User) -> None:
    draft = check_draft(ChapterResult(f"Sa{PILE}lt.", title=f"Sa{PILE}lt", themes=(f"i{PILE}ce",)), task())
    book = create_book(actor=person, title=f"Sa{PILE}lt")
    edit_book(book, actor=person, author=f"A{PILE}nn", description=f"O{PILE}ld.")
    names = checked_names({"SPEAKER_00": f"A{PILE}nn"})
    _, question = to_decide(written_book(person).session)
    answer_question(question, actor=person, answer=f"In {PILE} May.")

    of_model = (draft.content, draft.title, *draft.themes)
    of_person = (book.title, book.author, book.description, question.answer, *names.values())
    assert [text for text in (*of_model, *of_person) if has_pile(text)] == []
