"""Words that a person wants withheld: found however they are typeset, and told nowhere but in the person's own list."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from http import HTTPStatus

import pytest
from django.contrib.auth.models import User
from django.db.models import CharField, Field, JSONField, Model, TextField
from django.test import Client
from django.urls import get_resolver

from books.actions import edit_book, upload_storyline
from books.export import FORMATS
from books.models import Chapter, ChapterRevision, StorylineNode, TextChunk
from books.sources import SourceRules, masked, readable, readable_node, rules_of
from books.text.withheld import MASK, MaskedStream, withheld
from tests.books.factories import exported
from tests.workflow.engine.test_leases import claim
from workflow.actions import start_session
from workflow.agents.llm.prompt.messages import build_prompt
from workflow.context.chapter_task import chapter_task, chunks_of
from workflow.contract.agent_types import ChapterTask
from workflow.engine.writing import write_chapter
from workflow.models import (
    Attempt,
    ChangeStatus,
    Event,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
)

WORD = "Zebulon"
LIST_ON_PAGE = re.compile(
    r"<textarea name=\"(?:wish-)?leave_out\".*?</textarea>|<dt>Leave out</dt><dd>.*?</dd>", re.DOTALL
)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("the divorce", "After The  DIVORCE, we left."),
        ("O'Brien", "Mr O’Brien came."),
        ("Café Rot", unicodedata.normalize("NFD", "im Café Rot saß er")),
        ("mother-in-law", "my mother‑in‑law"),
        ("Zebulon", "Zebulon’s house"),
        ("Zebulon", "Ze\u00adbulon"),
        ("川", "大川が上がった。"),
        ("ทะเล", "เขาไปทะเลกับแม่"),
        ("ທະເລ", "ລາວໄປທະເລກັບແມ່"),
        ("서울", "어머니는 서울에서 왔다."),
        ("ships", "The SHIPS left"),
    ],
)
def test_words_are_found_however_they_are_typeset(term: str, text: str) -> None:
    found = withheld((term,))

    assert found.is_in(text)
    assert MASK in found.mask(text)
    assert not found.is_in(found.mask(text))


def test_parts_of_words_and_patterns_are_not_found() -> None:
    assert not withheld(("ice", ".*", "(", "ship")).is_in("The police came twice, by ships")


@pytest.mark.parametrize("size", [1, 3, 50])
def test_stream_shows_no_part_of_a_word(size: int) -> None:
    shown: list[str] = []
    stream = MaskedStream(shown.append, withheld((WORD,)), waiting=20)
    text = f"We met {WORD} by the river and {WORD} left again. " * 4

    for at in range(0, len(text), size):
        stream(text[at : at + size])

    assert WORD not in "".join(shown)
    assert f"We met {MASK} by the river" in "".join(shown)


def test_places_move_with_the_words_that_are_masked() -> None:
    mask = withheld((WORD,))
    text = f"We met {WORD} and {WORD} at home."

    moved = [mask.move(text, text.index(word)) for word in ("met", WORD, "and", "home")]

    assert moved == [mask.mask(text).index(word) for word in ("met", MASK, "and", "home")]
    assert mask.move(text, text.index(WORD) + 3) == text.index(WORD)


@pytest.mark.parametrize("model", [TextChunk, StorylineNode, ChapterRevision, HarmonizationChange])
def test_copies_that_may_be_read_have_every_column_and_no_word_in_any(model: type[Model]) -> None:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    row = model(**{name: filled(field) for name, field in fields.items()})
    rules = SourceRules({}, withheld((WORD,)))
    read = {TextChunk: readable, StorylineNode: readable_node}.get(model)

    shown = read(row, rules) if read else masked(row, rules.withheld)  # type: ignore[operator]

    told = {name for name in fields if WORD in repr(getattr(shown, name))}
    named = {name for name, field in fields.items() if is_name(field)}
    assert told == named
    of_sources = {"clean_text", "turns"} if model is TextChunk else set()
    others = set(fields) - named - of_sources
    assert {name for name in others if getattr(shown, name) == getattr(row, name)} == {
        name for name in others if WORD not in repr(getattr(row, name))
    }


def filled(field: Field[object, object]) -> object:
    """Return a value of the column that has the word, where it may have words."""
    if isinstance(field, JSONField):
        return [WORD]
    if isinstance(field, CharField | TextField):
        return f"{WORD} came"
    return 7


def is_name(field: Field[object, object]) -> bool:
    names = {"key", "digest", "source_chunk_ids", "depends_on", "agent", "rule", "severity"}
    return field.name in names or bool(field.choices)


def told(person: User, *, leave_out: tuple[str, ...] = (WORD,)) -> tuple[ChapterTask, str]:
    """Start a book whose every kind of text has the word, write its first chapter; return the second's task."""
    river = "The river closed in winter, and we walked over the ice to the other bank."
    data = {
        "book": {"title": "Salt", "preferences": {"leave_out": list(leave_out)}},
        "chunks": [
            {"id": "c1", "text": river, "speaker": f"{WORD} Smith", "source": f"Tape of {WORD}"},
            {
                "id": "c2",
                "text": f"Then {WORD} came over the ice with two horses and a cart.",
                "speaker": "Emm",
            },
        ],
        "nodes": [
            {
                "id": f"n{number}",
                "title": f"{WORD} {number}",
                "summary": f"About {WORD}.",
                "themes": [WORD, "ice"],
                "participants": [WORD],
                "temporal_info": {"who": WORD},
                "chunk_ids": ["c1", "c2"],
            }
            for number in (1, 2)
        ],
        "links": [{"source_id": "n1", "target_id": "n2", "relationship_type": "THEMATIC_SIMILARITY"}],
    }
    version = upload_storyline(json.dumps(data), actor=person)
    session, _ = start_session(version, actor=person)
    write_chapter(claim(session), lambda: False)
    item = session.items.select_related("chapter__node", "chapter__version__book").get(number=2)
    chunks = chunks_of(item.chapter.node, rules_of(item.chapter.version))
    return chapter_task(session, item, chunks), str(session.pk)


def test_no_task_and_no_prompt_has_the_word(person: User) -> None:
    task, _ = told(person)

    prompt = build_prompt(task)

    assert [chunk.id for chunk in task.text_chunks] == ["c1"]
    assert task.withheld_chunk_ids == ("c2",)
    assert WORD not in repr(task)
    assert WORD not in prompt.system + prompt.user


def test_no_page_no_answer_and_no_export_has_the_word(
    person: User, client_of: Callable[[User], Client], caplog: pytest.LogCaptureFixture
) -> None:
    _, session_id = told(person)
    seen = 0

    for path, text in answers(client_of(person), session_id):
        seen += 1
        assert WORD not in text, path

    assert seen >= 15
    version = person.books.get().versions.get()
    for kind in FORMATS:
        assert WORD.encode() not in exported(version, kind)
    assert not any(WORD in repr(vars(row)) for row in [*Event.objects.all(), *Attempt.objects.all()])
    assert WORD not in caplog.text


def test_neither_finding_nor_notices_nor_titles_have_a_word_that_is_withheld_late(
    person: User, client_of: Callable[[User], Client]
) -> None:
    nodes = [{"id": f"n{number}", "title": f"{WORD} {number}", f"about {WORD}": 1} for number in (1, 2)]
    upload = json.dumps({"book": {"title": "Salt"}, "nodes": nodes})
    waiting = upload_storyline(upload, actor=person)
    started = upload_storyline(upload, actor=person)
    start_session(started, actor=person)
    for version in (waiting, started):
        edit_book(version.book, actor=person, preferences={"leave_out": [WORD]})
    client = client_of(person)
    paths = ["/find/?q=2", f"/find/?q={WORD}", "/"]
    for version in (waiting, started):
        book_id = version.book.book_id
        paths += [f"/books/{book_id}/v1/outline/", f"/api/books/{book_id}/versions/v1"]
    paths += [f"/books/{started.book.book_id}/v1/{page}/" for page in ("board", "read", "chapters/1")]

    for path in paths:
        text = client.get(path, follow=True).content.decode().replace(f'value="{WORD}"', "")
        assert WORD not in without_own_list(text), path


def test_a_word_that_is_withheld_late_goes_out_of_what_is_written_and_comes_back(
    person: User, client_of: Callable[[User], Client]
) -> None:
    _, session_id = told(person, leave_out=())
    book = person.books.get()
    chapter = Chapter.objects.get(number=1)
    session = ProcessingSession.objects.get()
    claim(session)
    reviewed(chapter, session)
    client = client_of(person)

    def who_tell_it() -> set[str]:
        return {path for path, text in answers(client, session_id) if WORD in text}

    at_first = who_tell_it()
    edit_book(book, actor=person, preferences={"leave_out": [WORD]})
    withheld_now = who_tell_it()
    exports = {kind for kind in FORMATS if WORD.encode() in exported(book.versions.get(), kind)}
    edit_book(book, actor=person, preferences={})

    assert len(at_first) >= 10
    assert withheld_now == exports == set()
    assert who_tell_it() == at_first


def answers(client: Client, session_id: str) -> Iterator[tuple[str, str]]:
    """Yield every address of the site that answers for the first chapter, with the answer but for the list itself."""
    values = {
        "book_id": "salt", "number": 1, "chapter": 1, "chapter_number": 1, "version": "v1", "format": "json",
        "session_id": session_id, "chapter_id": "salt_v1_chapter_1",
    }  # fmt: skip
    for path in sorted(set(addresses(values))):
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        if answer.status_code == HTTPStatus.OK:
            yield path, without_own_list(body.decode(errors="replace"))


def reviewed(chapter: Chapter, session: ProcessingSession) -> None:
    """Let what a person reviews of the chapter have the word, and what went wrong with it."""
    evidence = {"quote": f"Then {WORD} came.", "others": [{"chapter": 2, "text": f"{WORD} left."}]}
    HarmonizationChange.objects.create(
        session=session, chapter=chapter, rule="dashes", severity="info", status=ChangeStatus.SUGGESTED,
        find=WORD, replace=f"Old {WORD}", offset=0, before=f"{WORD} and ", after=f" and {WORD}",
        reason=f"As {WORD} says.", evidence=evidence,
    )  # fmt: skip
    FollowUpQuestion.objects.create(
        version=chapter.version, session=session, chapter=chapter, key="a", category="people",
        text=f"Who was {WORD}?", reason=f"{WORD} is named once.", answer=f"{WORD} was an uncle.", evidence=evidence,
    )  # fmt: skip
    Attempt.objects.update(
        partial_text=f"{WORD} came", error_message=f"No {WORD}", error_code="model_refused"
    )
    text = chapter.current_revision
    assert text is not None
    weak = [{"start": text.markdown.index(WORD), "end": text.markdown.index(WORD) + 30, "names": [WORD]}]
    measured = {**text.quality_metrics["measured"], "weak": weak, "leftovers": [WORD]}
    ChapterRevision.objects.filter(pk=text.pk).update(
        quality_metrics={**text.quality_metrics, "measured": measured, "told of": WORD},
        reason=f"{WORD} again",
    )


def without_own_list(text: str) -> str:
    """Take out the list itself, which the person may see and edit."""
    text = LIST_ON_PAGE.sub("", text)
    return re.sub(r'"leave_out":\s*\[[^\]]*\]', "", text)


def addresses(values: dict[str, object]) -> list[str]:
    """Return every address of the site that these values can fill, but for the admin and signing out."""
    found = []
    for routes in walk(get_resolver(), ""):
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values.get(match[1], f"<{match[1]}>")), routes)
        if "<" not in path and not path.startswith(("admin/", "static/", "sign", "accounts/")):
            found.append(f"/{path}")
    return found


def walk(resolver: object, before: str) -> list[str]:
    routes: list[str] = []
    for each in resolver.url_patterns:  # type: ignore[attr-defined]
        route = before + str(each.pattern)
        routes += walk(each, route) if hasattr(each, "url_patterns") else [route]
    return routes
