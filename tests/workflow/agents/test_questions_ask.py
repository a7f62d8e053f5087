"""What the sources leave open becomes a question; what only looks open does not."""

import json
import os
from pathlib import Path

import pytest

from workflow.agents.questions import CATEGORIES, Question, ask_questions
from workflow.contract.agent_types import SourceChunk, SourceNode, WrittenChapter

DATA = Path(
    os.environ.get("CHAPTERFLOW_EXAMPLE_DATA") or Path(__file__).resolve().parents[3] / "../shared/data"
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


def book_of(path: Path) -> list[WrittenChapter]:
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
    return [
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


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("But which year did it get the rope? I could not tell you.", "But which year did it get the rope?"),
        ("There were two sisters. What were they called? No. It is gone.", "What were they called?"),
        ("Who painted the river door blue? Nobody ever found out.", "Who painted the river door blue?"),
        ("Where did the sisters go? You would have to ask Dorrit.", "Where did the sisters go?"),
    ],
)
def test_question_that_the_speaker_leaves_open_is_passed_on_first(text: str, quote: str):
    (question,) = asked(chapter(1, f"Anna: {text} It froze."), category="unanswered_question")

    assert question.text == f"Can you answer what Anna left open: “{quote}”"
    assert (question.evidence["quote"], question.priority) == (quote, "high")


@pytest.mark.parametrize(
    "text",
    [
        "You want to know what it sounded like? Like a saucepan. I don't know why.",
        "What could he say? He never said a word.",
        "What are we doing with this? I don't know.",
        "Who painted the river door blue? My uncle had the paint and the time. I don't know.",
        "You see? I don't know.",
    ],
)
def test_rhetorical_question_of_a_monologue_is_not_passed_on(text: str):
    assert open_questions(f"Anna: {text}") == []


def test_what_the_speaker_leaves_open_and_another_answers_is_closed():
    line = "Anna: Who painted the river door blue? I don't know."

    assert open_questions(line, "Ben: It was my uncle Ruprecht, at night.") == []
    assert len(open_questions(line, "Ben: Nobody ever found out about that.")) == 1


def test_short_question_is_shown_with_what_it_points_at():
    text = "Anna: There were two sisters above the mill. What were they called? No. It is gone."

    (question,) = asked(chapter(1, text), category="unanswered_question")

    assert question.evidence["before"] == "There were two sisters above the mill."
    assert "goes on: “No. It is gone.”" in question.reason
    assert question.reason.endswith("Just before: “There were two sisters above the mill.”")


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("Mother, why did they stop speaking?", "There is a third person in it. That is another tape."),
        ("Whose writing was it?", "I only heard of it. You’d have to ask Dorrit, she was there."),
        ("And what was in it?", "Is that thing still going round?"),
        ("Did he ever write to you, Emm?", "You’d better turn the tape, it’s nearly at the end."),
    ],
)
def test_question_that_is_brushed_aside_is_important(question: str, reply: str):
    (found,) = asked(chapter(1, f"Anna: {question}\nBen: {reply}"), category="unanswered_question")

    assert (found.evidence["quote"], found.priority) == (question, "high")


def test_question_with_an_afterthought_is_found_only_when_it_is_brushed_aside():
    line = "Anna: Did he ever write to you, Emm? In Sandau? It was the only address he had."

    assert open_questions(line, "Ben: Turn that off, please.") == ["Did he ever write to you, Emm?"]
    assert open_questions(line, "Ben: He wrote twice, from a dam.") == []


def test_summary_that_leaves_a_question_open_points_at_who_asks_it():
    summary = "The bell rings. Who rang it has never been found out, and it does not rest."
    text = "Anna: So who rang the bell that night?\nBen: The river rang it, I say."

    (question,) = asked(chapter(1, text, summary=summary), category="unanswered_question")

    assert question.text == "Can you answer what Anna asks here: “So who rang the bell that night?”"
    assert question.evidence["summary"] == "Who rang it has never been found out, and it does not rest."


def test_summary_alone_leaves_a_question_open():
    summary = "What the quarrel was about is not told."

    (question,) = asked(chapter(1, f"Anna: {LONG}", summary=summary), category="unanswered_question")

    assert question.text == "Can you tell what this chapter leaves open: “What the quarrel was about”"
    assert asked(chapter(1, LONG, summary="What he said is kind."), category="unanswered_question") == []


def test_what_was_never_found_out_is_asked_for():
    sentence = "We never found out who had painted the door."

    (question,) = asked(chapter(1, f"Anna: It was blue. {sentence}"), category="unanswered_question")

    assert question.text == f"Do you know more than Anna did: “{sentence}”"


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


def test_person_who_would_have_to_be_asked_is_asked_about_at_once():
    (question,) = asked(chapter(1, "Anna: It is old. You would have to ask Dorrit."), category="unknown_name")

    assert question.text == "Who is Dorrit, and can Dorrit still be asked?"
    assert question.evidence["quote"] == "You would have to ask Dorrit."


@pytest.mark.parametrize(
    "text",
    [
        "Anna: You would have to ask Ben.",
        "Anna: You would have to ask Dorrit. For my cousin Dorrit was there.",
        "Anna: You would have to ask the Dorrit Society.",
    ],
)
def test_known_person_who_would_have_to_be_asked_is_not_asked_about(text: str):
    assert asked(chapter(1, text), category="unknown_name") == []


def test_people_come_before_what_is_unclear_and_that_before_places():
    names = ("And Zella said so.", "See Maggot there.", "We were in Aldow.")
    texts = [name for name, times in zip(names, (7, 8, 9), strict=True) for _ in range(times)]

    questions = asked(chapter(1, *texts, participants=()), category="unknown_name")

    assert [question.evidence["name"] for question in questions] == ["Zella", "Maggot", "Aldow"]
    assert [question.priority for question in questions] == ["medium", "medium", "low"]


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


def voices_of_two_chapters(anna_here: str, summary: str, anna_before: str = LONG * 20) -> list[Question]:
    people = ("Ben Ash", "Anna Ash", "Carl Ash")
    others = f"Ben Ash: {LONG * 9}\nCarl Ash: {LONG * 9}\n"
    return asked(
        chapter(1, f"Anna Ash: {anna_before}\n{others}", participants=people),
        chapter(2, f"{others}Anna Ash: {anna_here}", participants=people, summary=summary),
        category="thin_voice",
    )


def test_leading_voice_that_hardly_speaks_in_a_chapter_about_them_is_asked_to_tell_more():
    (question,) = voices_of_two_chapters("I was busy.", "Anna has little to say.")

    assert (question.text, question.node_id) == ("Can Anna Ash tell more about “Title 2”?", "n2")
    assert "only 3 of the" in question.reason
    assert question.evidence["quote"] == "I was busy."


@pytest.mark.parametrize(
    ("anna_here", "summary"),
    [(LONG * 2, "Anna has a little to say."), ("I was busy.", "The Ash family."), ("I was busy.", "")],
)
def test_voice_that_is_heard_or_not_the_subject_is_not_thin(anna_here: str, summary: str):
    assert voices_of_two_chapters(anna_here, summary) == []


def test_voice_that_is_quiet_everywhere_is_not_thin_in_one_chapter():
    assert voices_of_two_chapters(LONG, "Anna is there.", anna_before=LONG * 5) == []
    assert len(voices_of_two_chapters(LONG, "Anna is there.", anna_before=LONG * 20)) == 1


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


def test_first_ten_questions_are_not_all_of_one_kind():
    texts = [f"Anna: Who painted the {door} door blue?\nBen: Nobody knows." for door in ("river", "lane")]
    many = [
        chapter(n, *(t.replace("door", f"door{n}") for t in texts), "See Maggot there.") for n in range(1, 4)
    ]

    kinds = [question.category for question in ask_questions(many)]

    assert kinds[:5] == ["unanswered_question"] * 5
    assert kinds[5] == "unknown_name"


def test_sample_book_asks_what_its_voices_leave_open():
    path = Path(__file__).resolve().parents[3] / "books/samples/ferry-house.json"

    questions = ask_questions(book_of(path))

    asked_in = [q.evidence["chunk_id"] for q in questions if q.category == "unanswered_question"]
    assert sorted(map(str, asked_in)) == ["c-004", "c-009", "c-013", "c-024", "c-039", "c-039", "c-047"]
    assert {q.evidence.get("name") for q in questions[:10]} >= {"Dorrit", "Tilly"}
    assert [q.node_id for q in questions if q.category == "thin_voice"] == ["n-07"]


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
    chapters = book_of(path)
    chunks = {chunk.id: chunk for each in chapters for chunk in each.chunks}

    questions = ask_questions(chapters)

    assert 5 <= len(questions) <= 100
    assert {question.category for question in questions} <= set(CATEGORIES)
    for question in questions:
        if "quote" in question.evidence:
            said = " ".join(chunks[str(question.evidence["chunk_id"])].text.split())
            assert " ".join(str(question.evidence["quote"]).split()) in said
        assert question.text.endswith(("?", "”"))
