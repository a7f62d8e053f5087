"""Words are counted alike everywhere, in every script."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from books.text.words import count_prose, count_words

SPACED = st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=80)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It’s 3,000 well-known men, don't you see — or 3.50?", 9),
        ("## The ferry\n\n- **Ann:** she said “No”—and left…again.", 9),
        ("Nací en Cuenca en 1931.", 5),
        ("나는 서울에서 태어났다.", 3),
        ("हिन्दी में लिखा।", 3),
        ("می\u200cروم به خانه", 3),
        ('צה"ל הוא צבא', 3),
        ("我小时候住在上海，1931年。", 10),
        ("私は1931年に東京で生まれた。", 12),
        ("コーヒー、Tokyo。", 5),
        ("བོད་སྐད་", 2),
        ("— … * # ** __", 0),
        ("", 0),
    ],
)
def test_words_are_counted_as_a_reader_would(text: str, words: int) -> None:
    assert count_words(text) == words


# What the dictionaries of ICU find in them.
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ฉันเกิดที่กรุงเทพในปีที่น้ำท่วมใหญ่ พ่อของฉันเป็นช่างตัดเสื้อ", 17),
        ("ខ្ញុំកើតនៅភ្នំពេញ ឪពុករបស់ខ្ញុំជាជាងកាត់ដេរ", 10),
        ("ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ ສິດທິ ເສລີພາບ", 10),
    ],
)
def test_scripts_without_spaces_are_counted_by_their_letters(text: str, words: int) -> None:
    assert count_words(text) == pytest.approx(words, rel=0.3)


@given(SPACED, SPACED)
def test_words_of_two_texts_add_up(one: str, other: str) -> None:
    assert count_words(f"{one} {other}") == count_words(one) + count_words(other)


@given(SPACED)
def test_composed_and_decomposed_letters_count_alike(text: str) -> None:
    assert count_words(unicodedata.normalize("NFD", text)) == count_words(unicodedata.normalize("NFC", text))


def test_citations_are_no_words_but_links_are() -> None:
    assert count_prose("We left. [c-1] [a b] He said \\[so\\] and [so](x).") == 7
