"""Who says what: labels that are names, and words before a colon that are not."""

import pytest

from workflow.agents.quotations.turns import find_lines
from workflow.contract.agent_types import SourceChunk


def said(chunk: SourceChunk, *participants: str) -> list[tuple[str, str]]:
    return [(line.speaker, chunk.text[line.start : line.end]) for line in find_lines([chunk], participants)]


@pytest.mark.parametrize(
    "label",
    ["Jack Swigert", "Hon. Michael Chong", "CAPCOM", "Dr. Ana de la Cruz", "Speaker 2", "Interviewer", "Q"],
)
def test_a_name_before_a_colon_is_a_label(label: str) -> None:
    assert said(SourceChunk("c", f"{label}: We left early.")) == [(label, "We left early.")]


@pytest.mark.parametrize(
    "text",
    [
        "Note: we left early.",
        "12:30 we left early.",
        "Remember: lock the door.",
        "What I learned: never lock the door.",
        "https://example.org is down.",
        "So I said to him: never again.",
        "::: we left",
        ": we left",
        "Wait, Bo: stop there.",
        "Berlin: we came late.",
    ],
)
def test_other_words_before_a_colon_are_speech(text: str) -> None:
    assert said(SourceChunk("c", text)) == [("", text)]


def test_what_looks_like_a_name_is_none_in_the_text_of_a_known_speaker() -> None:
    chunk = SourceChunk("c", "New York: we came late.", speaker="Ann")

    assert said(chunk) == [("Ann", "New York: we came late.")]


def test_a_known_name_is_a_label_however_it_is_written() -> None:
    chunk = SourceChunk("c", "the old man:We left early.", speakers=("The Old Man",))

    assert said(chunk) == [("The Old Man", "We left early.")]


def test_participants_of_the_node_are_known_names() -> None:
    assert said(SourceChunk("c", "mum: We left early."), "Mum") == [("Mum", "We left early.")]


def test_the_office_behind_a_name_is_left_out() -> None:
    label = "Hon. Mary Ng (Minister of Small Business, Export Promotion and International Trade (Acting))"
    chunk = SourceChunk("c", f"{label}: We left early.", speakers=(label,))

    assert said(chunk) == [("Hon. Mary Ng", "We left early.")]


def test_a_single_word_that_comes_again_is_a_label() -> None:
    chunk = SourceChunk("c", "Maria: We left early.\nIt rained.\nThere was a storm.\nMaria: We came back.")

    assert [speaker for speaker, _ in said(chunk)] == ["Maria", "Maria", "Maria", "Maria"]


def test_lines_before_the_first_label_are_nobodys() -> None:
    chunk = SourceChunk("c", "and then we left.\nAnn Lee: Where to?", speaker="Ann Lee")

    assert said(chunk) == [("", "and then we left."), ("Ann Lee", "Where to?")]


def test_two_possible_speakers_of_a_text_without_labels_are_none() -> None:
    assert said(SourceChunk("c", "We left.", speakers=("Ann", "Bo"))) == [("", "We left.")]


def test_labels_may_stand_behind_times_and_in_bold() -> None:
    chunk = SourceChunk(
        "c", "00:01:02 Ann: We left.\n**Bo:** Yes.\n[01:05] Ann (1:06): Early.", speakers=("Ann", "Bo")
    )

    assert said(chunk) == [("Ann", "We left."), ("Bo", "Yes."), ("Ann", "Early.")]
