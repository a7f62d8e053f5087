"""What is kept of a written chapter: its line, and exact facts by name, without a model."""

import pytest

from workflow.agents.memory import find_names, lookup_keys, memory_of, name_key
from workflow.agents.memory.told import told_sentences, without_marks
from workflow.contract.agent_types import ChapterContext, KnownFact, SourceNode

NODE = SourceNode("n1", "The high water", participants=("Emm Varnholt (ferryman)",))
TEXT = (
    "## The mill\n\n"
    "Ottilie was the ferryman’s daughter, and *nobody* could row as she did. In 1931 Ottilie carried forty hens to "
    "the Lindenhof. [c-1]\n\n"
    "**Emm Varnholt:** I was born in 1912, two days after the flood. You know, Ottilie, that was a river. [c-2]\n\n"
    "Somebody wrote this without any source in Ulm."
)


def facts_of(text: str = TEXT, context: ChapterContext = ChapterContext()) -> dict[tuple[str, str], str]:  # noqa: B008
    memory = memory_of(4, "The high water", text, NODE, ["c-1", "c-2"], context)
    return {(fact.name, fact.kind): fact.sentence for fact in memory.facts}


def test_name_is_introduced_by_the_sentence_that_explains_it() -> None:
    assert facts_of()["Ottilie", "introduction"].startswith(
        "Ottilie was the ferryman’s daughter, and nobody could"
    )


def test_numbers_and_dates_about_a_name_are_kept() -> None:
    assert facts_of()["Ottilie", "figure"] == "In 1931 Ottilie carried forty hens to the Lindenhof."


def test_what_somebody_says_of_themselves_is_about_them() -> None:
    said = "Emm Varnholt: I was born in 1912, two days after the flood."

    assert said in facts_of().values()


def test_being_spoken_to_is_no_fact() -> None:
    assert not any("You know, Ottilie" in sentence for sentence in facts_of().values())


def test_sentence_without_a_source_is_no_fact_where_others_cite() -> None:
    assert "Ulm" not in str(facts_of())


def test_facts_name_their_passages() -> None:
    memory = memory_of(4, "T", TEXT, NODE, ["c-1", "c-2"], ChapterContext())

    assert {fact.chunk_ids for fact in memory.facts if fact.name == "Ottilie"} == {("c-1",)}


def test_name_of_which_enough_is_known_adds_nothing() -> None:
    known = tuple(KnownFact("Ottilie", "She rowed.", number) for number in range(1, 7))

    assert "Ottilie" not in {name for name, _ in facts_of(context=ChapterContext(facts=known))}


def test_facts_of_one_chapter_are_bounded() -> None:
    many = "\n\n".join(
        f"Then Person{chr(65 + n % 26)}{n} came from the river in 19{n:02}, we say. [c-1]" for n in range(99)
    )

    assert len(memory_of(4, "T", many, NODE, ["c-1"], ChapterContext()).facts) <= 24


@pytest.mark.parametrize("text", ["", "[c-1]", "…" * 5000, "A. " * 4000, "**:** [c-1]", "# Heading alone"])
def test_odd_texts_leave_a_line_and_no_fault(text: str) -> None:
    assert memory_of(4, "The mill", text, NODE, ["c-1"], ChapterContext()).line.startswith("4. The mill")


def test_line_is_the_title_and_the_summary() -> None:
    node = SourceNode("n1", "The high water", "Short. The river took the mill and the hens of Ottilie. More.")

    line = memory_of(4, "The high water", TEXT, node, [], ChapterContext()).line

    assert line == "4. The high water: The river took the mill and the hens of Ottilie."


def test_line_says_its_title_once() -> None:
    node = SourceNode(
        "n1", "The river took the mill…", "The river took the mill and all the hens of Ottilie."
    )

    line = memory_of(4, node.title, TEXT, node, [], ChapterContext()).line

    assert line == "4. The river took the mill…: and all the hens of Ottilie."


def test_line_without_a_summary_is_a_sentence_of_the_text() -> None:
    line = memory_of(4, "Hens", TEXT, NODE, ["c-1", "c-2"], ChapterContext()).line

    assert line.removeprefix("4. Hens: ")[:40] in " ".join(
        told.whole for told in told_sentences(TEXT, ["c-1"])
    )
    assert len(line) <= 240


def test_names_are_found_again_without_title_and_with_other_capitals() -> None:
    assert name_key("Hon. Patty Hajdu") == name_key("PATTY HAJDU") == "patty hajdu"


def test_people_come_first_and_are_found_by_a_part_of_their_name() -> None:
    names = find_names(["We met Josefa at the Lindenhof. Josefa came, and the river rose."], ["Emm Varnholt"])

    assert next(iter(names)) == "emm varnholt"
    assert {"josefa", "lindenhof"} <= set(names)
    assert {"emm", "varnholt"} <= set(lookup_keys(names, ["Emm Varnholt"]))


def test_common_words_with_a_capital_are_no_names() -> None:
    assert find_names(["So Monday came. He said Well, and well it was. The Okay of it."]) == {}


def test_marks_of_other_things_stay() -> None:
    assert without_marks("It rose [sic] there. [c-1] [c-2]", ["c-1", "c-2"]) == "It rose [sic] there."
