"""A model's reasoning is taken out of its answer, whatever marks it, and wherever the stream is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.agents.drafting.reasoning import ReasoningFilter, without_reasoning
from workflow.agents.llm.calls.streaming import RESET, MarkdownFilter

BLOCKS = [
    "<think>I should begin with the flood.</think>",
    "<THINKING>\nplan\n</THINKING>\n\n",
    "<thought>plan</thought>",
    "<reasoning>a <b> [c-1]</reasoning>",
    "[THINK]plan[/THINK]",
    "◁think▷plan◁/think▷",
    "<|START_THINKING|>plan<|END_THINKING|>",
    "<|channel|>analysis<|message|>plan<|end|><|start|>assistant<|channel|>final<|message|>",
    "<seed:think>plan</seed:think>",
]
CHAPTER = "The river <rose> as far as “[sic] the 3rd step”. [c-1]"


def streamed(text: str, cuts: list[int]) -> str:
    """Return what a reader sees of an answer that comes in pieces."""
    pieces: list[str] = []
    preview = MarkdownFilter(pieces.append)
    places = sorted({0, *(cut % (len(text) + 1) for cut in cuts), len(text)})
    for start, end in pairwise(places):
        preview.feed(text[start:end])
    preview.finish()
    return "".join(pieces).rpartition(RESET)[2]


@pytest.mark.parametrize("block", BLOCKS)
def test_reasoning_of_every_family_is_taken_out(block: str) -> None:
    assert without_reasoning(f"{block}{CHAPTER}") == (CHAPTER, True)
    assert without_reasoning(f"It rained. {block.strip()}{CHAPTER}") == (f"It rained. {CHAPTER}", True)


@given(st.sampled_from(BLOCKS), st.lists(st.integers(0, 300), max_size=12))
def test_no_reasoning_is_shown_wherever_the_stream_is_cut(block: str, cuts: list[int]) -> None:
    assert streamed(f"{block}{CHAPTER}", cuts).strip() == CHAPTER


@given(st.text(alphabet="<>[]|/◁▷ thinkcoausfmlyer\n", max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_pieces_give_what_the_whole_gives(text: str, cuts: list[int]) -> None:
    reading = ReasoningFilter()
    shown = ""
    places = sorted({0, *(cut % (len(text) + 1) for cut in cuts), len(text)})
    for start, end in pairwise(places):
        piece = reading.feed(text[start:end])
        shown = piece if reading.takes_back() else shown + piece
    shown += reading.finish()

    whole, was_there = without_reasoning(text)
    assert (shown.strip() if was_there else shown) == whole


@pytest.mark.parametrize(
    "text", ["<think>I should begin", "[THINK]", "<|channel|>analysis<|message|>We need"]
)
def test_what_never_ends_is_all_reasoning(text: str) -> None:
    assert without_reasoning(text) == ("", True)
    assert streamed(text, [5]) == ""


def test_what_was_shown_before_an_end_without_a_beginning_is_taken_back() -> None:
    assert streamed(f"I should begin with the flood. </think>{CHAPTER}", [4, 12, 33]).strip() == CHAPTER


@pytest.mark.parametrize(
    "text", [CHAPTER, "a < b [think tank] <thin> 1 <", "He thought </i> so.", "It cost <"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert without_reasoning(text) == (text, False)
