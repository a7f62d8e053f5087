"""Each rule finds the faults planted for it, and leaves alone what only looks like one."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from workflow.contract.agent_types import SourceChunk, SourceNode, WrittenChapter
from workflow.harmonization import RULES, Finding, apply_findings, find_all, rules
from workflow.harmonization.rules import (
    chapter_references,
    dashes,
    doubled_words,
    headings,
    name_variants,
    placeholders,
    quotation_marks,
    repeated_sentences,
)
from workflow.harmonization.rules.catalogue import RULE_MODULES


def chapter(
    number: int, markdown: str, *, title: str = "", chunks: tuple[SourceChunk, ...] = ()
) -> WrittenChapter:
    title = title or f"Title {number}"
    return WrittenChapter(number, title, markdown, SourceNode(f"n{number}", title), chunks)


def found(*texts: str, rule: str, ignored: tuple[str, ...] = ()) -> list[Finding]:
    chapters = [chapter(number, text) for number, text in enumerate(texts, start=1)]
    by_chapter = find_all(chapters, enabled={rule}, ignored_names=ignored)
    return [finding for number in sorted(by_chapter) for finding in by_chapter[number]]


def harmonized(*texts: str, rule: str) -> list[str]:
    chapters = [chapter(number, text) for number, text in enumerate(texts, start=1)]
    by_chapter = find_all(chapters, enabled={rule})
    return [apply_findings(c.markdown, by_chapter.get(c.number, []), c.chunks).markdown for c in chapters]


def test_catalogue_has_each_rule_once_and_says_which_change_text():
    keys = [rule.key for rule in RULES]

    assert len(keys) == len(set(keys)) == 9
    assert {rule.key for rule in RULES if not rule.automatic} == {
        "name_variants",
        "repeated_sentences",
        "doubled_words",
    }


def test_each_module_of_a_rule_is_in_the_list():
    modules = [import_module(f"{rules.__name__}.{found.name}") for found in iter_modules(rules.__path__)]
    described = {module.RULE.key for module in modules if hasattr(module, "RULE")}

    assert {module.rule.key for module in RULE_MODULES} == described


def test_rule_that_is_off_finds_nothing():
    assert find_all([chapter(1, "TODO: write this.")], enabled=()) == {}


# Quotation marks


def test_straight_marks_become_curly_where_the_book_is_curly():
    texts = harmonized(
        "“One” and “two”, he said. They’re here. It’s so.",
        "She said \"no\" and left. It's the dogs' house.",
        rule=quotation_marks.RULE.key,
    )

    assert texts[1] == "She said “no” and left. It’s the dogs’ house."


def test_curly_marks_become_straight_where_the_book_is_straight():
    texts = harmonized('"One" and "two" and "three".', "Then “four”.", rule=quotation_marks.RULE.key)

    assert texts == ['"One" and "two" and "three".', 'Then "four".']


@pytest.mark.parametrize(
    "text",
    [
        'A 6" pipe broke.',
        "He is 6'2 tall, and ran 5' more.",
        '`print("x")` and [a](b "title")',
        "„So“ sagte sie, und »so« er, 'so'.",
        'A stray " mark.',
    ],
)
def test_inches_code_and_other_systems_of_quotation_are_left_alone(text: str):
    findings = found(
        "“One”, “two”, “three”. It’s, they’re, we’re, you’re.", text, rule=quotation_marks.RULE.key
    )

    assert findings == []


@pytest.mark.parametrize(
    ("straight", "curly"), [("'Twas", "’Twas"), ("the '60s", "the ’60s"), ("'Go!' he", "‘Go!’ he")]
)
def test_apostrophes_that_open_a_word_are_told_from_quotation_marks(straight: str, curly: str):
    texts = harmonized(
        "It’s they’re we’re you’re he’s.", f"So {straight} said.", rule=quotation_marks.RULE.key
    )

    assert texts[1] == f"So {curly} said."


# Dashes


def test_dashes_follow_the_majority():
    texts = harmonized(
        "One – two – three – four.", "Five—six, seven - eight, nine -- ten, a — b is.", rule=dashes.RULE.key
    )

    assert texts[1] == "Five – six, seven – eight, nine – ten, a – b is."


@pytest.mark.parametrize(
    "text",
    [
        "From 1914 - 1918 and 1914—1918.",
        "A well-known up-to-date ex-wife.",
        "- one\n- two",
        "From 9 am - 5 pm.",
        "From May - June.",
        "Parts IV - VI.",
        "| a - b | c |\n| --- | --- |",
        "One\n\n---\n\nTwo",
        "I thought—",
    ],
)
def test_ranges_hyphens_lists_tables_and_rules_are_no_dashes(text: str):
    assert found("One – two – three – four.", text, rule=dashes.RULE.key) == []


# Headings


def test_headings_start_at_level_two_and_do_not_jump():
    (text,) = harmonized("# A\n\nx\n\n### B\n\ny\n\n### C\n\n# D", rule=headings.RULE.key)

    assert text == "## A\n\nx\n\n### B\n\ny\n\n### C\n\n## D"


def test_heading_that_repeats_the_title_is_dropped():
    chapters = [chapter(1, "# Chapter 1: The Bell’s Rope\n\nText.\n\n## More", title="The Bell's Rope")]

    findings = find_all(chapters, enabled={headings.RULE.key})[1]

    assert apply_findings(chapters[0].markdown, findings, ()).markdown == "Text.\n\n## More"


def test_full_stops_at_the_end_of_headings_go_where_most_have_none():
    (text,) = harmonized(
        "## One\n\n## Two.\n\n## Why?\n\n## The U.S.\n\n## Three:\n\n## Wait…", rule=headings.RULE.key
    )

    assert text == "## One\n\n## Two\n\n## Why?\n\n## The U.S.\n\n## Three\n\n## Wait…"


def test_sentence_case_becomes_title_case_where_most_headings_have_it():
    most = "The river, the door, a winter and white heads.\n\n## The River Door\n\n## A Winter\n\n## White Heads\n\n"
    (text,) = harmonized(most + "## The door\n\n## A White Door", rule=headings.RULE.key)

    assert "## The Door" in text


def test_names_keep_their_capitals_in_sentence_case():
    most = "## The river door\n\n## A long winter\n\n## Two white heads\n\n## Some other day\n\n"
    (text,) = harmonized(most + "## The Bridge at Halford\n\nThe bridge.", rule=headings.RULE.key)

    assert "## The bridge at Halford" in text


def test_marks_inside_a_recapitalized_heading_are_changed_with_it():
    most = "It’s the man’s. We’re a winter door.\n\n## The Man’s Door\n\n## A Winter\n\n## The Winter\n\n"
    chapters = [chapter(1, most + "## The man's door")]

    findings = find_all(chapters)[1]

    assert apply_findings(chapters[0].markdown, findings, ()).markdown.endswith("## The Man’s Door")


# Placeholders


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("One.\n\nTODO: check the dates.\n\nTwo.", "One.\n\nTwo."),
        ("One. TODO: check.\n\nTwo.", "One.\n\nTwo."),
        ("One. [Insert the date here] Two.", "One. Two."),
        ("One.\n\n[TODO add the ending]", "One."),
        ("Lorem ipsum dolor sit amet, consectetur elit. Ut enim ad minim veniam, nostrud.\n\nTwo.", "Two."),
        ("As an AI language model, I cannot know this. They left.", "They left."),
        ("I'm sorry, but as an AI model, I have no access to it.\n\nThey left.", "They left."),
        ("Certainly! Here is the revised chapter:\n\nThey left.", "They left."),
        ("Hier ist das überarbeitete Kapitel:\n\nSie gingen.", "Sie gingen."),
        ("Aquí está el capítulo:\n\nSe fueron.", "Se fueron."),
        ("They left.\n\nLet me know if you'd like any changes!", "They left."),
        ("- One\n- TODO: more\n- Two", "- One\n- Two"),
    ],
)
def test_whole_notes_and_remarks_are_taken_out(text: str, clean: str):
    assert harmonized(text, rule=placeholders.RULE.key) == [clean]


@pytest.mark.parametrize("text", ["He was born in [insert year] in Ohio.", "The date is TBD and so on."])
def test_gap_inside_a_sentence_is_only_pointed_out(text: str):
    (finding,) = found(text, rule=placeholders.RULE.key)

    assert finding.replace is None
    assert not finding.automatic


@pytest.mark.parametrize(
    "text",
    [
        "She kept a TODO list in the kitchen.",
        "As an AI researcher, I saw it coming.",
        "As an AI model, it was slow.",
        "It is here. Feel free to ask, she said.\n\nAnd more.",
        "They insert a pin [see there](x).",
        "The page said “Lorem ipsum”, and nobody laughed.",
        "Of course he did. Sure, why not.",
        "Of course. We went at dawn. [c-1]",
        "We left. [c-1]\n\nLet me know if you need bread, he said. [c-1]",
        "TODO SOBRE MI MADRE was shown that year.",
    ],
)
def test_ordinary_sentences_are_no_placeholders(text: str):
    assert found(text, rule=placeholders.RULE.key) == []


# Chapter references


TITLES = {1: "Flood Year", 2: "The Surveyor’s Pegs", 3: "Leaving"}


def references(text: str) -> list[Finding]:
    chapters = [chapter(n, text if n == 1 else "", title=title) for n, title in TITLES.items()]
    return find_all(chapters, enabled={chapter_references.RULE.key}).get(1, [])


@pytest.mark.parametrize(
    ("text", "replace"),
    [
        ("As told in Chapter 14, “The Surveyor's Pegs”, it froze.", "Chapter 2"),
        ("See chapter three (The Surveyor’s Pegs).", "chapter two"),
        ("“Leaving” (Chapter I) has it.", "Chapter III"),
        ("Chapter 3, The Surveyor's Pegs, has it.", "Chapter 2"),
    ],
)
def test_number_that_the_title_contradicts_is_corrected(text: str, replace: str):
    (finding,) = references(text)

    assert finding.replace == replace
    assert finding.automatic


def test_number_that_the_book_does_not_have_is_pointed_out():
    (finding,) = references("As told in Chapter 14, it froze.")

    assert (finding.replace, finding.severity) == (None, "major")
    assert "3 chapters" in finding.reason


@pytest.mark.parametrize(
    "text",
    [
        "As told in Chapter 3, it froze.",
        "See chapter 2, “The Surveyor’s Pegs”.",
        "He filed for Chapter 11 bankruptcy.",
        "She read Chapter 12 of Genesis aloud.",
        "Moby-Dick's chapter 32 is long.",
        "Another chapter opened. Chapter 3, leaving aside the rest.",
    ],
)
def test_right_numbers_and_other_books_are_left_alone(text: str):
    assert references(text) == []


def test_titles_of_chapters_that_are_not_written_count_too():
    chapters = [chapter(1, "As told in Chapter 5, it froze.")]

    titles = {n: f"Title {n}" for n in range(1, 6)}

    assert find_all(chapters, titles=titles) == {}


# Names


def test_rare_spelling_of_a_frequent_name_is_suggested_never_applied():
    texts = ["Then came Ruprecht again. And so Ruprecht left, with Ruprecht’s dog.", "So Rupprecht came."]

    (finding,) = found(*texts, rule=name_variants.RULE.key)

    assert (finding.find, finding.replace, finding.automatic) == ("Rupprecht", "Ruprecht", False)
    assert finding.reason == "Spelled “Ruprecht” in 3 places of 1 chapter, and once otherwise."
    assert harmonized(*texts, rule=name_variants.RULE.key) == texts


def test_ignored_spelling_is_left_alone():
    texts = ["Then Halford and Halford and Halford.", "And Hallford."]

    assert len(found(*texts, rule=name_variants.RULE.key)) == 1
    assert found(*texts, rule=name_variants.RULE.key, ignored=("Hallford",)) == []


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        ("Ireland", "Iceland"),
        ("Albert", "Alberta"),
        ("America", "American"),
        ("Ministers", "Ministry"),
        ("GCSEs", "GCSAs"),
        ("Anna", "Anne Smith"),
        ("Mark Twain", "Mark Train Company"),
    ],
)
def test_different_names_are_not_variants(usual: str, other: str):
    assert (
        found(f"To {usual} from {usual} by {usual}. " * 4, f"To {other}.", rule=name_variants.RULE.key) == []
    )


def test_word_at_the_start_of_a_sentence_is_no_name():
    texts = ["Near Marlow, by Marlow, to Marlow, in Marlow.", "Marlov. Harlow came. Narrow it is."]

    assert found(*texts, rule=name_variants.RULE.key) == []


# Repeated sentences


TWIN = "In the autumn of that year the men put a row of white pegs along the towpath."


def test_sentence_of_an_earlier_chapter_is_pointed_out_in_the_later_one():
    other = TWIN.replace("autumn", "winter")

    (finding,) = found(TWIN, "Nothing here.", f"Well. {other}", rule=repeated_sentences.RULE.key)

    assert (finding.chapter, finding.find, finding.replace) == (3, other, None)
    assert finding.evidence["chapter"] == 1


def test_refrain_of_many_chapters_is_no_repetition():
    texts = [f"{opening} {TWIN[3:]}" for opening in ("Once in", "Early in", "Late in", "Then, in")]

    assert found(*texts, rule=repeated_sentences.RULE.key) == []


def test_common_way_to_begin_is_no_repetition():
    texts = [TWIN, TWIN, "In the autumn of 1957 nobody thought that anything could ever change here."]

    assert len(found(*texts[:2], "Nothing.", rule=repeated_sentences.RULE.key)) == 1
    assert found(*texts, rule=repeated_sentences.RULE.key) == []


def test_form_of_the_book_with_other_numbers_and_names_is_no_repetition():
    texts = [
        f"What follows rests on {n} passages of the record, in the order of it; we hear {n}."
        for n in range(6)
    ]

    assert found(*texts, rule=repeated_sentences.RULE.key) == []


def test_unlike_and_short_sentences_are_no_repetition():
    assert found(TWIN, "They left at once.", "They left at once.", rule=repeated_sentences.RULE.key) == []


# Doubled words


@pytest.mark.parametrize(
    ("text", "find"), [("By the the river.", "the the"), ("The the end.", "The the"), ("a\na b", "a\na")]
)
def test_doubled_word_is_suggested(text: str, find: str):
    (finding,) = found(text, rule=doubled_words.RULE.key)

    assert (finding.find, finding.automatic) == (find, False)
    assert finding.replace == find.split()[0]


@pytest.mark.parametrize(
    "text",
    [
        "He had had it, and said that that was it.",
        "To Walla Walla and Sing Sing.",
        "The end. End of it.",
        "It is well-known known-unknowns.",
        "A long long way.",
        "one\n\none",
    ],
)
def test_right_doubles_are_left_alone(text: str):
    assert found(text, rule=doubled_words.RULE.key) == []
