"""What the metrics of a chapter find, each by a fault that was planted, and what they leave alone."""

import json
from itertools import islice
from statistics import median

import pytest

from tests.workflow.quality_tasks import FERRY, SOUP, TOLD, measured, sources, weak
from tests.workflow.quotation_tasks import example_tasks, write
from workflow.contract.agent_types import EarlierChapter, SourceChunk
from workflow.quality import Sources, measure
from workflow.quality.fragments import extraction, fragment_lengths
from workflow.quality.leftovers import is_runaway
from workflow.quality.repetition import repetition_across, repetition_within
from workflow.quality.score import length_score, parts_of, score_of, wanted_length

GERMAN = SourceChunk(
    id="g-1",
    text=(
        "Der Fluss ist im Januar zugefroren, und mein Vater stand jeden Morgen am Ufer. Die Fähre lag neun Wochen "
        "im Eis. Unsere Nachbarn kamen zu Fuß über das Eis und blieben in der Küche sitzen."
    ),
    speaker="Ottilie",
)
JAPANESE = SourceChunk(
    id="j-1", text="一月に川が凍りました。父は毎朝岸に立っていました。渡し船は九週間氷の中にありました。"
)


# ------------------------------------------------------------------ length, fragments, repetition


@pytest.mark.parametrize(
    ("words", "score"), [(900, 1.0), (450, 0.5), (1800, 0.67), (3600, 0.0), (300, 0.0), (0, 0.0)]
)
def test_length_is_scored_by_the_formula(words: int, score: float) -> None:
    assert length_score(words, wanted_length(900, 5_000)) == score


def test_thin_sources_ask_for_no_more_than_they_have() -> None:
    wanted = wanted_length(900, 300)

    assert length_score(300, wanted) == 1.0
    assert length_score(150, wanted) == 0.5


def test_fragments_are_the_longest_shared_ones_from_left_to_right() -> None:
    source = ["a", "b", "c", "d", "e", "f", "g"]

    assert fragment_lengths(["x", "b", "c", "d", "y", "a", "b", "z", "g"], source) == [3, 2, 1]
    found = extraction(["x", "b", "c", "d", "y", "a", "b", "z", "g"], source)
    assert (found.coverage, found.density) == (round(6 / 9, 3), round(14 / 9, 2))


def test_a_word_said_for_ever_costs_no_more_than_other_words() -> None:
    assert sum(fragment_lengths(["and"] * 20_000, ["and"] * 20_000)) == 20_000


def test_planted_repetition_raises_the_repetition_within() -> None:
    plain = [f"w{n}" for n in range(100)]

    assert repetition_within(plain) == 0
    assert repetition_within(plain + plain) == pytest.approx(0.49, abs=0.02)
    assert repetition_within(["one", "two"]) is None


def test_what_an_earlier_chapter_said_is_found_with_its_number() -> None:
    earlier = (
        EarlierChapter(3, "Ice", text="Nobody crossed the river that winter, not even the doctor. [c-9]"),
        EarlierChapter(4, "Thaw", text="The thaw came late."),
    )
    words = ["and", "nobody", "crossed", "the", "river", "that", "winter", "but", "the", "cooper"]

    found = repetition_across(words, earlier)

    assert found is not None
    assert found.share == round(2 / 6, 3)
    assert [(each.text, each.chapter) for each in found.passages] == [
        ("nobody crossed the river that winter", 3)
    ]


def test_without_earlier_chapters_nothing_can_have_been_said_before() -> None:
    assert measured(TOLD)["repetition_across"] is None


@pytest.mark.parametrize(
    "words",
    [
        ["river"] * 6 + [f"w{n}" for n in range(90)],
        [f"w{n % 40}" for n in range(130)],
        ["ferry", "river", "bank", *(f"w{n}" for n in range(10))] * 3 + ["ferry", "river", "bank"] * 5 + ["x"] * 5
        + [f"v{n}" for n in range(40)],
    ],
)  # fmt: skip
def test_a_paragraph_that_is_stuck_runs_away(words: list[str]) -> None:
    assert is_runaway(words)


def test_a_long_plain_paragraph_does_not_run_away() -> None:
    assert not is_runaway([f"w{n % 150}" for n in range(200)])
    assert not is_runaway(["river"] * 50)


# ------------------------------------------------------------------ grounding, names, numbers


def test_a_faithful_paraphrase_has_no_weak_sentence() -> None:
    metrics = measured(TOLD)

    assert metrics["weak"] == []
    assert metrics["grounding"]["share"] == 1.0
    assert metrics["script"] == "english"


@pytest.mark.parametrize(
    ("sentence", "kind", "found"),
    [
        ("The river froze in January of 1931, and the ferry lay in the ice.", "numbers", ["1931"]),
        ("Every morning my father stood on the bank beside Wilhelm Kessler.", "names", ["Wilhelm Kessler"]),
        ("The cooper had 14 children at home.", "numbers", ["14"]),
    ],
)
def test_what_is_invented_is_named_and_marked(sentence: str, kind: str, found: list[str]) -> None:
    text = f"{TOLD}\n\n{sentence} [c-1]"

    metrics = measured(text)

    assert weak(metrics, text) == [sentence]
    assert metrics["weak"][0][kind] == found


@pytest.mark.parametrize(
    "sentence",
    [
        "In January 1947 the river froze, as chapter 3 tells.",
        "In the 1940s the river froze in January, and nobody could cross.",
        "The ferry lay in the ice for 9 weeks, and the cooper had 12 children at home.",
        "Ottilie Varnholt's sister Josefa cut shoes out of roof paper, says Emm.",
    ],
)
def test_what_the_sources_say_in_other_forms_is_known(sentence: str) -> None:
    assert measured(f"{TOLD}\n\n{sentence} [c-1]")["weak"] == []


def test_names_of_earlier_chapters_and_of_the_node_are_known() -> None:
    text = f"{TOLD}\n\nEvery morning my father stood on the bank with old Kessler and with Brandt. [c-1]"
    earlier = (EarlierChapter(1, "Before", text="Kessler kept the lock."),)

    assert measured(text, people=("Hans Brandt",))["weak"][0]["names"] == ["Kessler"]
    assert measured(text, people=("Hans Brandt",), earlier=earlier)["weak"] == []


def test_a_sentence_in_nobodys_words_is_marked_with_the_words_that_nothing_has() -> None:
    sentence = "Thunderous applause greeted the magnificent orchestra throughout the evening performance."

    metrics = measured(f"{TOLD}\n\n{sentence} [c-2]")

    assert weak(metrics, f"{TOLD}\n\n{sentence} [c-2]") == [sentence]
    assert "magnificent" in metrics["weak"][0]["words"]
    assert metrics["grounding"]["share"] == 0.75


def test_an_invented_quotation_is_marked_although_it_bears_a_speakers_name() -> None:
    text = (
        "**Ottilie Varnholt:** We danced until dawn with the baroness from Vienna in her marble palace. [c-1]"
    )

    assert weak(measured(text), text) == [
        "We danced until dawn with the baroness from Vienna in her marble palace."
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# Thunderous Applause for Wilhelm Kessler in 1931",
        "*Thunderous applause greeted Wilhelm Kessler in the magnificent year of 1931.*",
        "**Ottilie Varnholt:** Nobody could cross … We burned the benches first, and then the shelves. [c-1]",
        "What follows rests on 17 of the 31 passages of the record; the voices are Wilhelm Kessler and one more. "
        "Chapter 29 heard Anna Lind.",
        "This storyline has no source text, so nothing is quoted here: the summary above is all there is.",
    ],
)
def test_headings_summaries_frames_and_quotations_are_never_marked(text: str) -> None:
    assert measured(f"{TOLD}\n\n{text}")["weak"] == []


def test_quotations_score_as_well_as_a_good_telling() -> None:
    quoted = f"**Ottilie Varnholt:** {FERRY.text} [c-1]\n\n**Emm Tidewell:** {SOUP.text} [c-2]"

    metrics = measured(quoted, words=100)

    assert metrics["density"] > 20
    assert metrics["quoted_share"] == 1.0
    assert metrics["score"] >= 0.95


def test_examples_rest_on_their_own_sources_and_not_on_others() -> None:
    tasks = list(islice(example_tasks("qmsum-1000"), 24))
    own, others = [], []
    for place, task in enumerate(tasks):
        text, other = write(task).markdown, tasks[(place + 12) % 24]
        own.append(
            measure(text, Sources(task.text_chunks, task.storyline_node, task.book_metadata), 900)[
                "grounding"
            ]
        )
        others.append(measure(text, Sources(other.chunks, other.node, task.book_metadata), 900)["grounding"])

    assert median(each["close_share"] for each in own) >= 0.99
    assert median(each["close_share"] for each in others) <= 0.2


# ------------------------------------------------------------------ ends, leftovers, languages


@pytest.mark.parametrize(
    ("ending", "is_cut_off"),
    [
        ("And then the ferry went back into the wat", True),
        ("And then, when the ice broke, the ferry,", True),
        ("## What came after", True),
        ("And then the ferry went back into the water. [c-1]", False),
        ("“And then the ferry went back into the water.” [c-1]", False),
        ("- the benches\n- the shelves", False),
        ("**Ottilie Varnholt:** We burned the benches first, and then the [c-1]", False),
    ],
)
def test_an_end_that_is_cut_off_is_seen(ending: str, is_cut_off: bool) -> None:
    metrics = measured(f"{TOLD}\n\n{ending}")

    assert metrics["is_cut_off"] is is_cut_off
    assert (metrics["score"] <= 0.5) is is_cut_off


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("He was born in [insert year here] by the river.", "[insert year here]"),
        ("As an AI language model, I cannot know what he felt.", "As an AI language model"),
        ("Then they left. <|im_end|>", "<|im_end|>"),
        ("Lorem ipsum dolor sit amet.", "Lorem ipsum dolor sit amet."),
    ],
)
def test_what_nobody_was_meant_to_read_is_listed(text: str, left: str) -> None:
    metrics = measured(f"{TOLD}\n\n{text} [c-1]")

    assert any(left in each for each in metrics["leftovers"])
    assert metrics["score"] <= 0.5


def test_what_a_source_says_itself_is_no_leftover() -> None:
    chunk = SourceChunk("c-1", f"{FERRY.text} And on the list my father wrote TODO in red.", "Emm")

    assert (
        measured(f"{TOLD}\n\nOn the list my father wrote TODO in red. [c-1]", chunk, SOUP)["leftovers"] == []
    )


def test_in_german_nothing_is_called_invented() -> None:
    text = "Der Vater stand am Morgen mit Wilhelm Kessler am Ufer, und 1931 kam das Hochwasser. [g-1]"

    metrics = measured(text, GERMAN)

    assert metrics["script"] == "spaced"
    assert metrics["grounding"] is None
    assert metrics["score"] is None
    assert metrics["weak"] == []
    assert metrics["coverage"] > 0


def test_german_quotations_are_weighed_as_quotations() -> None:
    assert measured(f"**Ottilie:** {GERMAN.text} [g-1]", GERMAN, words=37)["score"] == 1.0


def test_a_translation_is_not_compared_word_by_word() -> None:
    metrics = measured("The river froze in January, and my father stood on the bank. [g-1]", GERMAN)

    assert metrics["grounding"] is None


def test_a_script_without_spaces_is_measured_only_where_words_are_not_compared() -> None:
    metrics = measured("一月に川が凍り、渡し船は九週間氷の中にあった。TODO: 確認 [j-1]", JAPANESE)

    assert metrics["script"] == "unspaced"
    assert [metrics[key] for key in ("coverage", "repetition_within", "grounding", "is_cut_off")] == [
        None
    ] * 4
    assert 0 < metrics["parts"]["length"] < 1


def test_a_chapter_without_source_text_has_no_score() -> None:
    metrics = measure("*A summary.*\n\nThe year was 1931, they say.", Sources((), sources().node, {}), 900)

    assert (metrics["score"], metrics["grounding"], metrics["coverage"]) == (None, None, None)


# ------------------------------------------------------------------ the whole


def test_score_is_the_weighted_mean_of_what_was_measured() -> None:
    parts = parts_of(grounding=0.8, length=0.5, within=None, across=0.17, is_clean=True)

    assert parts["repetition_across"] == 0.5
    assert score_of(parts) == round((0.45 * 0.8 + 0.15 * 0.5 + 0.10 * 0.5 + 0.15) / 0.85, 2)


def test_metrics_are_small_whatever_the_text() -> None:
    text = " ".join(
        f"Wilhelm{'x' * 300} Kessler{n} came with Anna Lind in {n} to [insert {n}]." for n in range(3_000)
    )

    assert len(json.dumps(measured(text))) < 60_000


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "*" * 20_000, "A" * 200_000, "1," * 50_000, "“" * 20_000, "[c-1]" * 20_000, "_" * 20_001, "\\" * 9,
     "A. " * 30_000, "> " * 9_000, "one hundred and " * 9_000, "\u202e\ufeff\u0000", "a\n" * 30_000],
)  # fmt: skip
def test_strange_text_is_measured_without_trouble(text: str) -> None:
    metrics = measured(text or "x", SourceChunk("c-1", text), SOUP)

    assert json.loads(json.dumps(metrics)) == metrics
