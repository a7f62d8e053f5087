"""Names that the person keeps: never suggested away, and what others are suggested to become."""

import json

import pytest
from django.contrib.auth.models import User

from books.actions import upload_storyline
from books.preferences.reading import kept_names
from tests.workflow.harmonization.test_rules import chapter
from workflow.actions import start_session
from workflow.engine.phases.harmonizing import load_book
from workflow.harmonization import Finding, find_all
from workflow.harmonization.rules import name_variants


def found(*texts: str, names: list[str]) -> list[Finding]:
    chapters = [chapter(number, text) for number, text in enumerate(texts, start=1)]
    kept = kept_names({"names": names})
    by_chapter = find_all(chapters, enabled={name_variants.RULE.key}, kept_names=kept)
    return [finding for number in sorted(by_chapter) for finding in by_chapter[number]]


OFTEN = "We saw Ottilie there. And Ottilie came. Then Ottilie went. But Ottilie stayed. Later Ottilie sang."


def changes(*texts: str, names: list[str]) -> list[tuple[str, str | None]]:
    return [(finding.find, finding.replace) for finding in found(*texts, names=names)]


def test_kept_spelling_is_not_suggested_away() -> None:
    rare = "There stood Otilie by the door."

    assert changes(OFTEN, rare, names=[]) == [("Otilie", "Ottilie")]
    assert ("Otilie", "Ottilie") not in changes(OFTEN, rare, names=["Otilie"])


def test_kept_spelling_is_canon_however_rare() -> None:
    assert set(changes(OFTEN, names=["Otilie"])) == {("Ottilie", "Otilie")}


def test_kept_spelling_that_never_stands_in_the_text_is_canon_too() -> None:
    finding = found("There stood Otilie by the door.", names=["Ottilie"])[0]

    assert (finding.find, finding.replace) == ("Otilie", "Ottilie")
    assert finding.reason == "You keep the spelling “Ottilie”; here it is otherwise."
    assert finding.evidence["kept"] is True
    assert not finding.automatic


def test_spelling_that_is_called_wrong_is_corrected_however_different() -> None:
    assert changes("There stood Peggy by the door.", names=["Margaret, not Peggy"]) == [("Peggy", "Margaret")]


def test_wrong_word_in_a_full_name_is_corrected() -> None:
    text = "There stood Peggy Varnholt by the door."

    finding = found(text, names=["Margaret, not Peggy"])[0]

    assert (finding.find, finding.replace) == ("Peggy Varnholt", "Margaret Varnholt")
    assert finding.reason.startswith("You keep the spelling “Margaret Varnholt”")


def test_kept_first_name_counts_within_full_names() -> None:
    text = "There stood Otilie Varnholt, and behind her Ottilie Sool."

    assert changes(text, names=["Ottilie"]) == [("Otilie Varnholt", "Ottilie Varnholt")]


def test_words_of_a_kept_full_name_are_kept() -> None:
    text = "There stood Varnholt. And there stood Varnhold."

    assert changes(text, names=["Ottilie Varnholt"]) == [("Varnhold", "Varnholt")]


@pytest.mark.parametrize("name", ["Maria", "Iceland", "Ann"])
def test_other_names_are_left_alone(name: str) -> None:
    assert changes("There stood Marie in Ireland by Anna.", names=[name]) == []


def test_engine_hands_the_names_to_the_rules(person: User) -> None:
    data = {
        "book": {"title": "Salt", "preferences": {"names": {"Otilie": "Ottilie"}}},
        "nodes": [{"id": "n1", "summary": "Salt."}],
    }
    session, _ = start_session(upload_storyline(json.dumps(data), actor=person), actor=person)

    assert [(name.right, name.wrong) for name in load_book(session).kept_names] == [("Ottilie", ("Otilie",))]
