"""The form of an answer: what is read, what is refused, and what a reader may see of it."""

import json

import pytest

from tests.workflow.agents.llm.server import MARKER, chapter, closing, prose
from tests.workflow.agents.llm.tasks import chunk, task
from workflow.agents.llm.answers import BadAnswer, WrongLength, length_range, parse_answer
from workflow.agents.llm.calls.streaming import MarkdownFilter
from workflow.agents.llm.prompt.answer_form import WRITING_RULES

IDS = ["c-1", "c-2", "c-3"]
GOOD = chapter(IDS)


def fault_of(text: str) -> str:
    with pytest.raises(BadAnswer) as fault:
        parse_answer(text, task())
    assert fault.value.sentence
    return fault.value.kind


def test_whole_answer() -> None:
    draft = parse_answer(GOOD, task())

    assert draft.content == prose(IDS)
    assert draft.themes == ("flood",)
    assert draft.participants == ("Emm",)
    assert draft.tags == ("river",)


@pytest.mark.parametrize(
    "text",
    [
        f"```markdown\n{prose(IDS)}\n```\n{closing(IDS)}",
        prose(IDS) + closing(IDS).replace("{", "```json\n{", 1) + "```",
        prose(IDS) + f"\n```\n{MARKER}\n" + closing(IDS).split("\n", 3)[3] + "```",
        f"```markdown\n{GOOD}\n```",
        GOOD.replace(MARKER, f"**{MARKER}**"),
        GOOD.replace(MARKER, MARKER.lower()),
        GOOD + "\nI hope that you like it.",
        GOOD.replace("\n", "\r\n"),
    ],
)
def test_harmless_deviations_are_read(text: str) -> None:
    draft = parse_answer(text, task())

    assert "`" not in draft.content
    assert draft.source_chunk_ids == ("c-1", "c-2", "c-3")


@pytest.mark.parametrize(
    "text",
    [
        "",
        prose(IDS),
        prose(IDS) + f"\n{MARKER}\n",
        *(GOOD.rstrip()[:-cut] for cut in (1, 5, 40, 90)),
        prose(IDS) + f"\n{MARKER}\n[]",
        prose(IDS) + f"\n{MARKER}\n{{}}",
        prose(IDS) + f'\n{MARKER}\n{{"title": "x"}}',
        prose(IDS) + f"\n{MARKER}\n" + '{"title":' * 5000,
        prose(IDS) + closing(IDS, themes=[1, 2]),
        prose(IDS) + closing(IDS, title=None),
    ],
)
def test_what_does_not_end_is_no_chapter(text: str) -> None:
    assert fault_of(text) == "incomplete"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (closing(IDS), "empty"),
        ("## \n\n[c-1]" + closing(IDS), "empty"),
        (prose(IDS) + closing(["c-9"]), "unknown_chunks"),
        (prose(["c-1", "c-9"]) + closing(IDS), "unknown_chunks"),
        (prose(["c-1", "source7a"]) + closing(IDS), "unknown_chunks"),
        (prose([]) + closing([]), "no_citations"),
        ("As an AI language model I write: " + GOOD, "leak"),
        ("I cannot write this. " + GOOD, "leak"),
        ("It rose. [chunk-id] " + GOOD, "leak"),
        ("<|im_start|> " + GOOD, "leak"),
        (f"It says {MARKER} here. " + GOOD, "leak"),
        (f"{WRITING_RULES[1]} {GOOD}", "leak"),
        (GOOD.replace("The year of the steps", "As an AI model"), "leak"),
    ],
)
def test_faults_are_named(text: str, kind: str) -> None:
    assert fault_of(text) == kind


@pytest.mark.parametrize(
    "said",
    [
        "Todo empezó en Cuenca, y todo acabó allí.",
        "I cannot help smiling at that.",
        "I can't write, I never learned.",
        "As an AI researcher I know what it costs.",
        "I’m sorry I cannot continue, she said, and went out.",
        "Lo siento mucho, dijo mi padre, pero no puedo ir.",
        "It went on in the same manner for years.",
        "This chapter of my life continued like that.",
        "TODO SOBRE MI MADRE was in every cinema.",
    ],
)
def test_what_a_narrator_may_say_is_no_leak(said: str) -> None:
    assert parse_answer(f"{said} {GOOD}", task()).markdown.startswith(said)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Lo siento, pero no puedo cumplir con esta solicitud. " + GOOD, "leak"),
        ("Es tut mir leid, aber ich kann diese Anfrage nicht erfüllen. " + GOOD, "leak"),
        ("I'm sorry, but I can't assist with that request. " + GOOD, "leak"),
        ("作为一个AI语言模型，我写。" + GOOD, "leak"),
        ("TODO: the flood. " + GOOD, "leak"),
        ("The chapter continues in the same manner. " + GOOD, "elided"),
        ("It rained. … (continued) " + GOOD, "elided"),
        ("[rest omitted] " + GOOD, "elided"),
        ("Das Kapitel geht auf diese Weise weiter. " + GOOD, "elided"),
        ("雨。（以下省略） " + GOOD, "elided"),
    ],
)
def test_refusals_and_elisions_are_known_in_other_languages(text: str, kind: str) -> None:
    assert fault_of(text) == kind


def test_a_quotation_in_another_language_is_no_wrong_language() -> None:
    said = "“" + "Wir wohnten über dem Laden, und das Wasser kam bis an die Stufen. " * 8 + "” "

    assert "language_fault" not in parse_answer(said + GOOD, task(), words=100).quality_metrics


def test_what_a_source_says_itself_is_no_leak() -> None:
    source = chunk(1, "Then the machine said: As an AI language model, I do not swim. [note7b]")
    text = "“As an AI language model, I do not swim. [note7b]” [c-1]" + closing(["c-1"])

    assert parse_answer(text, task(source)).markdown.startswith("“As an AI")


@pytest.mark.parametrize("aside", ["[sic]", "[laughs]", "[1969]", "[the mill](https://example.org/a1)"])
def test_brackets_that_are_no_citations(aside: str) -> None:
    assert aside in parse_answer(f"It rose {aside}. " + GOOD, task()).markdown


@pytest.mark.parametrize("confidence", [None, "high", 7, -1, True, float("nan"), [0.5]])
def test_odd_confidence_is_none(confidence: object) -> None:
    text = prose(IDS) + f"\n{MARKER}\n" + json.dumps(
        {"title": "x", "source_chunk_ids": IDS, "confidence": confidence}
    )  # fmt: skip

    assert parse_answer(text, task()).confidence is None


def test_length_far_off_is_told_with_the_marked_draft() -> None:
    with pytest.raises(WrongLength) as fault:
        parse_answer(chapter(IDS, 120), task())

    assert fault.value.draft.quality_metrics["length_fault"] == "too long"
    assert "about 900" in fault.value.sentence


def test_thin_sources_ask_for_less() -> None:
    rich = task(*(chunk(each, "The water came in at the door. " * 100) for each in range(1, 5)))

    assert length_range(task()).fewest < 50
    assert length_range(rich).fewest == 450


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 10_000])
@pytest.mark.parametrize(
    "text", [GOOD, f"```markdown\n{GOOD}", "a < b << c\n\n> quoted\n\n**bold** [c-1]" + closing(IDS)]
)
def test_reader_sees_the_markdown_alone_however_it_is_cut(size: int, text: str) -> None:
    pieces: list[str] = []
    preview = MarkdownFilter(pieces.append)

    for start in range(0, len(text), size):
        preview.feed(text[start : start + size])
    preview.finish()

    assert "".join(pieces).strip() == text.split(MARKER)[0].removeprefix("```markdown\n").strip()


def test_reader_gets_what_was_written_before_a_break_without_half_a_mark() -> None:
    pieces: list[str] = []
    preview = MarkdownFilter(pieces.append)

    preview.feed("The river rose as far as step\n<")
    preview.finish()

    assert "".join(pieces) == "The river rose as far as step"


def test_mark_inside_a_line_is_not_shown_either() -> None:
    pieces: list[str] = []
    preview = MarkdownFilter(pieces.append)

    for piece in ("It says <", "<", "<CHAPTER-", "META>>> {}"):
        preview.feed(piece)
    preview.finish()

    assert "".join(pieces) == "It says "
