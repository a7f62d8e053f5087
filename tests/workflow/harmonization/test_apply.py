"""Findings go into the text and come out again, one by one, and never into a quotation."""

from dataclasses import replace

import pytest

from chapterflow_site.core.exceptions import DomainError
from workflow.contract.agent_types import SourceChunk, SourceNode, WrittenChapter
from workflow.harmonization import (
    Finding,
    apply_change,
    apply_findings,
    find_all,
    protected_spans,
    undo_change,
)

CHUNKS = (SourceChunk("c-1", "Okay, it's gone - gone, I think. TODO: nothing.", speaker="Fred"),)
QUOTE = "**Fred:** Okay, it's gone - gone, I think. TODO: nothing. [c-1]"
TEXT = f"""# Title 1

He came – she's gone - and TODO was the the word. It is so. TODO: look it up.

{QUOTE}

## The end.

As an AI language model, I cannot know. They've left – "early" – and that’s that’s all. It’s over, it’s done.
"""


def finding(text: str, find: str, new: str | None, **values: object) -> Finding:
    start = text.index(find)
    made = Finding(1, "rule", find, new, start, start + len(find), "why", "minor", {}, new is not None)
    return replace(made, **values)


def chapter(markdown: str) -> WrittenChapter:
    return WrittenChapter(1, "Title 1", markdown, SourceNode("n1", "Title 1"), CHUNKS)


def refusal(*args: object, **context: str) -> str:
    with pytest.raises(DomainError) as caught:
        apply_change(*args, **context)  # type: ignore[arg-type]
    return caught.value.code


def test_automatic_findings_of_all_rules_are_applied_and_nothing_else():
    applied = apply_findings(TEXT, find_all([chapter(TEXT)])[1], CHUNKS)

    assert (
        applied.markdown
        == f"""He came – she’s gone – and TODO was the the word. It is so.

{QUOTE}

## The end.

They’ve left – "early" – and that’s that’s all. It’s over, it’s done.
"""
    )
    assert applied.rejected == ()
    assert [placed.finding.find for placed in applied.suggestions] == ["TODO", "the the", "that’s that’s"]


def test_second_pass_finds_nothing_automatic():
    once = apply_findings(TEXT, find_all([chapter(TEXT)])[1], CHUNKS).markdown

    again = find_all([chapter(once)]).get(1, [])

    assert not any(found.automatic for found in again)


def test_applied_findings_and_suggestions_know_their_place_in_the_new_text():
    applied = apply_findings(TEXT, find_all([chapter(TEXT)])[1], CHUNKS)

    for placed in applied.applied:
        assert applied.markdown.startswith(placed.finding.replace or "", placed.offset)
    for placed in (*applied.applied, *applied.suggestions):
        written = (placed.finding.replace or "") if placed in applied.applied else placed.finding.find
        assert applied.markdown[: placed.offset].endswith(placed.before)
        assert applied.markdown[placed.offset + len(written) :].startswith(placed.after)


@pytest.mark.parametrize("order", [1, -1])
def test_all_changes_can_be_taken_back_in_any_order(order: int):
    applied = apply_findings(TEXT, find_all([chapter(TEXT)])[1], CHUNKS)
    text = applied.markdown

    for placed in applied.applied[::order]:
        change = placed.finding
        text = undo_change(
            text, change.find, change.replace or "", placed.offset, before=placed.before, after=placed.after
        ).markdown

    assert text == TEXT


def test_finding_is_rejected_where_the_text_has_changed():
    stale = replace(finding("One two.", "two", "2"), start=0, end=3)

    applied = apply_findings("One two.", [stale], ())

    assert applied.markdown == "One two."
    assert applied.rejected == ((stale, "the text at this place is not what it was"),)


def test_finding_inside_a_quotation_is_rejected():
    inside = finding(TEXT, "gone, I think", "away, I think")

    applied = apply_findings(TEXT, [inside], CHUNKS)

    assert applied.markdown == TEXT
    assert applied.rejected == ((inside, "it would change a quotation from a source"),)


@pytest.mark.parametrize("text", ["> said two", "a `two` b", "Once “gone two” was said."])
def test_finding_inside_what_is_protected_is_rejected(text: str):
    chunks = (SourceChunk("c-9", "All gone two."),)

    assert apply_findings(text, [finding(text, "two", "2")], chunks).markdown == text


def test_finding_that_would_unmake_a_quotation_from_outside_is_rejected():
    joined = finding(TEXT, "up.\n\n", "up. ")

    applied = apply_findings(TEXT, [joined], CHUNKS)

    assert applied.markdown == TEXT
    assert [why for _, why in applied.rejected] == ["it would change a quotation from a source"]


def test_of_two_edits_at_one_place_the_more_severe_is_applied():
    weak, strong = finding("One two.", "One two", "1 2"), finding("One two.", "two", "II", severity="major")

    applied = apply_findings("One two.", [weak, strong], ())

    assert applied.markdown == "One II."
    assert [found for found, _ in applied.rejected] == [weak]


def test_suggestions_are_not_applied():
    suggestion = finding("One two.", "two", "2", automatic=False)

    assert apply_findings("One two.", [suggestion], ()).markdown == "One two."


def test_suggestion_about_words_that_were_taken_out_is_dropped():
    text = "One. A a note. Two."
    removal, inner = finding(text, " A a note.", "", severity="major"), finding(text, "A a", None)

    assert apply_findings(text, [removal, inner], ()).suggestions == ()


def test_change_is_made_at_its_offset_among_equal_words():
    edited = apply_change("one one one", "one", "two", 4, [])

    assert (edited.markdown, edited.offset, edited.before, edited.after) == ("one two one", 4, "one ", " one")


def test_change_that_moved_is_made_at_the_only_place():
    assert apply_change("A new start. He left.", "left", "went", 3, []).markdown == "A new start. He went."


def test_change_that_moved_is_made_where_its_context_stands():
    text = "New. He went to the left bank, then he went to the left door of the house."

    edited = apply_change(
        text, "left", "right", 3, [], before="then he went to the ", after=" door of the house."
    )

    assert edited.markdown.endswith("the left bank, then he went to the right door of the house.")


def test_change_is_refused_where_its_place_is_not_clear():
    assert refusal("one one", "one", "two", 2, []) == "ambiguous"
    assert refusal("none", "one", "two", 0, []) == "not_found"
    assert refusal("none", "", "two", 9, []) == "not_found"


def test_change_is_never_made_in_a_quotation():
    spans = protected_spans(TEXT, CHUNKS)

    assert refusal(TEXT, "I think", "I know", TEXT.index("I think"), spans) == "in_quotation"
    assert refusal(TEXT, "I think", "I know", 0, spans) == "in_quotation"


def test_change_goes_to_the_one_place_outside_quotations():
    text = f"I think so.\n\n{QUOTE}"

    assert apply_change(text, "I think", "I know", 3, protected_spans(text, CHUNKS)).markdown.startswith(
        "I know so."
    )


def test_part_of_a_word_is_no_place_for_a_change():
    assert refusal("Annual report.", "Ann", "Anne", 7, []) == "not_found"


def test_undone_change_can_be_applied_again():
    made = apply_change("He left early.", "left", "went", 3, [])
    undone = undo_change(made.markdown, "left", "went", made.offset, before=made.before, after=made.after)

    again = apply_change(undone.markdown, "left", "went", undone.offset, [])

    assert undone.markdown == "He left early."
    assert again.markdown == made.markdown


def test_undo_finds_its_place_after_other_changes():
    made = apply_change("A long road. He left early, and she left late.", "left", "went", 16, [])
    later = made.markdown.replace("A long road", "A very long and winding road")

    undone = undo_change(later, "left", "went", made.offset, before=made.before, after=made.after)

    assert undone.markdown == "A very long and winding road. He left early, and she left late."


def test_removal_is_undone_between_what_stood_around_it():
    text = "The first sentence. TODO. The last sentence."
    made = apply_change(text, " TODO.", "", 19, [])
    later = "Before all. " + made.markdown

    undone = undo_change(later, " TODO.", "", made.offset, before=made.before, after=made.after)

    assert undone.markdown == "Before all. " + text


def test_removal_of_the_whole_text_is_undone():
    made = apply_change("TODO", "TODO", "", 0, [])

    assert undo_change(made.markdown, "TODO", "", 0, before=made.before, after=made.after).markdown == "TODO"


def test_undo_is_refused_where_the_place_is_gone():
    made = apply_change("He left early in the morning.", "left", "went", 3, [])

    with pytest.raises(DomainError) as caught:
        undo_change("All new words.", "left", "went", made.offset, before=made.before, after=made.after)

    assert caught.value.code == "not_found"


def test_many_findings_of_one_chapter_are_applied_in_linear_time():
    text = "It's - so. " * 4_000 + "\n\n" + "It’s – so. " * 4_100

    findings = find_all([chapter(text)], enabled={"quotation_marks", "dashes"})[1]

    assert apply_findings(text, findings, ()).markdown.count("It’s – so.") == 8_100
