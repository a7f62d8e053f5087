"""What counts as the source's own words, and what does not."""

import unicodedata

import pytest

from books.text.citations import find_passages
from books.text.verbatim import WIDEST_GAP, may_follow

SAID = (
    "I was born in Hull in 1931. I did not leave my brother there — he was café-mad, and we “stayed on”. "
    "My father was a tailor. He never spoke of the war. We left the town in 1949."
)


def quotes(markdown: str, said: str = SAID) -> list[str]:
    return [passage.quote for passage in find_passages(f"{markdown} [c1]", {"c1": said}) if passage.quote]


@pytest.mark.parametrize(
    "markdown",
    [
        "I did … leave my brother there.",
        "She said “I did … leave my brother”.",
        "“I did [...] leave my brother there”",
        "“... leave my brother there”",
        "We left the town in 1949. … I was born in Hull in 1931.",
        "“my father was a tailor … I was born in Hull”",
        "“I … born … Hull”",
        "The place was “Hull”.",
        "“orn in Hull in 19”",
        "“I was born in Leeds in 1931”",
    ],
)
def test_words_out_of_order_in_scraps_or_over_a_negation_are_not_verbatim(markdown: str) -> None:
    assert quotes(markdown) == []


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("Ich habe meinen Bruder nicht verlassen.", "Ich habe meinen Bruder … verlassen."),
        ("Ich verließ meinen Bruder nicht.", "Ich verließ meinen Bruder …"),
        ("Je n'ai pas quitté mon frère.", "Je … quitté mon frère."),
        ("Yo nunca dejé a mi hermano allí.", "Yo … dejé a mi hermano allí."),
        ("I didn’t ever leave my brother.", "I … ever leave my brother."),
        ("Я никогда не бросал моего брата.", "Я … бросал моего брата."),
        ("我从来没有离开过我的弟弟。", "我从来 … 离开过我的弟弟。"),
        ("私は弟を置いて行かなかったと言った。", "私は弟を … と言った。"),
    ],
)
def test_no_language_lets_an_ellipsis_swallow_its_not(said: str, quote: str) -> None:
    assert quotes(quote, said) == []


def test_whole_sentences_may_be_left_out_whatever_they_say() -> None:
    found = quotes("My father was a tailor. … We left the town in 1949.")

    assert found == ["My father was a tailor.", "We left the town in 1949."]


@pytest.mark.parametrize(
    "markdown",
    [
        "She said “we 'stayed on'”.",
        "Sie sagte „we ‚stayed on‘“.",
        "Elle dit « we ‹stayed on› ».",
        "Hun sa »we “stayed on”«.",
        "She said \"we 'stayed on'\".",
        "She said ‘we “stayed on”’.",
        "「we 『stayed on』」",
        "“we\u00a0‘stay\u00aded\u202fon’,” she said.",
    ],
)
def test_honest_quotations_in_every_family_of_marks_count(markdown: str) -> None:
    assert quotes(markdown) == ["we “stayed on”"]


def test_dashes_spaces_and_composed_letters_make_no_difference() -> None:
    honest = "“I did not leave my brother there -- he was café-mad”"
    want = "I did not leave my brother there — he was café-mad"

    assert quotes(honest) == [want]
    assert quotes(unicodedata.normalize("NFD", honest)) == [want]
    decomposed = unicodedata.normalize("NFD", SAID)
    assert quotes(honest, decomposed) == [unicodedata.normalize("NFD", want)]


def test_one_word_is_a_quotation_where_it_is_all_that_was_said() -> None:
    assert quotes("**Ann:** Hull.", "Where was it? Hull. That was all.") == ["Hull."]


def test_pieces_far_apart_are_two_quotations() -> None:
    said = "We left early. " + "It rained on us. " * 60 + "We came home late."

    assert quotes("“We left early. … We came home late.”", said) == []
    assert not may_follow(said, 14, 14 + WIDEST_GAP + 1)


@pytest.mark.parametrize("source", ["a " * 40_000, "ab. " * 20_000, "x" * 80_000])
def test_hostile_quotations_end(source: str) -> None:
    assert quotes(" … ".join(["a a"] * 900) + " … zz zz", source) == []
