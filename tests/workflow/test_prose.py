"""Sentences of running text end alike in the languages that the harmonizer and the metrics read."""

import pytest

from workflow.harmonization.prose import sentence_spans


@pytest.mark.parametrize(
    "text",
    [
        "We left. They stayed.",
        "¡Nos fuimos! ¿Qué quedó?",
        "Мы ушли. Они остались.",
        "Φύγαμε. Εκείνοι έμειναν.",
        "Odeszliśmy. Ślad został.",
        "הלכנו. הם נשארו.",
        "Il partit. «Adieu», dit-il.",
        "Wir gingen. „Bleib“, sagte sie.",
    ],
)
def test_sentences_end_in_every_alphabet(text: str) -> None:
    assert len(list(sentence_spans(text))) == 2


def test_abbreviations_do_not_end_one() -> None:
    assert len(list(sentence_spans("Dr. Müller kam."))) == 1
