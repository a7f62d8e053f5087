"""What the sources leave open becomes a question; what only looks open does not."""

import json
import os
from pathlib import Path

import pytest

from workflow.agents.questions import CATEGORIES, Question, ask_questions
from workflow.agents.types import SourceChunk, SourceNode, WrittenChapter

DATA = Path(
    os.environ.get("CHAPTERFLOW_EXAMPLE_DATA") or Path(__file__).resolve().parents[2] / "../shared/data"
)
LONG = "We went down to the river in the morning, and stayed until it was dark, all of us together, at home. "


def chapter(
    number: int,
    *texts: str,
    participants: tuple[str, ...] = ("Anna", "Ben"),
    summary: str = "",
    sequences: tuple[int, ...] = (),
) -> WrittenChapter:
    node = SourceNode(f"n{number}", f"Title {number}", summary, participants=participants)
    places = sequences or tuple(range(len(texts)))
    chunks = [
        SourceChunk(f"c{number}-{place}", text, source="Tape 1", sequence=place)
        for place, text in zip(places, texts, strict=True)
    ]
    return WrittenChapter(number, node.title, "", node, chunks)


def asked(*chapters: WrittenChapter, category: str) -> list[Question]:
    return [question for question in ask_questions(chapters) if question.category == category]


def open_questions(*lines: str) -> list[str]:
    questions = asked(
        chapter(1, "\n".join(lines), participants=("Anna", "Ben")), category="unanswered_question"
    )
    return [str(question.evidence["quote"]) for question in questions]


# No source


def test_chapter_without_chunks_is_asked_about_first():
    (question,) = ask_questions([chapter(1, summary="A flood.")])

    assert (question.category, question.priority) == ("no_source", "high")
    assert (question.chapter, question.node_id) == (1, "n1")
    assert question.text == "What can you tell about “Title 1”?"
    assert question.reason == "No transcript belongs to this chapter, so it rests on its summary alone."


def test_chapter_whose_only_chunk_is_its_summary_has_no_source():
    assert len(asked(chapter(1, "A  flood.", summary="A flood."), category="no_source")) == 1


def test_chapter_with_a_source_is_not_asked_about():
    assert asked(chapter(1, LONG, summary="A flood."), category="no_source") == []


# Unanswered


def test_question_that_nobody_can_answer_is_passed_on():
    (question,) = asked(
        chapter(1, "Anna: Who painted the river door blue?\nBen: I don't know.\nAnna: A pity."),
        category="unanswered_question",
    )

    assert question.text == "Can you answer what Anna asks here: “Who painted the river door blue?”"
    assert question.reason.startswith("The reply is: “I don't know.”")
    assert question.evidence["chunk_id"] == "c1-0"
    assert question.evidence["quote"] == "Who painted the river door blue?"


def test_question_that_is_put_off_and_never_taken_up_is_passed_on():
    lines = [
        "Anna: How many pegs did the surveyor put in?",
        "Ben: I'll get back to you on that.",
        "Anna: Good.",
    ]

    assert open_questions(*lines) == ["How many pegs did the surveyor put in?"]


def test_what_the_speaker_goes_on_not_to_know_is_important():
    (question,) = asked(
        chapter(
            1, "Anna: In which year did the surveyor leave the village? I can't remember. It froze, anyway."
        ),
        category="unanswered_question",
    )

    assert question.priority == "high"
    assert question.reason.startswith("Anna goes on: “I can't remember.”")


def test_forgotten_name_is_asked_for():
    (question,) = asked(
        chapter(1, "Anna: We took the boat. I can't remember the name of the captain. It rained."),
        category="unanswered_question",
    )

    assert (
        question.text
        == "Can you fill in what Anna could not recall: “I can't remember the name of the captain.”"
    )


@pytest.mark.parametrize(
    "lines",
    [
        ("Anna: Who painted the river door blue?", "Ben: My uncle Ruprecht did."),
        ("Anna: Who painted the river door blue?", "Ben: I don't know.", "Carl: It was my uncle Ruprecht."),
        (
            "Anna: How many pegs did the surveyor put in?",
            "Ben: I'll get back to you on that.",
            "Anna: Good.",
            "Ben: The surveyor put in forty pegs, all white.",
        ),
        ("Anna: You see?", "Ben: I don't know."),
        ("Anna: Okay, ready when you are, right?", "Ben: I'm not sure."),
        ("Anna: Can you hear the river from the house now?", "Ben: I don't know."),
        ("Anna: Why would the surveyor not tell the village the truth?", "Ben: I don't know."),
        ("Anna: What do you think about the surveyor and the village?", "Ben: I don't know."),
        ("Anna: What is it doing there with that one?", "Ben: I don't know."),
        ("Anna: Who painted the river door blue?", "Ben: I don't know, was it Ruprecht?"),
        ("Anna: Who painted the river door blue?",),
        ("Anna: I don't know who painted it.", "Ben: I don't remember either."),
    ],
)
def test_answered_rhetorical_and_small_questions_are_not_passed_on(lines: tuple[str, ...]):
    assert open_questions(*lines) == []


def test_reply_after_a_gap_in_the_record_is_no_reply():
    texts = ("Anna: Who painted the river door blue?", "Ben: I don't know.")

    assert len(asked(chapter(1, *texts), category="unanswered_question")) == 1
    assert asked(chapter(1, *texts, sequences=(1, 5)), category="unanswered_question") == []


def test_passage_of_two_chapters_is_asked_about_once():
    one = chapter(1, "Anna: Who painted the river door blue?\nBen: I don't know.")
    two = WrittenChapter(2, "Title 2", "", SourceNode("n2", "Title 2"), one.chunks)

    assert [question.chapter for question in asked(two, one, category="unanswered_question")] == [1]


# Names


def test_name_that_nobody_explains_is_asked_about_once():
    texts = ("We were in Five Eyes then.", "Then Five Eyes called.", "All of Five Eyes knew.")

    (question,) = asked(chapter(1, *texts), chapter(2, *texts[:1]), category="unknown_name")

    assert question.text == "Who or what is Five Eyes, and why does that matter here?"
    assert question.evidence["quote"] == "We were in Five Eyes then."
    assert question.evidence["chunk_id"] == "c1-0"


def test_abbreviation_is_asked_to_be_spelled_out():
    (question,) = asked(
        chapter(1, "It had a KBX.", "Our KBX broke.", "No KBX then."), category="unknown_name"
    )

    assert question.text == "What does KBX stand for, and why does that matter here?"


@pytest.mark.parametrize(
    "texts",
    [
        ("So Ruprecht came.", "And Ruprecht went."),
        ("So Ruprecht came.", "And Ruprecht went.", "My uncle Ruprecht was ill."),
        ("So Ruprecht came.", "And Ruprecht went.", "We had a dog called Ruprecht then."),
        ("So Ruprecht came.", "And Ruprecht went.", "For Ruprecht, who was our uncle."),
        ("Ruprecht. Ruprecht came.", "Ruprecht went.", "Ruprecht stayed."),
        ("Anna: So Ruprecht came.", "Ruprecht: No.", "And Ruprecht went."),
        ("It was in Germany.", "From Germany to us.", "All of Germany."),
        ("On the River Road we met.", "By the River Road.", "Near River Road it was."),
        ("The Blue was gone.", "A Blue door.", "It was blue, all Blue."),
        ("Put the LIGHT on.", "No LIGHT now.", "The LIGHT, a light."),
        ("The KBX broke.", "No KBX.", "A kitchen bell xylophone, no KBX."),
    ],
)
def test_introduced_known_and_seeming_names_are_not_asked_about(texts: tuple[str, ...]):
    assert asked(chapter(1, *texts), category="unknown_name") == []


# Voices


def test_person_who_is_named_and_never_heard_is_asked_for():
    (question,) = asked(
        chapter(1, f"Ben Ash: {LONG}", participants=("Ben Ash", "Anna Lee")), category="thin_voice"
    )

    assert question.text == "What would Anna Lee say about “Title 1”?"
    assert question.priority == "medium"


def test_person_with_a_few_words_in_the_whole_book_is_asked_for_once():
    text = f"Ben Ash: {LONG}\nAnna Lee: Yes, indeed."
    chapters = [chapter(number, text, participants=("Ben Ash", "Anna Lee")) for number in (1, 2)]

    (question,) = asked(*chapters, category="thin_voice")

    assert question.text == "Can Anna Lee tell more about “Title 1”?"
    assert question.evidence["words"] == 4


def test_person_who_is_heard_in_another_chapter_is_not_thin():
    one = chapter(1, f"Ben Ash: {LONG}", participants=("Ben Ash", "Anna Lee"))
    two = chapter(2, f"Anna Lee: {LONG * 2}", participants=("Anna Lee (Mayor)",))

    assert asked(one, two, category="thin_voice") == []


@pytest.mark.parametrize("role", ["The Chair", "Interviewer", "Project Manager", "CAPCOM", "Speaker 2"])
def test_roles_are_no_persons(role: str):
    assert asked(chapter(1, f"Ben: {LONG}", participants=("Ben", role)), category="thin_voice") == []


# All together


def test_questions_are_few_and_the_important_ones_come_first():
    lines = "".join(
        f"Anna: Who painted the {door} door blue?\nBen: I don't know.\n" for door in ("river", "lane", "barn")
    )
    chapters = [chapter(1, lines), chapter(2), chapter(3, lines.replace("painted", "varnished"))]

    questions = ask_questions(chapters, limit_per_chapter=2, limit=4)

    assert questions[0].chapter == 2
    assert len(questions) == 4
    assert max(sum(q.chapter == number for q in questions) for number in (1, 2, 3)) == 2


def test_keys_are_stable_and_different():
    lines = "Anna: Who painted the river door blue?\nBen: I don't know.\n"
    lines += "Anna: Where did the old surveyor live?\nBen: No idea."

    first = ask_questions([chapter(1, lines), chapter(2)])
    again = ask_questions([chapter(2), chapter(1, lines)])

    assert first == again
    assert len({question.key for question in first}) == len(first) == 4
    assert all(len(question.key) <= 64 for question in first)


def test_no_chapters_no_questions():
    assert ask_questions([]) == []


@pytest.mark.parametrize("name", ["apollo13-10.json", "qmsum-1000.json"])
def test_example_books_get_a_few_questions_with_passages_to_show(name: str):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no example data at {path}")
    document = json.loads(path.read_text(encoding="utf-8"))
    chunks = {
        values["id"]: SourceChunk(
            values["id"],
            values["text"],
            values.get("speaker", ""),
            tuple(values.get("speakers", ())),
            values.get("source", ""),
            values.get("sequence"),
        )
        for values in document["chunks"]
    }
    chapters = [
        WrittenChapter(
            number,
            values["title"],
            "",
            SourceNode(
                values["id"], values["title"], values["summary"], participants=tuple(values["participants"])
            ),
            [chunks[chunk_id] for chunk_id in values["chunk_ids"]],
        )
        for number, values in enumerate(document["nodes"], start=1)
    ]

    questions = ask_questions(chapters)

    assert 5 <= len(questions) <= 100
    assert {question.category for question in questions} <= set(CATEGORIES)
    for question in questions:
        if "quote" in question.evidence:
            said = " ".join(chunks[str(question.evidence["chunk_id"])].text.split())
            assert " ".join(str(question.evidence["quote"]).split()) in said
        assert question.text.endswith(("?", "”"))
