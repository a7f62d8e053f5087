"""What recorders put around speech reaches no chapter; labels that name nobody get the names that a person gives."""

import json
from collections.abc import Callable, Mapping

import pytest
from django.contrib.auth.models import User
from django.test import Client

from books.actions import edit_outline, upload_storyline
from books.models import BookVersion, TextChunk
from books.reading import passages_of
from books.sources import rules_of
from chapterflow_site.core.exceptions import Conflict, Invalid
from tests.books.factories import exported
from tests.workflow.engine.test_leases import claim
from workflow.actions import start_session
from workflow.context.chapter_task import chunks_of
from workflow.engine.writing import write_chapter

SignedIn = Callable[[User], Client]


def upload(person: User, *chunks: Mapping[str, object]) -> BookVersion:
    listed = [{"id": f"c{number}", **chunk} for number, chunk in enumerate(chunks, 1)]
    node = {"id": "n1", "title": "Chapter", "chunk_ids": [chunk["id"] for chunk in listed]}
    data = {"book": {"title": "Case"}, "chunks": listed, "nodes": [node]}
    return upload_storyline(json.dumps(data), actor=person)


def written(version: BookVersion, person: User) -> str:
    session, _ = start_session(version, actor=person)
    write_chapter(claim(session), lambda: False)
    return version.chapters.get().current_revision.markdown


def test_timecodes_are_no_words_and_become_the_times_of_passages(person: User) -> None:
    text = "[00:01:02.10] I was born in Hull. [00:01:09] My father was a tailor. [00:01:15] We had nothing at all."
    version = upload(person, {"text": text, "speaker": "Ann"})

    markdown = written(version, person)

    quoted = "I was born in Hull. My father was a tailor. We had nothing at all."
    assert f"**Ann:** {quoted} [c1]" in markdown
    assert version.word_count == len(quoted.split())
    assert [p.start_seconds for p in passages_of(version.chapters.get().current_revision)] == [62.1]
    assert TextChunk.objects.get().text == text


def test_labels_inside_a_text_are_voices_with_times(person: User) -> None:
    said = "We left the town in 1949 because the shop had burned down."
    text = f"Ann Smith  0:01\nI was born in Hull.\n\nBob  0:09\nAnd then?\n\nAnn Smith  0:11\n{said}"
    version = upload(person, {"text": text})

    markdown = written(version, person)

    passages = passages_of(version.chapters.get().current_revision)
    assert "**Ann Smith:** I was born in Hull." in markdown
    assert [(p.speaker, p.start_seconds) for p in passages if said in p.quote] == [("Ann Smith", 11.0)]


def test_endless_repetition_is_said_on_the_outline_and_not_quoted(person: User, client_of: SignedIn) -> None:
    text = f"I was born in Hull. {'Thank you for watching. ' * 28}We left the town in 1949."
    version = upload(person, {"text": text, "speaker": "Ann"})

    page = client_of(person).get("/books/case/v1/outline/").content.decode()

    assert "“Thank you for watching.” stands 28 times in a row" in page
    assert version.word_count == 11
    assert "watching" not in written(version, person)


def test_short_answers_stand_with_their_questions(person: User) -> None:
    exchange = [
        ("Interviewer", "Where were you born?"),
        ("Ann", "Hull."),
        ("Interviewer", "When?"),
        ("Ann", "1931."),
    ]

    markdown = written(upload(person, *({"text": text, "speaker": who} for who, text in exchange)), person)

    places = [markdown.index(f"**{who}:** {text[:4]}") for who, text in exchange]
    assert places == sorted(places)


@pytest.mark.parametrize("door", ["page", "api"])
def test_answer_to_who_speaks_stands_everywhere(person: User, client_of: SignedIn, door: str) -> None:
    version = upload(
        person,
        {"text": "I was born in Hull in 1931 and my father was a tailor.", "speaker": "SPEAKER_00"},
        {"text": "[SPEAKER_01]: We moved to Leeds after the war."},
    )
    client = client_of(person)

    asked = client.get("/books/case/v1/outline/").content.decode()
    if door == "page":
        names = {"label": ["SPEAKER_00", "SPEAKER_01"], "name": ["Ann Smith", "Bob"]}
        client.post("/books/case/v1/outline/edit/", {"speakers": "yes", **names})
    else:
        body = {"speaker_names": {"SPEAKER_00": "Ann Smith", "SPEAKER_01": "Bob"}}
        client.patch("/api/books/case/versions/v1", body, content_type="application/json")
    version.refresh_from_db()
    markdown = written(version, person)

    assert "Who speaks?" in asked
    assert "I was born in Hull" in asked
    assert "We moved to Leeds" in asked
    assert "**Ann Smith:** I was born" in markdown
    assert "**Bob:** We moved" in markdown
    for kind in ("json", "md"):
        assert "SPEAKER_0" not in exported(version, kind).decode()
    assert "SPEAKER_0" not in client.get("/books/case/v1/chapters/1/").content.decode()


def test_names_that_are_given_after_the_start_stand_in_sources_and_later_chapters(
    person: User, client_of: SignedIn
) -> None:
    version = upload(
        person, {"text": "I was born in Hull, where my father was a tailor.", "speaker": "SPEAKER_00"}
    )
    before = written(version, person)
    client = client_of(person)

    page = client.get("/books/case/v1/outline/").content.decode()
    names = {"speakers": "yes", "label": ["SPEAKER_00"], "name": ["Ann Smith"]}
    saved = client.post("/books/case/v1/outline/edit/", names)
    version.refresh_from_db()
    chapter = version.chapters.select_related("node").get()
    chunks = chunks_of(chapter.node, rules_of(version))

    assert "SPEAKER" in before
    assert "keeps the names that it has until it is written again" in page
    assert saved.status_code == 302
    assert [chunk.speaker for chunk in chunks] == ["Ann Smith"]
    assert "Ann Smith" in client.get("/books/case/v1/chapters/1/sources/").content.decode()
    assert chapter.current_revision.markdown == before
    with pytest.raises(Conflict):
        edit_outline(version, actor=person, speaker_names={}, dependencies="graph")


def test_names_are_for_labels_that_name_nobody(person: User) -> None:
    with pytest.raises(Invalid):
        edit_outline(upload(person, {"text": "Words."}), actor=person, speaker_names={"Ann": "Bob"})
