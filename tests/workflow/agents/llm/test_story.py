"""The blocks about what came before: grown at the end, folded when full, never cut in the middle of a fact."""

import itertools
from dataclasses import replace

import pytest

from tests.workflow.agents.llm.tasks import earlier_chapters, fact, related
from workflow.agents.llm.prompt.earlier import list_facts, list_related, show_tail
from workflow.agents.llm.prompt.story import tell_story
from workflow.agents.llm.prompt.tokens import estimate_tokens
from workflow.contract.agent_types import ChapterContext, EarlierChapter


def lines_of(text: str) -> list[str]:
    return text.split("\n")[2:-1]


def test_few_chapters_have_a_line_each() -> None:
    story = tell_story(earlier_chapters(6), 700)

    assert [line.split(".")[0] for line in lines_of(story.block.text)] == list("123456")
    assert story.block.state == "whole"


def test_full_story_folds_the_oldest_to_titles_and_then_to_a_number() -> None:
    story = tell_story(earlier_chapters(99), 700)

    first, *rest = lines_of(story.block.text)
    assert first == f"({story.counted} earlier chapters are not listed.)"
    assert rest[0] == f"{story.counted + 1}. Year {story.counted + 1}"
    assert rest[-1].startswith("99. Year 99: The mill")
    told = [*range(1, story.counted + 1), *story.titles, *story.lines]
    assert told == list(range(1, 100))
    assert story.block.state == "shortened"


def test_story_grows_at_its_end_and_is_seldom_folded() -> None:
    texts = [tell_story(earlier_chapters(count), 700).block.text for count in range(20, 220)]

    bodies = [text.rpartition("\n")[0] for text in texts]
    grown = sum(after.startswith(before) for before, after in itertools.pairwise(bodies))
    assert grown >= 0.75 * len(texts)


@pytest.mark.parametrize("budget", [700, 350, 175, 90])
@pytest.mark.parametrize("count", [1, 7, 39, 41, 400, 5000])
def test_story_keeps_its_budget(count: int, budget: int) -> None:
    hard = earlier_chapters(count)
    wordy = tuple(
        replace(each, title="Wort " * 60, line=f"{each.number}. " + "Wasser " * 90) for each in hard.chapters
    )

    for context in (hard, replace(hard, chapters=wordy)):
        story = tell_story(context, budget)
        assert estimate_tokens(story.block.text) <= budget
        assert story.counted + len(story.titles) + len(story.lines) == count


def test_chapter_without_a_line_is_told_by_its_title() -> None:
    story = tell_story(ChapterContext((EarlierChapter(1, "The ferry"),)), 700)

    assert lines_of(story.block.text) == ["1. The ferry"]


def test_facts_are_whole_or_not_there() -> None:
    facts = [fact(each, sentence=f"{each} times " + "Emm rowed the hens over. " * 6) for each in range(1, 40)]

    ledger = list_facts(facts, 450)

    assert len(ledger.given) + len(ledger.left_out) == 39
    assert ledger.left_out
    assert all(line.endswith("hens over.") for line in lines_of(ledger.block.text))


def test_short_fact_goes_in_where_a_long_one_found_no_room() -> None:
    facts = [fact(1), fact(2, sentence="Ottilie told it at length. " * 60), fact(3)]

    assert [each.chapter for each in list_facts(facts, 200).given] == [1, 3]


def test_sentence_about_two_names_stands_once() -> None:
    said = "Emm and Ottilie rowed to Ulm in 1931."
    ledger = list_facts([fact(4, "Emm", said), fact(4, "Ottilie", said)], 450)

    assert lines_of(ledger.block.text) == [f"Chapter 4: {said}"]
    assert [each.name for each in ledger.given] == ["Emm", "Ottilie"]


def test_facts_stand_in_the_order_of_the_book() -> None:
    ledger = list_facts([fact(9, "Ottilie"), fact(2, "Emm")], 450)

    assert [line.split(":")[0] for line in lines_of(ledger.block.text)] == ["Chapter 2", "Chapter 9"]


def test_related_nodes_are_given_nearest_first_and_the_first_that_is_too_long_is_shortened() -> None:
    block = list_related([related(1, 3), related(2, 90), related(3, 90)], 300)

    assert (block.whole, block.shortened, block.left_out) == (("n-1",), ("n-2",), ("n-3",))
    assert estimate_tokens(block.block.text) <= 300


def test_tail_begins_with_a_sentence_and_cites_nothing() -> None:
    ending = "Nobody knew. " + "The mill stood [laughs] still until the autumn. [c-900] " * 40
    tail = show_tail(EarlierChapter(4, "Before", ending=ending, cited=("c-900",)), 260)

    body = "\n".join(lines_of(tail.text))
    assert body.startswith("The mill stood [laughs] still")
    assert "c-900" not in body
    assert tail.state == "shortened"
