"""What a chapter of quotations says, in which order, and what it never does."""

import pytest

from books.text.citations import find_passages
from tests.workflow.quotation_proof import verify_chapter
from tests.workflow.quotation_tasks import HARBOUR, make_task, write
from workflow.agents.quotations import QuotationsWriter
from workflow.contract.agent_types import AgentCancelled, ChapterContext, EarlierChapter, SourceChunk

PLAIN = SourceChunk("c9", "We left the old town at night. Nobody said a word on the whole way.")


def body(markdown: str) -> list[str]:
    return [block for block in markdown.split("\n\n") if block.endswith("]")]


def test_an_answer_brings_its_question_along() -> None:
    blocks = body(write(make_task(HARBOUR)).markdown)

    assert blocks[0] == "**Ann Lee:** Where did you live when you were a child? [c1]"
    assert blocks[1].startswith("**Maria:** We lived by the harbour, my parents and I.")


def test_a_short_reply_stays_with_its_answer() -> None:
    markdown = write(make_task(HARBOUR)).markdown

    assert "**Maria:** Yes. He took me along every summer." in markdown


def test_fillers_are_left_out() -> None:
    markdown = write(make_task(HARBOUR)).markdown

    assert "Mm-hmm" not in markdown
    assert "Okay." not in markdown


@pytest.mark.parametrize("text", ["Okay. Yeah. Mm-hmm.", "Uh", "1 2 3 4 5", "?!"])
def test_scraps_are_quoted_where_there_is_nothing_else(text: str) -> None:
    draft = write(make_task(SourceChunk("c1", text)))

    assert body(draft.content) == [f"{text} [c1]"]
    assert draft.source_chunk_ids == ("c1",)


def test_quotes_leave_labels_and_times_out() -> None:
    chunk = SourceChunk(
        "c1", "[00:12:30] Ann: We walked to the old harbour.\n**Bo:** And there were the ships."
    )

    blocks = body(write(make_task(chunk)).markdown)

    assert blocks == ["**Ann:** We walked to the old harbour. [c1]", "**Bo:** And there were the ships. [c1]"]


def test_words_without_a_known_speaker_get_no_name() -> None:
    markdown = write(make_task(PLAIN)).markdown

    assert body(markdown) == [f"{PLAIN.text} [c9]"]
    assert "it does not say who speaks" in markdown


def test_plain_text_is_its_speakers() -> None:
    draft = write(make_task(SourceChunk("c9", PLAIN.text, speaker="Ida Berg")))

    assert body(draft.content) == [f"**Ida Berg:** {PLAIN.text} [c9]"]
    assert draft.participants == ("Ida Berg",)


def test_chunks_stand_in_the_order_in_which_they_were_spoken() -> None:
    late = SourceChunk("late", "The ships came back in the spring.", sequence=7)
    early = SourceChunk("early", "The ships left the harbour in autumn.", sequence=3)

    draft = write(make_task(late, early))

    assert draft.source_chunk_ids == ("early", "late")
    assert "in the order in which they were spoken" in draft.content


def test_start_times_order_chunks_without_sequences() -> None:
    late = SourceChunk("late", "The ships came back in the spring.", start_seconds=70.5)
    early = SourceChunk("early", "The ships left the harbour in autumn.", start_seconds=0.0)

    assert write(make_task(late, early)).source_chunk_ids == ("early", "late")


def test_chunks_of_unknown_time_keep_the_given_order_and_say_so() -> None:
    first = SourceChunk("b", "The ships came back in the spring.")
    second = SourceChunk("a", "The ships left the harbour in autumn.", sequence=1)

    draft = write(make_task(first, second))

    assert draft.source_chunk_ids == ("b", "a")
    assert "in the order of the record" in draft.content


def test_two_recordings_that_count_alike_are_not_mixed() -> None:
    chunks = [
        SourceChunk(
            f"{tape}{n}", f"On {tape} we spoke about harbour number {n} at length.", source=tape, sequence=n
        )
        for tape in ("tape", "film")
        for n in (2, 1)
    ]

    assert write(make_task(*chunks)).source_chunk_ids == ("tape1", "tape2", "film1", "film2")


def test_a_human_summary_leads_in_italics() -> None:
    markdown = write(
        make_task(HARBOUR, summary="A *childhood*\n\nby the sea.", summary_origin="human")
    ).markdown

    assert markdown.startswith("*A \\*childhood\\* by the sea.*\n\nWhat follows rests on one passage")


def test_an_extractive_summary_is_not_repeated() -> None:
    task = make_task(HARBOUR, summary="We lived by the harbour.", summary_origin="extractive (verbatim)")

    assert write(task).markdown.startswith("What follows rests on one passage")


def test_without_sources_the_chapter_is_its_summary_and_says_so() -> None:
    draft = write(make_task(summary="They moved to the coast.", summary_origin="extractive"))

    assert draft.content.startswith("*They moved to the coast.*\n\nThis storyline has no source text")
    assert (draft.source_chunk_ids, draft.participants, draft.confidence) == ((), (), 0.0)


@pytest.mark.parametrize("text", ["", " \n ", "… …"])
def test_chunks_without_words_are_no_sources(text: str) -> None:
    draft = write(make_task(SourceChunk("c1", text)))

    assert "nothing is quoted here" in draft.content
    assert draft.source_chunk_ids == ()


@pytest.mark.parametrize(
    ("words", "most"), [(150, 120), ("400", 320), (1e9, 4000), (None, 720), ("many", 720)]
)
def test_quotes_keep_within_four_fifths_of_the_wanted_words(words: object, most: int) -> None:
    text = " ".join(
        f"In year {n} the harbour town built ship number {n} for company {n * 7}." for n in range(900)
    )

    draft = write(make_task(SourceChunk("c1", text), words=words))

    assert 0.7 * most < draft.quality_metrics["quoted_words"] <= most


@pytest.mark.parametrize("words", [True, float("nan"), float("inf"), [], "", "1e999"])
def test_senseless_lengths_fall_back_to_the_default(words: object) -> None:
    assert write(make_task(HARBOUR, words=words)) == write(make_task(HARBOUR))


def test_what_was_said_before_in_the_same_words_is_quoted_once() -> None:
    again = SourceChunk("c2", PLAIN.text + " Then we saw the lights of the harbour.")

    markdown = write(make_task(PLAIN, again)).markdown

    assert markdown.count("Nobody said a word") == 1
    assert "Then we saw the lights" in markdown


def test_an_earlier_chapter_is_only_named_by_who_was_heard_there() -> None:
    context = ChapterContext(
        (EarlierChapter(1, "Far", participants=("X",)), EarlierChapter(4, "Near", "", "", ("Maria", "Bo")))
    )

    markdown = write(make_task(HARBOUR, context=context)).markdown

    assert "Chapter 4 heard Maria and Bo; Maria is heard again here." in markdown
    assert "Chapter 1" not in markdown


def test_each_section_is_headed_by_words_that_occur_in_it() -> None:
    bakery = " ".join(f"My aunt sold the rye bread to guest {n} from the warm oven." for n in range(20))
    quay = " ".join(
        f"Uncle Olaf painted the wooden boat in colour {n} beside the stone quay." for n in range(20)
    )
    chunks = SourceChunk("c1", bakery, speaker="A"), SourceChunk("c2", quay, speaker="B")

    _, *sections = write(make_task(*chunks)).markdown.split("## ")

    headings, texts = zip(*(section.split("\n", 1) for section in sections), strict=True)
    assert len(headings) == 2
    assert all(heading.lower() in text for heading, text in zip(headings, texts, strict=True))
    assert "[c2]" not in texts[0]


def test_partial_text_adds_up_to_the_chapter() -> None:
    pieces: list[str] = []

    draft = QuotationsWriter().write(make_task(HARBOUR), pieces.append)

    assert len(pieces) > 3
    assert "".join(pieces) == draft.content


def test_a_cancel_ends_the_writing() -> None:
    def cancel(text: str) -> None:
        raise AgentCancelled

    with pytest.raises(AgentCancelled):
        QuotationsWriter().write(make_task(HARBOUR), cancel)


def test_the_draft_describes_itself() -> None:
    draft = write(make_task(HARBOUR, themes=("family",)))

    assert draft.title == "A childhood"
    assert draft.themes[0] == "family"
    assert draft.participants == ("Ann Lee", "Maria")
    assert draft.confidence == draft.quality_metrics["coverage"]
    assert draft.quality_metrics["passages"] == 1
    assert draft.usage == {}


def test_a_long_sentence_is_cut_with_omissions_shown() -> None:
    text = "and so the river rose past the lower gardens " * 40

    draft = write(make_task(SourceChunk("c1", text), words=150))

    assert "…" in draft.content
    assert verify_chapter(draft.content, [SourceChunk("c1", text)]) == []


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("我出生在一九三一年。那时候我们家住在河边。", "我出生在一九三一年。", "那时候我们家住在河边。"),
        ("كنت أعيش في القرية. هل كان هناك مدرسة؟", "كنت أعيش في القرية.", "هل كان هناك مدرسة؟"),
        ("मैं गाँव में रहता था। वहाँ एक नदी थी।", "मैं गाँव में रहता था।", "वहाँ एक नदी थी।"),
    ],
)
def test_other_scripts_are_quoted_whole(text: str, first: str, second: str) -> None:
    markdown = write(make_task(SourceChunk("c1", text, speaker="Lin"))).markdown

    assert f"**Lin:** {first}" in markdown
    assert second in markdown


def test_an_id_that_cannot_be_cited_is_not_quoted() -> None:
    draft = write(make_task(SourceChunk("two\nlines", "Nobody can trace these words back."), PLAIN))

    assert draft.source_chunk_ids == ("c9",)


def test_ids_with_brackets_lead_back_to_their_words() -> None:
    chunk = SourceChunk("tape[1]", PLAIN.text)

    found = find_passages(write(make_task(chunk)).markdown, {"tape[1]": chunk.text})

    assert [(passage.chunk_id, passage.quote) for passage in found] == [("tape[1]", chunk.text)]
