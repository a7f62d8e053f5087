"""Storing storylines, making books and changing outlines: what each action promises."""

import json
import re
from collections.abc import Callable, Sequence

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from books.actions import (
    add_chunks,
    add_sample_book,
    create_book,
    edit_book,
    edit_outline,
    move_chapter,
    upload_storyline,
)
from books.actions.book import endings
from books.models import Book, BookVersion, NodeChunk, TextChunk
from books.outline.listing import dependencies_by_key, dependencies_of, outline_of
from books.storyline import ChunkSpec, StorylineFaults
from chapterflow_site.core.exceptions import Conflict, Invalid, NotFound

Chunk = dict[str, object]


def storyline(nodes: Sequence[object], chunks: Sequence[object] = (), **more: object) -> bytes:
    return json.dumps({"nodes": nodes, "chunks": chunks, **more}).encode()


def chain(*scores: float) -> bytes:
    """Nodes n1, n2 … with these scores, each continuing the one before it."""
    nodes = [{"id": f"n{i}", "title": f"Node {i}", "centrality_score": s} for i, s in enumerate(scores, 1)]
    links = [
        {"source_id": f"n{i}", "target_id": f"n{i + 1}", "relationship_type": "TEMPORAL_SEQUENCE"}
        for i in range(1, len(scores))
    ]
    return storyline(nodes, links=links)


def order_of(version: BookVersion) -> list[str]:
    return list(version.nodes.order_by("place").values_list("key", flat=True))


def start(version: BookVersion) -> None:
    version.started_at = timezone.now()
    version.save(update_fields=["started_at"])


class TestBooks:
    @pytest.fixture
    def real_ids(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ids with their random part."""
        monkeypatch.setattr("books.actions.book.endings", endings)

    @pytest.mark.usefixtures("real_ids")
    def test_id_is_made_from_the_title(self, person: User) -> None:
        book = create_book(actor=person, title="  Ninety-One Doors: Élan & Co. ")

        assert re.fullmatch("ninety-one-doors-elan-co-[a-z2-9]{5}", book.book_id)
        assert book.title == "Ninety-One Doors: Élan & Co."

    @pytest.mark.usefixtures("real_ids")
    def test_id_tells_nothing_of_other_books(self, person: User, stranger: User) -> None:
        ids = {create_book(actor=owner, title="Salt").book_id for owner in (person, stranger, person)}

        assert len(ids) == 3
        assert all(re.fullmatch("salt-[a-z2-9]{5}", each) for each in ids)

    @pytest.mark.usefixtures("real_ids")
    @pytest.mark.parametrize("title", ["../../etc/passwd", "日本の本", "___", "", "a" * 300, "-v1-"])
    def test_id_of_any_title_is_a_plain_word(self, person: User, title: str) -> None:
        book = create_book(actor=person, title=title)

        book.full_clean()
        assert len(book.book_id) <= 80

    def test_taken_id_is_refused(self, person: User, stranger: User) -> None:
        create_book(actor=stranger, title="Salt", book_id="salt")

        with pytest.raises(Conflict, match="already") as refusal:
            create_book(actor=person, title="Salt", book_id="salt")

        assert refusal.value.code == "book_id_taken"

    @pytest.mark.parametrize("book_id", ["../x", "Salt", "a b", "-a", "", "a" * 81, "a\n"])
    def test_unusable_id_is_refused(self, person: User, book_id: str) -> None:
        with pytest.raises(Invalid):
            create_book(actor=person, title="Salt", book_id=book_id)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("title", "a" * 301), ("author", "a" * 301), ("language", "a b"), ("language", "e")],
    )
    def test_values_that_do_not_fit_are_refused(self, person: User, name: str, value: str) -> None:
        book = create_book(actor=person, title="Salt")

        with pytest.raises(Invalid):
            edit_book(book, actor=person, **{name: value})  # type: ignore[misc]

    @pytest.mark.parametrize(
        ("said", "tag"), [("English", "en"), ("pt_br", "pt-BR"), ("Deutsch", "de"), ("", "en")]
    )
    def test_languages_become_tags(self, person: User, said: str, tag: str) -> None:
        book = create_book(actor=person, title="Salt", language=said)

        assert book.language == tag

    @pytest.mark.parametrize(
        ("text", "tag"),
        [
            ("Mein Vater war Schneider, und wir wohnten über dem Laden mit den Kindern. " * 5, "de"),
            ("我小时候住在上海，父亲是裁缝，我们住在店铺楼上。" * 5, "zh"),
            ("one two", "en"),
        ],
    )
    def test_a_storyline_without_a_language_gets_that_of_its_passages(
        self, person: User, text: str, tag: str
    ) -> None:
        data = storyline([{"id": "a", "chunk_ids": ["c1"]}], [{"id": "c1", "text": text}])

        assert upload_storyline(data, actor=person).book.language == tag

    def test_edit_changes_named_columns_only(self, person: User) -> None:
        book = create_book(actor=person, title="Salt", author="Bridie")
        Book.objects.filter(pk=book.pk).update(title="Salt and Wire")

        edit_book(book, actor=person, author="B. Quillfeather")

        book.refresh_from_db()
        assert (book.title, book.author) == ("Salt and Wire", "B. Quillfeather")


class TestUpload:
    def test_everything_is_stored(self, person: User) -> None:
        data = storyline(
            [{"id": "a", "summary": "First words.", "chunk_ids": ["c1", "c2"], "mood": "calm"}, {"id": "b"}],
            [{"id": "c1", "text": "one two", "speaker": "Emm"}, {"id": "c2", "text": "three"}],
            links=[{"source_id": "a", "target_id": "b", "relationship_type": "CAUSAL_LINK", "weight": 0.5}],
            book={"title": "Salt", "author": "Bridie", "preferences": {"words_per_chapter": 500}},
        )

        version = upload_storyline(data, actor=person, source_name="salt.json")

        assert (version.book.title, version.book.author, version.name) == ("Salt", "Bridie", "v1")
        assert (version.node_count, version.chunk_count, version.word_count) == (2, 2, 3)
        assert version.preferences == {"words_per_chapter": 500}
        node = version.nodes.get(key="a")
        assert (node.title, node.chunk_count, node.word_count, node.extra) == (
            "First words.",
            2,
            3,
            {"mood": "calm"},
        )
        assert list(node.chunks.order_by("node_chunks__position").values_list("key", flat=True)) == [
            "c1",
            "c2",
        ]
        assert version.links.get().relationship_type == "CAUSAL_LINK"

    def test_faulty_upload_stores_nothing(self, person: User) -> None:
        data = storyline([{"id": "a", "chunk_ids": ["c9"]}], [{"id": "c1", "text": "one"}])

        with pytest.raises(StorylineFaults):
            upload_storyline(data, actor=person)

        assert not Book.objects.exists()
        assert not TextChunk.objects.exists()

    def test_failure_while_storing_leaves_no_empty_book(
        self, person: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: object, **kwargs: object) -> None:
            raise RuntimeError("disk full")

        monkeypatch.setattr("books.actions.storyline._store_links", broken)

        with pytest.raises(RuntimeError):
            upload_storyline(chain(0.5), actor=person)

        assert not Book.objects.exists()

    def test_title_falls_back_to_the_name_of_the_file(self, person: User) -> None:
        assert (
            upload_storyline(chain(0.5), actor=person, source_name="aume_valley.json").book.title
            == "Aume valley"
        )

    def test_given_title_goes_before_the_upload(self, person: User) -> None:
        version = upload_storyline(
            storyline([{"id": "a"}], book={"title": "Theirs"}), actor=person, title="Mine"
        )

        assert version.book.title == "Mine"

    def test_second_upload_is_the_next_version(self, person: User) -> None:
        first = upload_storyline(chain(0.5), actor=person)

        second = upload_storyline(chain(0.5), actor=person, book=first.book)

        assert (second.book, second.name) == (first.book, "v2")
        assert second.storyline_digest == first.storyline_digest

    def test_other_content_has_another_digest(self, person: User) -> None:
        digests = {
            upload_storyline(chain(*scores), actor=person).storyline_digest for scores in [(0.5,), (0.6,)]
        }

        assert len(digests) == 2

    def test_outline_follows_centrality(self, person: User) -> None:
        assert order_of(upload_storyline(chain(0.1, 0.9, 0.5), actor=person)) == ["n2", "n3", "n1"]

    def test_missing_scores_are_computed_from_links(self, person: User) -> None:
        nodes = [{"id": key} for key in ("lonely", "hub", "leaf")]
        links = [{"source_id": "hub", "target_id": "leaf", "relationship_type": "X"}] * 2

        version = upload_storyline(storyline(nodes, links=links), actor=person)

        assert version.nodes.get(key="hub").centrality_score == 1
        assert order_of(version) == ["hub", "leaf", "lonely"]

    def test_number_of_statements_does_not_grow_with_nodes(
        self, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        book = create_book(actor=person, title="Long")
        nodes = [{"id": f"n{i}", "chunk_ids": [f"c{i}"]} for i in range(400)]
        chunks = [{"id": f"c{i}", "text": f"text {i}"} for i in range(400)]

        with django_assert_max_num_queries(26):
            upload_storyline(storyline(nodes, chunks), actor=person, book=book)


class TestChunks:
    def test_equal_chunk_is_stored_once(self, person: User) -> None:
        data = storyline([{"id": "a", "chunk_ids": ["c1"]}], [{"id": "c1", "text": "one"}])
        first = upload_storyline(data, actor=person)

        upload_storyline(data, actor=person, book=first.book)

        assert TextChunk.objects.count() == 1
        assert NodeChunk.objects.count() == 2

    @pytest.mark.parametrize(
        "change", [{"text": "two"}, {"speaker": "Emm"}, {"source": "B"}, {"end_seconds": 4}]
    )
    def test_changed_chunk_is_another_row(self, person: User, change: Chunk) -> None:
        chunk: Chunk = {"id": "c1", "text": "one"}
        first = upload_storyline(storyline([{"id": "a", "chunk_ids": ["c1"]}], [chunk]), actor=person)

        upload_storyline(
            storyline([{"id": "a", "chunk_ids": ["c1"]}], [chunk | change]), actor=person, book=first.book
        )

        assert TextChunk.objects.count() == 2
        assert first.nodes.get().chunks.get().text == "one"

    def test_earlier_chunk_may_be_named(self, person: User) -> None:
        book = create_book(actor=person, title="Salt")
        add_chunks(book, [ChunkSpec("c1", "old words"), ChunkSpec("c2", "two")], actor=person)
        add_chunks(book, [ChunkSpec("c1", "the newer words")], actor=person)

        version = upload_storyline(storyline([{"id": "a", "chunk_ids": ["c1"]}]), actor=person, book=book)

        assert version.nodes.get().chunks.get().text == "the newer words"
        assert version.word_count == 3

    def test_text_that_came_back_is_the_newest(self, person: User) -> None:
        book = create_book(actor=person, title="Salt")
        for text in ("first", "second", "first"):
            add_chunks(book, [ChunkSpec("c1", text)], actor=person)

        version = upload_storyline(storyline([{"id": "a", "chunk_ids": ["c1"]}]), actor=person, book=book)

        assert version.nodes.get().chunks.get().text == "first"
        assert TextChunk.objects.count() == 2

    def test_chunk_of_another_book_is_unknown(self, person: User) -> None:
        other = create_book(actor=person, title="Other")
        add_chunks(other, [ChunkSpec("c1", "one")], actor=person)
        book = create_book(actor=person, title="Salt")

        with pytest.raises(StorylineFaults):
            upload_storyline(storyline([{"id": "a", "chunk_ids": ["c1"]}]), actor=person, book=book)


class TestOutline:
    def test_sequential_chapter_waits_for_the_one_before(self, person: User) -> None:
        version = upload_storyline(chain(0.1, 0.9, 0.5), actor=person)

        assert dependencies_by_key(version) == {
            "n2": frozenset(),
            "n3": frozenset({"n2"}),
            "n1": frozenset({"n3"}),
        }

    def test_graph_chapter_waits_for_links_and_depends_on(self, person: User) -> None:
        nodes = [{"id": "a"}, {"id": "b"}, {"id": "c", "depends_on": ["b"], "related": [{"id": "a"}]}]
        links = [{"source_id": "a", "target_id": "b", "relationship_type": "CAUSAL_LINK"}]
        version = upload_storyline(storyline(nodes, links=links), actor=person)
        edit_outline(version, actor=person, dependencies="graph")
        version.refresh_from_db()

        needs = dependencies_of(version)

        pks = dict(version.nodes.values_list("key", "pk"))
        assert needs == {
            pks["a"]: frozenset(),
            pks["b"]: frozenset({pks["a"]}),
            pks["c"]: frozenset({pks["b"]}),
        }

    def test_rows_say_what_each_rests_on_and_waits_for(self, person: User) -> None:
        data = storyline(
            [{"id": "a", "centrality_score": 1, "chunk_ids": ["c1"]}, {"id": "b", "summary": "Only this."}],
            [{"id": "c1", "text": "one two three"}],
        )

        outline = outline_of(upload_storyline(data, actor=person))

        first, second = outline.rows
        assert (first.number, first.chunk_count, first.word_count, first.depends_on) == (1, 1, 3, ())
        assert (second.has_sources, second.word_count, second.depends_on) == (False, 2, (1,))
        assert outline.without_sources == (second,)

    @pytest.mark.parametrize(("workers", "parallel", "at_once"), [(4, 64, 4), (4, 2, 2)])
    def test_chapters_of_quotations_are_expected_one_in_each_worker(
        self, person: User, settings: Settings, workers: int, parallel: int, at_once: int
    ) -> None:
        settings.CHAPTERFLOW_WORKERS, settings.CHAPTERFLOW_PARALLEL_CHAPTERS = workers, parallel
        version = upload_storyline(chain(*[0.5] * 8), actor=person)
        version.dependencies = "sequential"
        alone = outline_of(version, "quotations").estimate.seconds
        version.dependencies = "graph"
        together = outline_of(version, "quotations").estimate.seconds

        assert alone is not None
        assert together is not None
        assert together.high == pytest.approx(alone.high / at_once)

    def test_outline_takes_few_queries(
        self, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        version = upload_storyline(chain(*[0.5] * 60), actor=person)

        with django_assert_max_num_queries(4):
            outline_of(version)

    def test_move_changes_places_with_the_neighbour(self, person: User) -> None:
        version = upload_storyline(chain(0.9, 0.8, 0.7), actor=person)

        move_chapter(version, "n3", actor=person, direction="up")

        assert order_of(version) == ["n1", "n3", "n2"]

    @pytest.mark.parametrize(
        ("key", "to", "order"),
        [
            ("n1", 3, ["n2", "n3", "n1", "n4"]),
            ("n4", 1, ["n4", "n1", "n2", "n3"]),
            ("n2", 99, ["n1", "n3", "n4", "n2"]),
            ("n2", -5, ["n2", "n1", "n3", "n4"]),
        ],
    )
    def test_move_to_a_place(self, person: User, key: str, to: int, order: list[str]) -> None:
        version = upload_storyline(chain(0.9, 0.8, 0.7, 0.6), actor=person)

        move_chapter(version, key, actor=person, to=to)

        assert order_of(version) == order
        assert list(version.nodes.order_by("place").values_list("place", flat=True)) == [1, 2, 3, 4]

    def test_move_beyond_the_end_changes_nothing(self, person: User) -> None:
        version = upload_storyline(chain(0.9, 0.8), actor=person)

        move_chapter(version, "n1", actor=person, direction="up")

        assert order_of(version) == ["n1", "n2"]

    def test_unknown_chapter_is_not_moved(self, person: User) -> None:
        with pytest.raises(NotFound):
            move_chapter(upload_storyline(chain(0.9), actor=person), "n9", actor=person, direction="up")

    def test_order_is_set_whole(self, person: User) -> None:
        version = upload_storyline(chain(0.9, 0.8, 0.7), actor=person)

        edit_outline(version, actor=person, order=["n3", "n1", "n2"])

        assert order_of(version) == ["n3", "n1", "n2"]

    @pytest.mark.parametrize("order", [[], ["n1"], ["n1", "n1"], ["n1", "n9"], ["n1", "n2", "n2"]])
    def test_order_that_is_no_permutation_is_refused(self, person: User, order: list[str]) -> None:
        version = upload_storyline(chain(0.9, 0.8), actor=person)

        with pytest.raises(Invalid) as refusal:
            edit_outline(version, actor=person, order=order)

        assert refusal.value.code == "order_is_no_permutation"

    def test_graph_refuses_a_chapter_before_what_it_depends_on(self, person: User) -> None:
        version = upload_storyline(chain(0.9, 0.8, 0.7), actor=person)
        edit_outline(version, actor=person, dependencies="graph")

        with pytest.raises(Invalid, match="“Node 2” would come before “Node 1”") as refusal:
            move_chapter(version, "n2", actor=person, direction="up")

        assert refusal.value.code == "order_breaks_dependencies"
        assert order_of(version) == ["n1", "n2", "n3"]

    def test_switch_to_graph_sorts_an_impossible_order(self, person: User) -> None:
        version = upload_storyline(chain(0.1, 0.5, 0.9), actor=person)

        edit_outline(version, actor=person, dependencies="graph")

        assert order_of(version) == ["n1", "n2", "n3"]

    def test_switch_to_graph_keeps_a_possible_order(self, person: User) -> None:
        nodes = [
            {"id": key, "centrality_score": score} for key, score in (("a", 0.9), ("b", 0.8), ("c", 0.7))
        ]
        version = upload_storyline(storyline(nodes), actor=person)
        edit_outline(version, actor=person, order=["c", "a", "b"])

        edit_outline(version, actor=person, dependencies="graph")

        assert order_of(version) == ["c", "a", "b"]

    def test_order_and_switch_together_are_checked_together(self, person: User) -> None:
        version = upload_storyline(chain(0.9, 0.8), actor=person)

        with pytest.raises(Invalid):
            edit_outline(version, actor=person, dependencies="graph", order=["n2", "n1"])

        version.refresh_from_db()
        assert version.dependencies == "sequential"

    def test_preferences_are_kept_for_the_next_version(self, person: User) -> None:
        version = upload_storyline(chain(0.9), actor=person)

        edit_outline(version, actor=person, preferences={"words_per_chapter": 900})

        version.book.refresh_from_db()
        following = upload_storyline(chain(0.9), actor=person, book=version.book)
        assert following.preferences == {"words_per_chapter": 900}

    def test_started_outline_is_fixed(self, person: User) -> None:
        version = upload_storyline(chain(0.9, 0.8), actor=person)
        stale = BookVersion.objects.get(pk=version.pk)
        start(version)

        for change in (
            lambda: edit_outline(stale, actor=person, dependencies="graph"),
            lambda: move_chapter(stale, "n2", actor=person, direction="up"),
        ):
            with pytest.raises(Conflict) as refusal:
                change()
            assert refusal.value.code == "already_started"


class TestSample:
    def test_sample_is_made_once_per_person(self, person: User, stranger: User) -> None:
        first = add_sample_book(actor=person)

        assert add_sample_book(actor=person) == first
        assert add_sample_book(actor=stranger) != first

    def test_started_sample_leaves_room_for_another(self, person: User) -> None:
        first = add_sample_book(actor=person)
        start(first)

        assert add_sample_book(actor=person) != first

    def test_template_can_be_uploaded(self, person: User) -> None:
        from books.actions.sample import TEMPLATE_NAME, sample_file

        assert upload_storyline(sample_file(TEMPLATE_NAME), actor=person).node_count > 1


def test_thousand_nodes_of_real_text_are_stored(person: User, example: Callable[[str], bytes]) -> None:
    version = upload_storyline(example("qmsum-1000.json"), actor=person)

    outline = outline_of(version)

    assert len(outline.rows) == version.node_count == 1000
    assert sum(row.chunk_count for row in outline.rows) == NodeChunk.objects.count()
    scores = list(version.nodes.order_by("place").values_list("centrality_score", flat=True))
    assert scores == sorted(scores, reverse=True)


def test_a_storyline_counts_its_words_singly_in_chinese(person: User) -> None:
    chunk = {"id": "c1", "speaker": "王安", "text": "我小时候住在上海，父亲是裁缝。"}
    document = {
        "format": "chapterflow-storyline/1",
        "chunks": [chunk],
        "nodes": [
            {"id": "n1", "title": "一", "chunk_ids": ["c1"]},
            {"id": "n2", "title": "二", "summary": "父亲是裁缝"},
        ],
    }

    version = upload_storyline(json.dumps(document), actor=person)

    assert version.book.chunks.get().word_count == 13
    assert dict(version.nodes.values_list("key", "word_count")) == {"n1": 13, "n2": 5}


def test_words_of_a_node_are_those_of_its_chunks_or_else_of_its_summary(person: User) -> None:
    document = {
        "chunks": [{"id": "c1", "text": "one two"}, {"id": "c2", "text": "three"}],
        "nodes": [{"id": "a", "chunk_ids": ["c1", "c2"]}, {"id": "b", "summary": "four five six"}],
    }

    version = upload_storyline(json.dumps(document), actor=person)

    assert dict(version.nodes.values_list("key", "word_count")) == {"a": 3, "b": 3}
