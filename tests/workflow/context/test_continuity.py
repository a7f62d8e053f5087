"""A chapter knows only of those that it depends on, the same in any schedule, at the same cost anywhere in the book."""

import json
from collections.abc import Iterable, Mapping

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from books.actions import upload_storyline
from books.models import ChapterRevision
from books.sources import rules_of
from tests.workflow.engine.test_leases import claim
from tests.workflow.sessions import item, new_session
from workflow.actions import apply_change, start_session
from workflow.agents.llm.prompt.messages import build_prompt
from workflow.agents.memory.keep import MOST_FACTS_OF_A_NAME
from workflow.context.chapter_task import chapter_task, chunks_of
from workflow.contract.agent_types import ChapterContext, ChapterTask
from workflow.engine import advance
from workflow.engine.claims import Claim, claim_chapter
from workflow.engine.writing import write_chapter
from workflow.models import ChapterWorkflowItem, FactEntry, HarmonizationChange, ProcessingSession
from workflow.transitions import session_transaction

pytestmark = pytest.mark.django_db
PEOPLE = ("Ottilie", "Josefa", "Emm")


def river(
    chapters: int,
    after: Mapping[int, Iterable[int]] | None = None,
    links: list[dict[str, object]] | None = None,
) -> bytes:
    """A storyline in which each chapter tells something of a person with a number in it."""
    return json.dumps(
        {
            "book": {"title": "The River"},
            "chunks": [
                {
                    "id": f"c-{n}",
                    "text": f"We all knew {PEOPLE[n % 3]}, the ferryman of year {n}. The river rose to step {n} that "
                    f"spring, and {PEOPLE[n % 3]} carried {n} hens up to the Lindenhof. "
                    f"Nobody lived at Haus{n} that winter.",
                    "speaker": "Anton",
                }
                for n in range(1, chapters + 1)
            ],
            "nodes": [
                {
                    "id": f"n{n}",
                    "title": f"Year {n}",
                    "summary": f"How the water of year {n} came and went.",
                    "centrality_score": 1 - n / 10_000,
                    "chunk_ids": [f"c-{n}"],
                    "depends_on": [f"n{m}" for m in (after or {}).get(n, ())],
                }
                for n in range(1, chapters + 1)
            ],
            "links": links or [],
        }
    ).encode()


def river_session(owner: User, data: bytes, mode: str) -> ProcessingSession:
    version = upload_storyline(data, actor=owner, source_name="river.json")
    return start_session(version, actor=owner, writer="quotations", dependencies=mode)[0]


def write_all(session: ProcessingSession, numbers: Iterable[int] | None = None) -> None:
    """Write chapters as they come, or in this order, which must respect the dependencies."""
    if numbers is None:
        held: Claim | None = claim(session)
        while held is not None:
            held = write_chapter(held, lambda: True)
        return
    for number in numbers:
        others = session.items.exclude(number=number).filter(status="pending", unmet_count=0)
        waiting = list(others.values_list("pk", flat=True))
        ChapterWorkflowItem.objects.filter(pk__in=waiting).update(unmet_count=99)
        ProcessingSession.objects.filter(pk=session.pk, status="initialized").update(status="processing")
        with session_transaction(session.pk) as tx:
            held = claim_chapter(tx)
        ChapterWorkflowItem.objects.filter(pk__in=waiting).update(unmet_count=0)
        assert held is not None
        assert held.item is not None
        assert held.item.number == number
        write_chapter(held, lambda: False)


def task_of(session: ProcessingSession, number: int) -> ChapterTask:
    found = ChapterWorkflowItem.objects.select_related("chapter__node").get(session=session, number=number)
    return chapter_task(session, found, chunks_of(found.chapter.node, rules_of(found.chapter.version)))


def context_of(session: ProcessingSession, number: int) -> ChapterContext:
    return task_of(session, number).context


def known_chapters(context: ChapterContext) -> set[int]:
    return {chapter.number for chapter in context.chapters} | {fact.chapter for fact in context.facts}


def test_sequence_knows_every_lower_number(person: User) -> None:
    session = river_session(person, river(6), "sequential")
    write_all(session)

    context = context_of(session, 4)

    assert [chapter.number for chapter in context.chapters] == [1, 2, 3]
    assert context.chapters[0].line.startswith("1. Year 1: How the water of year 1 came")
    assert context.left_out == 0


def test_nothing_that_is_finished_but_unrelated_leaks_in(person: User) -> None:
    after = {3: [1], 5: [3], 4: [2], 6: [4]}
    session = river_session(person, river(6, after), "graph")
    write_all(session)

    assert known_chapters(context_of(session, 5)) == {1, 3}
    assert known_chapters(context_of(session, 6)) == {2, 4}
    assert known_chapters(context_of(session, 2)) == set()
    assert "Year 2" not in build_prompt(task_of(session, 5)).user


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5, 6), (2, 4, 6, 1, 3, 5), (1, 3, 2, 5, 4, 6)])
def test_any_schedule_gives_the_same_prompts(person: User, order: tuple[int, ...]) -> None:
    data = river(6, {3: [1], 5: [3], 4: [2], 6: [4]})
    one, other = river_session(person, data, "graph"), river_session(person, data, "graph")
    write_all(one)
    write_all(other, order)

    for number in range(1, 7):
        prompts = [build_prompt(task_of(session, number)) for session in (one, other)]
        assert prompts[0].system + prompts[0].user == prompts[1].system + prompts[1].user


def test_what_is_written_later_changes_nothing(person: User) -> None:
    session = river_session(person, river(9), "sequential")
    held = claim(session)
    prompts = []
    for number in range(1, 10):
        prompts.append(build_prompt(task_of(session, number)).user)
        held = write_chapter(held, lambda: True)  # type: ignore[arg-type]

    assert [build_prompt(task_of(session, number)).user for number in range(1, 10)] == prompts


def test_facts_are_of_names_in_this_chapter(person: User) -> None:
    session = river_session(person, river(7), "sequential")
    write_all(session)

    facts = context_of(session, 7).facts

    about = {fact.name for fact in facts}
    assert "Josefa" in about
    assert "Emm" not in about
    first = next(fact for fact in facts if fact.name == "Josefa")
    assert (first.chapter, first.kind, first.chunk_ids) == (1, "introduction", ("c-1",))


def test_facts_come_from_far_back_and_are_bounded(person: User) -> None:
    session = river_session(person, river(70), "sequential")
    write_all(session)

    context = context_of(session, 70)

    assert 1 in {fact.chapter for fact in context.facts}
    per_name = [fact.name for fact in context.facts]
    assert max(map(per_name.count, per_name)) <= MOST_FACTS_OF_A_NAME
    assert FactEntry.objects.filter(session=session, key="lindenhof").count() <= MOST_FACTS_OF_A_NAME + 3


def test_chapter_written_again_replaces_its_line_and_facts(person: User) -> None:
    session = river_session(person, river(2), "sequential")
    write_all(session, [1])
    before = list(FactEntry.objects.filter(item__number=1).values_list("key", "sentence"))
    first = item(session, 1)
    ChapterWorkflowItem.objects.filter(pk=first.pk).update(status="pending", story_line="stale")
    session.items.filter(number=2).update(unmet_count=1)
    FactEntry.objects.filter(item=first).update(sentence="stale")

    write_all(session, [1])

    assert list(FactEntry.objects.filter(item__number=1).values_list("key", "sentence")) == before
    assert item(session, 1).story_line.startswith("1. Year 1:")


def test_line_and_facts_follow_a_change_that_a_person_makes(person: User) -> None:
    session = river_session(person, river(2), "sequential")
    advance(session.pk)
    chapter = item(session, 1).chapter
    assert chapter.current_revision is not None
    said = "Josefa kept the keys of the ferry house for 40 years. [c-1]"
    markdown = f"{chapter.current_revision.markdown}\n\n{said}"
    ChapterRevision.objects.filter(pk=chapter.current_revision.pk).update(markdown=markdown)
    change = HarmonizationChange.objects.create(
        session=session, chapter=chapter, rule="x", severity="low", status="suggested", find="40 years",
        replace="44 years", offset=markdown.index("40 years"), reason="She said so.",
    )  # fmt: skip

    apply_change(change, actor=person)

    sentences = list(FactEntry.objects.filter(item__number=1).values_list("sentence", flat=True))
    assert any("for 44 years." in sentence for sentence in sentences)
    assert not any("40 years" in sentence for sentence in sentences)


def test_harmonized_chapter_keeps_a_line_and_facts(person: User) -> None:
    session = river_session(person, river(2), "sequential")

    advance(session.pk)

    assert item(session, 1).status in {"harmonized", "completed"}
    assert item(session, 1).story_line.startswith("1. Year 1: How the water")
    assert FactEntry.objects.filter(item__number=1, key="josefa").exists()


def test_previous_chapter_is_the_nearest_that_it_depends_on(person: User) -> None:
    session = river_session(person, river(6, {6: [1, 3]}), "graph")
    write_all(session)

    previous = context_of(session, 6).previous

    assert previous is not None
    assert previous.number == 3
    assert previous.ending.endswith("[c-3]")
    assert previous.participants == ("Anton",)


def test_related_nodes_are_there_whether_written_or_not(person: User) -> None:
    links: list[dict[str, object]] = [
        {"source_id": "n1", "target_id": "n3", "relationship_type": "THEMATIC_SIMILARITY", "weight": 0.4},
        {"source_id": "n2", "target_id": "n1", "relationship_type": "SHARED_PARTICIPANTS", "weight": 0.9},
        {"source_id": "n1", "target_id": "n2", "relationship_type": "CAUSAL_LINK", "weight": 1.0},
    ]
    session = river_session(person, river(3, links=links), "graph")

    related = context_of(session, 1).related

    assert [(node.id, node.relation) for node in related] == [
        ("n2", "SHARED_PARTICIPANTS"), ("n3", "THEMATIC_SIMILARITY"),
    ]  # fmt: skip
    assert related[0].summary == "How the water of year 2 came and went."


@pytest.mark.parametrize("mode", ["sequential", "graph"])
def test_reading_costs_the_same_at_every_place(person: User, mode: str) -> None:
    after = {n: [n - 1] for n in range(2, 61)} if mode == "graph" else None
    session = river_session(person, river(60, after), mode)
    write_all(session)

    counts = []
    for number in (8, 30, 59):
        with CaptureQueriesContext(connection) as captured:
            task_of(session, number)
        counts.append(len(captured))

    assert len(set(counts)) == 1
    context = context_of(session, 60)
    assert len(context.chapters) == 40
    assert context.left_out == 19


def test_book_of_one_has_no_context(person: User) -> None:
    session = new_session(person, 1)

    assert context_of(session, 1) == ChapterContext()
