"""Sentences end where readers of each language see them end."""

import pytest

from books.text.sentences import sentence_spans, split_sentences

THAI = "แม่เกิดที่หมู่บ้านริมแม่น้ำในปีที่น้ำท่วมใหญ่ พ่อเป็นช่างตัดเสื้ออยู่ในตลาดเก่าของเมืองนั้น"
LAO = "ແມ່ເກີດຢູ່ບ້ານແຄມແມ່ນ້ຳໃນປີທີ່ນ້ຳຖ້ວມໃຫຍ່ທີ່ສຸດ ພໍ່ເປັນຊ່າງຕັດເສື້ອຢູ່ໃນຕະຫຼາດເກົ່າຂອງເມືອງນັ້ນ"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        # Latin, Greek, Cyrillic and other scripts with capitals.
        ("We left. It rained! Why? “Nobody knows.” So it was.", 5),
        ("Really?! Yes.", 2),
        ("So did I. Then we left.", 2),
        ("Were you there? no, i was not.", 2),
        ("No. It is gone. No. 5 is gone, too.", 3),
        ("*It was late.* **Emm** came.", 2),
        ("¡Nos fuimos! ¿Qué quedó?", 2),
        ("Il partit. «Adieu», dit-il.", 2),
        ("Wir gingen. „Bleib“, sagte sie.", 2),
        ("Odeszliśmy. Ślad został.", 2),
        ("Мы ушли. Они остались.", 2),
        ("Φύγαμε. Εκείνοι έμειναν.", 2),
        ("Մենք գնացինք։ Նրանք մնացին։", 2),
        # Scripts without capitals that set spaces.
        ("הלכנו. הם נשארו.", 2),
        ("ذهبنا. هل بقوا؟ لا أعرف.", 3),
        ("میں گیا۔ وہ آیا۔", 2),
        ("हम गए। वे रुके।", 2),
        ("우리는 떠났다. 그들은 남았다.", 2),
        ("ሄድን። ቀሩ።", 2),
        # Scripts that set none.
        ("你好。你去哪里？我回家！", 3),
        ("他说：“走吧。”我们就走了。", 2),
        ("彼は来た。「行こう。」私は残った。", 3),
        ("「行こう。」と彼は言った。私は残った。", 2),
        ("ខ្ញុំទៅ។ គាត់មក។", 2),
        ("ငါသွားတယ်။သူလာတယ်။", 2),
        (THAI, 2),
        (LAO, 2),
    ],
)
def test_marks_end_sentences(text: str, count: int) -> None:
    assert len(split_sentences(text)) == count


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Lee met Dr. Cruz at St. Mary's.",
        "It cost 3.50 in all.",
        "J. R. Smith came too.",
        "Well… not quite.",
        "They live in the U.S. and like it.",
        "He served in the U.S. Army.",
        "“Stop!” she cried.",
        "“Why?” he asked.",
        "Dr. Müller kam am 3. Mai 1931.",
        "Das war z. B. Nr. 4, bzw. Frau Dr. Lenz.",
        "La Sra. García vive en la Avda. Colón.",
        "M. Dupont et Mme. Roche vinrent.",
        "Это было на ул. Мира в 1931 г. в Киеве.",
        "他说……我不知道。",
        "แม่มี 3 คน",
    ],
)
def test_marks_inside_a_sentence_do_not_end_it(text: str) -> None:
    assert split_sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It rained. [c-1] [c-2] Then we left. [c-3]", ["It rained. [c-1] [c-2]", "Then we left. [c-3]"]),
        ("下雨了。[c-1]然后我们走了。[c。2]", ["下雨了。[c-1]", "然后我们走了。[c。2]"]),
        ("I left. [laughs] Then he came.", ["I left.", "[laughs] Then he came."]),
    ],
)
def test_marks_of_citations_belong_to_the_sentence_before(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@pytest.mark.parametrize("text", ["", " \n ", "  We left.  They stayed. \n", "你好。 再见。", f" {THAI} "])
def test_places_are_those_of_the_text_and_hold_all_of_it(text: str) -> None:
    spans = list(sentence_spans(text))

    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


def test_part_of_a_text_is_read_alone() -> None:
    assert list(sentence_spans("One. Two. Three. Four.", 5, 16)) == [(5, 9), (10, 16)]
