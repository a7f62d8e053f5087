"""The quotations writer leaves out what the person does not want told, and says so."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from books.actions import edit_book, edit_outline, upload_storyline
from books.sources import rules_of
from tests.workflow.engine.test_leases import claim
from tests.workflow.quotation_tasks import make_task
from tests.workflow.sessions import new_version
from workflow.actions import start_session
from workflow.agents.drafting.drafts import check_draft
from workflow.agents.llm import Watch
from workflow.agents.orchestrator import AgentOrchestrator
from workflow.context.chapter_task import chapter_task, chunks_of
from workflow.contract.agent_types import JSON, ChapterResult, SourceChunk
from workflow.engine.writing import write_chapter

RIVER = SourceChunk("c1", "The river closed in winter, and we walked over the ice to the other bank.", "Emm")
DIVORCE = SourceChunk("c2", "After the Divorce my mother kept the bell in the kitchen for many years.", "Emm")
BELL = SourceChunk("c3", "The bell hung on the far bank, and whoever wanted the ferry rang it twice.", "Emm")


def told(
    person: User, *chunks: SourceChunk, leave_out: str, **node: object
) -> tuple[ChapterResult, list[JSON]]:
    """Let the quotations writer write the chapter of a book that leaves something out; return it with its notes."""
    data = {
        "book": {"title": "Salt", "preferences": {"leave_out": [leave_out]}},
        "nodes": [{"id": "n1", "title": "A childhood", "chunk_ids": [chunk.id for chunk in chunks], **node}],
        "chunks": [{"id": chunk.id, "text": chunk.text, "speaker": chunk.speaker} for chunk in chunks],
    }
    session, _ = start_session(upload_storyline(json.dumps(data), actor=person), actor=person)
    item = session.items.get()
    task = chapter_task(session, item, chunks_of(item.chapter.node, rules_of(item.chapter.version)))
    notes: list[JSON] = []
    draft = AgentOrchestrator("quotations").execute_chapter_writer_task(
        task, lambda text: None, Watch(note_context=notes.append)
    )
    return check_draft(draft, task), notes


@pytest.mark.parametrize("term", ["divorce", "the  DIVORCE", "Divorce my mother"])
def test_passage_with_the_term_is_left_out_whole_and_noted(person: User, term: str) -> None:
    draft, notes = told(person, RIVER, DIVORCE, BELL, leave_out=term)

    assert "mother" not in draft.content
    assert "ice" in draft.content
    assert draft.source_chunk_ids == ("c1", "c3")
    assert notes == [{"left_out_passages": ["c2"]}]


@pytest.mark.parametrize("term", ["divorc", "ice cream", "el", "kitchenette"])
def test_part_of_a_word_leaves_nothing_out(person: User, term: str) -> None:
    draft, notes = told(person, RIVER, DIVORCE, BELL, leave_out=term)

    assert draft.source_chunk_ids == ("c1", "c2", "c3")
    assert notes == []


def test_apostrophes_and_line_breaks_do_not_hide_a_term(person: User) -> None:
    chunk = SourceChunk("c9", "We went to Ballin’s\nmill with two sacks of rye and came back late.", "Emm")

    draft, _ = told(person, RIVER, chunk, leave_out="Ballin's mill")

    assert draft.source_chunk_ids == ("c1",)


def test_script_without_spaces_is_searched_too(person: User) -> None:
    chunk = SourceChunk("c9", "大川が上がった。", "Emm")

    assert told(person, RIVER, chunk, leave_out="川")[0].source_chunk_ids == ("c1",)


def test_summary_and_themes_that_tell_of_it_go_too(person: User) -> None:
    node = {"summary": "About the divorce.", "themes": ["the divorce", "winter"]}

    draft, _ = told(person, RIVER, leave_out="divorce", **node)

    assert "divorce" not in draft.content.casefold()
    assert draft.themes[:1] == ("winter",)


def test_chapter_of_which_nothing_remains_says_why(person: User) -> None:
    draft, _ = told(person, DIVORCE, leave_out="divorce")

    assert draft.content == (
        "This storyline tells of nothing but what is to be left out, so nothing is quoted here."
    )


@pytest.mark.parametrize("term", ["(", "[a-z]+", "\\", ".*", "a|b", "(?i)"])
def test_terms_are_words_and_no_patterns(person: User, term: str) -> None:
    assert told(person, RIVER, BELL, leave_out=term)[0].source_chunk_ids == ("c1", "c3")


def test_wanted_words_are_the_target() -> None:
    chunks = [
        SourceChunk(
            f"c{n}",
            f"In the year {1900 + n} the water rose to step {n} of the house by the mill. " * 1,
            "Emm",
        )
        for n in range(150)
    ]
    short, long = (
        AgentOrchestrator("quotations").execute_chapter_writer_task(
            replace(make_task(*chunks), user_preferences={"words_per_chapter": words}), lambda text: None
        )
        for words in (300, 1_200)
    )

    assert 150 <= int(str(short.quality_metrics["quoted_words"])) <= 300
    assert 600 <= int(str(long.quality_metrics["quoted_words"])) <= 1_200


def test_chapter_page_says_how_many_passages_were_not_used(
    person: User, client_of: Callable[[User], Client]
) -> None:
    data = {
        "book": {"title": "Salt", "preferences": {"leave_out": ["divorce"]}},
        "nodes": [{"id": "n1", "title": "The Bell", "chunk_ids": ["c1", "c2"]}],
        "chunks": [{"id": chunk.id, "text": chunk.text, "speaker": "Emm"} for chunk in (RIVER, DIVORCE)],
    }
    session, _ = start_session(upload_storyline(json.dumps(data), actor=person), actor=person)

    write_chapter(claim(session), lambda: False)

    page = client_of(person).get("/books/salt/v1/chapters/1/attempts/").content.decode()
    assert session.attempts.get().context["left_out_passages"] == ["c2"]
    assert "<dt>Not used</dt><dd>1 passage, for what the preferences leave out</dd>" in page


def test_every_writer_is_given_the_preferences_that_held_at_the_start(person: User) -> None:
    version = new_version(person, 1)
    edit_book(version.book, actor=person, preferences={"tense": "past"})
    edit_outline(version, actor=person, preferences={"names": {"Emma": "Emm"}, "mine": 1})
    session, _ = start_session(version, actor=person)
    edit_book(version.book, actor=person, preferences={"tense": "present"})

    task = chapter_task(session, session.items.get(), [])

    assert task.user_preferences == {"tense": "past", "names": ["Emm, not Emma"], "mine": 1}
