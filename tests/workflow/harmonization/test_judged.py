"""Cases for a language model, its proposals checked, and what comes of its opinions. No model is asked here."""

import pytest

from workflow.agents.llm.model_review import MOST_INPUT, batches, instructions, judging_inquiry
from workflow.contract.agent_types import SourceChunk, SourceNode, WrittenChapter
from workflow.harmonization import Finding, apply_findings, find_all
from workflow.harmonization.cases import FACTS, MOST_PER_CHAPTER, Case, collect_cases
from workflow.harmonization.judged import Judged, put_together
from workflow.harmonization.opinions import Opinion, Proposal, Verdict, opinion_from
from workflow.harmonization.types import Severity

SOURCE = "In the autumn of 1957 the mill at Hollin closed for good. We heard it in the village of Marsh."
ONE = "The mill at Hollin closed in the autumn of 1957, and nobody spoke of it. [c-1]"
TWO = "It was a wet year. The mill at Hollin closed in the autumn of 1958. The men went home.\n\nMore came later."


def chapter(number: int, markdown: str, source: str = "", speaker: str = "Emm") -> WrittenChapter:
    chunks = [SourceChunk(f"c-{number}", source, speaker=speaker)] if source else []
    return WrittenChapter(number, f"Title {number}", markdown, SourceNode(f"n{number}", "T"), chunks)


BOOK = (chapter(1, ONE, SOURCE), chapter(2, TWO, SOURCE))


def cases_of(*chapters: WrittenChapter) -> tuple[Case, ...]:
    return collect_cases(chapters, find_all(chapters)).cases


def judge(
    proposal: Proposal | None,
    *chapters: WrittenChapter,
    verdict: Verdict = "contradiction",
    told: str = "",
) -> Judged:
    book = chapters or BOOK
    case = cases_of(*book)[0]
    return put_together(
        book, find_all(book), [(case, Opinion(verdict, proposal))], asked="openai:x", instructions=told
    )


def proposal(
    find: str = "1958",
    replace: str = "1957",
    *,
    chapter: int = 2,
    severity: Severity = "major",
    reason: str = "So.",
) -> Proposal:
    return Proposal(chapter, find, replace, reason, severity)


def why(judged: Judged) -> str:
    ((_, reason),) = (each for refusals in judged.refused.values() for each in refusals)
    return reason


def by_model(judged: Judged) -> list[Finding]:
    return [each for found in judged.found.values() for each in found if each.rule == "model"]


def test_two_chapters_with_different_years_are_a_case_with_their_sources() -> None:
    (case,) = cases_of(*BOOK)

    assert case.kind == FACTS
    assert case.told == "Chapter 1 gives the year as 1957, chapter 2 as 1958."
    assert [side.chapter for side in case.sides] == [2, 1]
    assert case.sides[0].before == "It was a wet year."
    assert case.sides[0].after == "The men went home."
    assert case.sides[0].source == "In the autumn of 1957 the mill at Hollin closed for good."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The mill at Hollin closed in the autumn of 1957.",
            "The mill at Hollin closed in the autumn of 1957.",
        ),
        ("The mill at Hollin closed in 1957.", "My sister married the ferryman of Marsh in 1958."),
        ("The mill at Hollin had four boats that year.", "The mill at Hollin had 4 boats that year."),
    ],
)
def test_what_does_not_conflict_is_no_case(one: str, other: str) -> None:
    found = cases_of(chapter(1, one), chapter(2, other))

    assert [case for case in found if case.kind == FACTS] == []


def test_numbers_in_words_are_compared_with_what_they_count() -> None:
    (case,) = cases_of(
        chapter(1, "The mill at Hollin kept four boats by the weir."),
        chapter(2, "By the weir at Hollin the mill kept three boats."),
    )

    assert case.told == "Chapter 1 gives the number of “boat” as 4, chapter 2 as 3."


def test_quotations_are_no_statements() -> None:
    quoted = chapter(
        2,
        "**Emm:** The mill at Hollin closed in the autumn of 1958. [c-2]",
        "The mill at Hollin closed in the autumn of 1958.",
    )

    assert cases_of(BOOK[0], quoted) == ()


def test_what_the_rules_only_suggest_is_a_case() -> None:
    chapters = [
        chapter(n, "We saw Hollingworth at the weir, and old Hollingworth saw us.") for n in (1, 2, 3)
    ]
    chapters.append(chapter(4, "Then we met Hollingwerth at the gate."))

    (case,) = [each for each in cases_of(*chapters) if each.kind == "name_variants"]

    assert case.sides[0].text == "Then we met Hollingwerth at the gate."
    assert case.sides[1].chapter == 1


def test_cases_of_a_book_grow_with_its_chapters_and_not_faster() -> None:
    def book(chapters: int) -> list[WrittenChapter]:
        text = "\n\n".join(
            f"The mill at Hollin kept {{n}}{k} boats of kind {k} by the weir." for k in range(20)
        )
        return [chapter(n, text.replace("{n}", str(n))) for n in range(1, chapters + 1)]

    small, large = cases_of(*book(5)), cases_of(*book(20))

    assert len(small) <= 5 * MOST_PER_CHAPTER
    assert len(large) <= 20 * MOST_PER_CHAPTER


def test_batches_fit_into_their_budget_and_lose_nothing() -> None:
    def told(number: int) -> str:
        place = "abcdefghijklmnopqrstuvwxyz"[number // 2] * 5
        start = f"The {place}mill by the {place}weir, which had stood there since anybody could think,"
        return f"{start} kept {number + 2} boats. " * 2

    cases = cases_of(*(chapter(number, told(number)) for number in range(52)))
    system = instructions({"names": ["Hollin", "Marsh"], "tense": "past"})

    made = list(batches(cases, system))

    assert [case.key for batch in made for case in batch] == [case.key for case in cases]
    assert len(made) > 2
    assert max(judging_inquiry(batch, system).tokens for batch in made) <= MOST_INPUT


def test_correction_that_the_sources_decide_is_made() -> None:
    judged = judge(proposal("the autumn of 1958", "the autumn of 1957"))

    applied = apply_findings(TWO, judged.found[2], BOOK[1].chunks)
    assert applied.markdown == TWO.replace("1958", "1957")
    (made,) = by_model(judged)
    assert (made.find, made.replace, made.automatic) == ("1958", "1957", True)
    assert made.evidence["asked"] == "openai:x"


@pytest.mark.parametrize("severity", ["minor", "info"])
def test_correction_that_matters_little_is_suggested(severity: Severity) -> None:
    (made,) = by_model(judge(proposal(severity=severity)))

    assert not made.automatic


@pytest.mark.parametrize(
    "source",
    ["", "In the autumn of 1957 and in the autumn of 1958 the mill at Hollin closed.", "In 1957 I was born."],
)
def test_correction_that_no_source_decides_is_suggested(source: str) -> None:
    (made,) = by_model(judge(proposal(), BOOK[0], chapter(2, TWO, source)))

    assert not made.automatic


def test_correction_that_changes_more_than_the_fact_is_suggested() -> None:
    (made,) = by_model(judge(proposal("closed in the autumn of 1958", "shut in the autumn of 1957")))

    assert not made.automatic


@pytest.mark.parametrize(
    ("find", "replace", "reason"),
    [
        ("1959", "1957", "do not stand in the sentences"),
        ("came", "went", "do not stand in the sentences"),
        ("1958", "1957 [c-9]", "a citation"),
        ("1958", "1957\n\n# Chapter", "laid out"),
        ("1958", "**1957**", "laid out"),
        ("1958", "<script>", "laid out"),
        ("1958", "“1957”", "nobody may have said"),
        ("1958", "1961", "brings in “1961”"),
        ("The men", "The men of Cornwall", "brings in “Cornwall”"),
        ("The men", "The nineteen men", "brings in “19”"),
        ("1958", "1957, or so it was told to all of us who lived there then", "much longer"),
        ("The mill at Hollin closed in the autumn of 1958.", "So.", "take out more"),
        ("wet year", "wet year, see www.example.org", "an address"),
        ("It was a wet year.", "As an AI language model, I cannot say.", "no part of a book"),
        ("The men went home.", "Judge each case by its own sentences alone, men.", "no part of a book"),
    ],
)  # fmt: skip
def test_bad_proposal_is_refused_with_its_reason(find: str, replace: str, reason: str) -> None:
    judged = judge(proposal(find, replace), told=instructions({}))

    assert reason in why(judged)
    assert all(made.replace is None for made in by_model(judged))


def test_words_that_stand_there_twice_are_refused() -> None:
    judged = judge(proposal("old", "new"), BOOK[0], chapter(2, TWO.replace("Hollin", "old, old Hollin")))

    assert "not clear which place" in why(judged)


def test_quotation_is_never_changed() -> None:
    text = "The mill at Hollin closed in the autumn of 1958. “We heard it in the village of Marsh,” she said. [c-2]"

    judged = judge(
        proposal("the village of Marsh", "our village of Marsh"), BOOK[0], chapter(2, text, SOURCE)
    )

    assert "quotation from a source" in why(judged)


@pytest.mark.parametrize("number", [3, 99, 1_000])
def test_proposal_for_a_chapter_that_was_not_shown_is_dropped(number: int) -> None:
    judged = judge(proposal(chapter=number), *BOOK, chapter(3, "It was 1958."))

    assert judged.refused == {}
    assert [made.replace for made in by_model(judged)] == [None]


def test_contradiction_without_a_correction_is_pointed_out() -> None:
    (made,) = by_model(judge(None))

    assert made.replace is None
    assert made.chapter == 2
    assert made.reason == "Chapter 1 gives the year as 1957, chapter 2 as 1958."
    assert made.evidence["others"] == [{"chapter": 1, "text": ONE}]


@pytest.mark.parametrize("verdict", ["fine", "same"])
def test_facts_that_the_model_finds_right_are_not_pointed_out(verdict: Verdict) -> None:
    assert by_model(judge(None, verdict=verdict)) == []


def test_reason_that_nobody_should_read_is_replaced() -> None:
    (made,) = by_model(judge(proposal(reason="Log in at https://example.org first.")))

    assert made.reason == "Chapter 1 gives the year as 1957, chapter 2 as 1958."


def test_verdict_on_a_suggestion_is_noted_with_it() -> None:
    chapters = [
        chapter(n, "We saw Hollingworth at the weir, and old Hollingworth saw us.") for n in (1, 2, 3)
    ]
    chapters.append(chapter(4, "Then we met Hollingwerth at the gate."))
    found = find_all(chapters)
    (case,) = [each for each in collect_cases(chapters, found).cases if each.kind == "name_variants"]

    judged = put_together(chapters, found, [(case, Opinion("fine"))], asked="openai:x")

    (noted,) = [each for each in judged.found[4] if each.rule == "name_variants"]
    assert noted.evidence["model"] == {"verdict": "fine", "asked": "openai:x"}


def test_merge_of_names_is_suggested_once_and_made_only_where_the_sources_decide() -> None:
    def merged(source: str) -> list[Finding]:
        chapters = [
            chapter(n, "We saw Hollingworth at the weir, and old Hollingworth saw us.") for n in (1, 2, 3)
        ]
        chapters.append(chapter(4, "Then we met Hollingwerth at the iron gate.", source))
        found = find_all(chapters)
        (case,) = [each for each in collect_cases(chapters, found).cases if each.kind == "name_variants"]
        opinion = Opinion("same", proposal("Hollingwerth", "Hollingworth", chapter=4))
        return [*put_together(chapters, found, [(case, opinion)], asked="openai:x").found[4]]

    (alone,) = merged("")
    (decided,) = merged("We met Hollingworth at the iron gate in the rain.")
    assert (alone.rule, alone.replace, alone.automatic) == ("model", "Hollingworth", False)
    assert decided.automatic


def test_opinion_is_read_again_as_it_was_kept() -> None:
    opinion = Opinion("same", proposal())

    assert opinion_from(opinion.as_json()) == opinion


@pytest.mark.parametrize(
    "kept", [None, [], {"verdict": "no"}, {"verdict": "same", "proposal": {"chapter": "1"}}]
)
def test_what_cannot_be_read_is_no_proposal(kept: object) -> None:
    assert opinion_from(kept).proposal is None
