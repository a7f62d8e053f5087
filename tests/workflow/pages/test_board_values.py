"""What a board says, worked out from rows."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.workflow.sessions import new_session
from workflow.engine import advance
from workflow.models import ProcessingSession
from workflow.pages.board.board import read_board
from workflow.pages.board.cards import DisplayStatus, Named, Surroundings, make_card, name_some, who_waits
from workflow.pages.board.markup import COMPACT, DETAILED, BoardView, Tile, part, render_card
from workflow.pages.board.summary import facts
from workflow.progress.blocked import find_blocked
from workflow.progress.estimate import estimate_rest
from workflow.progress.rows import Row, read_rows

START = datetime(2026, 3, 1, 14, 22, tzinfo=UTC)


def row(number: int, status: str = "pending", **columns: object) -> Row:
    values: dict[str, object] = {
        "item_id": number,
        "number": number,
        "status": status,
        "status_before": "",
        "attempt_count": 0,
        "retry_count": 0,
        "next_attempt_at": None,
        "error_code": "",
        "error_message": "",
        "word_count": 0,
        "quality_score": None,
        "started_at": None,
        "finished_at": None,
        "owner": "",
        "title": f"Title {number}",
        "outdated_reason": "",
        "passage_count": 8,
        "source_words": 0,
    }
    return Row(**(values | columns))  # type: ignore[arg-type]


def blocked(plan: str, needs: Mapping[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    words = {"p": "pending", "f": "failed", "g": "generated", "i": "in_progress"}
    return find_blocked([row(n, words[letter]) for n, letter in enumerate(plan, 1)], needs)


def test_each_column_is_read_under_its_name(person: User) -> None:
    session = new_session(person, 2)
    advance(session.pk)

    for row in read_rows(session.pk):
        item = session.items.select_related("chapter__node").get(pk=row.item_id)
        of_chapter = {
            "item_id": item.pk,
            "title": item.chapter.title,
            "outdated_reason": item.chapter.outdated_reason,
            "passage_count": item.chapter.node.chunk_count,
            "source_words": item.chapter.node.word_count,
        }
        own = {name: getattr(item, name) for name in row._fields if name not in of_chapter}
        assert row._asdict() == own | of_chapter


def test_a_failed_chapter_blocks_however_far_down() -> None:
    assert blocked("fppp", {2: (1,), 3: (2,), 4: (3,)}) == {2: (1,), 3: (1,), 4: (1,)}


def test_every_failed_ancestor_is_named_once() -> None:
    assert blocked("ffpp", {3: (1, 2), 4: (3, 1)}) == {3: (1, 2), 4: (1, 2)}


def test_failed_chapters_behind_a_failed_one_are_named_too() -> None:
    assert blocked("ffp", {2: (1,), 3: (2,)}) == {3: (1, 2)}


@pytest.mark.parametrize("between", ["g", "i"])
def test_what_depends_on_a_written_chapter_is_not_blocked(between: str) -> None:
    assert blocked(f"f{between}p", {2: (1,), 3: (2,)}) == {}


def test_a_long_chain_is_followed_without_recursion() -> None:
    many = 5_000

    found = blocked("f" + "p" * (many - 1), {n: (n - 1,) for n in range(2, many + 1)})

    assert len(found) == many - 1
    assert set(found.values()) == {(1,)}


def test_a_pending_chapter_is_shown_as_what_it_waits_for() -> None:
    waiting = row(2, next_attempt_at=START)

    assert make_card(row(2), Surroundings()).look is DisplayStatus.PENDING
    assert make_card(waiting, Surroundings()).look is DisplayStatus.RETRY
    assert make_card(waiting, Surroundings(blocked={2: (1,)})).look is DisplayStatus.BLOCKED


def test_only_a_failed_chapter_can_be_retried_and_not_in_a_cancelled_session() -> None:
    failed = row(2, "failed", error_code="timeout")

    assert make_card(failed, Surroundings(action_url="/r/")).retry_url == "/r/2/retry/"
    assert make_card(failed, Surroundings(action_url="/r/", can_retry=False)).retry_url == ""
    assert make_card(row(2), Surroundings(action_url="/r/")).retry_url == ""


def test_a_failed_card_says_what_happened_and_who_waits() -> None:
    around = Surroundings(holds=who_waits({3: (2,), 4: (2,)}))

    card = make_card(row(2, "failed", error_code="timeout", attempt_count=3, retry_count=3), around)
    html = render_card(card, DETAILED)

    assert "The writer did not answer in time" in html
    assert 'Chapters <a href="#chapter-3">3</a> and <a href="#chapter-4">4</a> wait for this one' in html
    assert "after 3 attempts" in html


def test_an_old_text_stays_when_writing_it_again_failed() -> None:
    card = make_card(row(2, "completed", error_code="timeout", word_count=900), Surroundings())

    assert card.notice is not None
    assert card.notice.text.startswith("The earlier text stays.")
    assert card.state == "900 words"


def test_a_few_chapters_are_named_and_the_others_counted() -> None:
    assert name_some([1, 2, 3, 4]) == Named((1, 2, 3, 4))
    assert name_some([1, 2, 3, 4, 5]) == Named((1, 2, 3), 2)


@pytest.mark.parametrize("view", [DETAILED, COMPACT])
@pytest.mark.parametrize("column", ["title", "error_message", "outdated_reason", "error_code"])
def test_what_comes_from_outside_is_escaped(view: str, column: str) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&{{ 7|add:7 }}"
    status = "generated" if column == "outdated_reason" else "failed"
    card = make_card(row(1, status, **{"error_code": "timeout", column: hostile}), Surroundings())

    html = render_card(card, view)

    assert "<img" not in html
    assert "{{ 7" in html or hostile not in str(card[:3])


def test_numbers_in_ids_and_addresses_have_no_separators() -> None:
    around = Surroundings(needs={1_234: (1_200,)}, chapter_url="/c/")

    html = render_card(make_card(row(1_234), around), DETAILED)

    assert 'id="chapter-1234"' in html
    assert 'href="#chapter-1200"' in html
    assert "1,2" not in html


def test_equal_rows_are_rendered_once() -> None:
    render_card.cache_clear()

    for _ in range(3):
        render_card(make_card(row(1), Surroundings()), DETAILED)

    assert render_card.cache_info().misses == 1


def test_a_tile_draws_each_status_with_its_own_shape() -> None:
    html = part("_tile.html", tile=Tile(1, 1, (DisplayStatus.GENERATED, DisplayStatus.FAILED))).render()

    assert html.count("<path") == 2
    assert "1 failed, 1 generated" in html


def written(number: int, start: float, seconds: float) -> Row:
    began = START + timedelta(seconds=start)
    return row(number, "generated", started_at=began, finished_at=began + timedelta(seconds=seconds))


def test_it_is_too_early_to_say_before_two_chapters_are_written() -> None:
    assert estimate_rest([written(1, 0, 60), row(2), row(3)], 2, 1) is None


def test_one_after_another_takes_the_mean_times_the_rest() -> None:
    estimate = estimate_rest([written(1, 0, 60), written(2, 60, 60)], 9, 8)

    assert estimate is not None
    assert estimate.seconds == pytest.approx(540)
    assert str(estimate) == "About 9 minutes left (measured on 2 chapters)"


def test_chapters_written_side_by_side_shorten_the_rest() -> None:
    rows = [written(n, 0, 60) for n in (1, 2, 3, 4)]

    estimate = estimate_rest(rows, 4, 8)

    assert estimate is not None
    assert estimate.seconds == pytest.approx(60)


def test_chapters_that_still_run_beside_the_first_shorten_the_rest() -> None:
    begun = [row(n, "in_progress", started_at=START) for n in range(3, 33)]

    estimate = estimate_rest([written(1, 0, 60), written(2, 0, 60), *begun], 64, 64)

    assert estimate is not None
    assert estimate.seconds == pytest.approx(2 * 60)


def test_chapters_that_were_begun_after_the_last_was_written_say_nothing_of_the_time_before() -> None:
    begun = [row(n, "in_progress", started_at=START + timedelta(seconds=120)) for n in range(3, 33)]

    estimate = estimate_rest([written(1, 0, 60), written(2, 60, 60), *begun], 30, 64)

    assert estimate is not None
    assert estimate.seconds == pytest.approx(30 * 60)


def test_the_last_chapter_takes_as_long_as_one() -> None:
    rows = [*(written(n, 0, 60) for n in range(1, 33)), row(33, "in_progress", started_at=START)]

    estimate = estimate_rest(rows, 1, 64)

    assert estimate is not None
    assert estimate.seconds == pytest.approx(60)


def test_a_pause_does_not_make_the_rest_longer() -> None:
    estimate = estimate_rest([written(1, 0, 60), written(2, 36_000, 60)], 2, 8)

    assert estimate is not None
    assert estimate.seconds == pytest.approx(120)


def test_uneven_chapters_widen_the_margin() -> None:
    even = estimate_rest([written(1, 0, 100), written(2, 100, 100)], 9, 1)
    uneven = estimate_rest([written(1, 0, 20), written(2, 20, 180)], 9, 1)

    assert even is not None
    assert uneven is not None
    assert "give or take" not in str(even)
    assert "give or take" in str(uneven)
    assert uneven.seconds == pytest.approx(even.seconds)


@pytest.mark.parametrize(
    ("view", "show", "chapters", "board_view"),
    [
        ("", "", 50, BoardView(DETAILED)),
        ("", "", 51, BoardView(COMPACT)),
        ("detailed", "failed", 51, BoardView(DETAILED, "failed")),
        ("<x>", "<y>", 3, BoardView(DETAILED)),
    ],
)
def test_unknown_ways_of_looking_mean_the_default(
    view: str, show: str, chapters: int, board_view: BoardView
) -> None:
    assert BoardView.of(view, show, chapters) == board_view


@pytest.mark.parametrize(
    ("writer", "limits", "parallel", "said"),
    [
        ("quotations", {}, 64, "one at a time in each worker"),
        ("openai:scripted", {}, 64, "up to 5 at once"),
        ("openai:scripted", {}, 3, "up to 3 at once"),
        ("openai:scripted", {"openai": 2}, 64, "up to 2 at once"),
        ("openai:scripted", {"*": 1}, 64, "one at a time"),
        ("openai:scripted,ollama:scripted", {"openai": 1}, 64, "up to 5 at once"),
        ("openai:scripted,ollama:scripted", {"openai": 1, "all": 4}, 64, "up to 4 at once"),
    ],
)
def test_board_says_how_many_chapters_are_written_at_once(
    person: User, settings: Settings, writer: str, limits: dict[str, int], parallel: int, said: str
) -> None:
    settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = limits
    session = new_session(person, 5, after={})
    ProcessingSession.objects.update(writer=writer, parallel_chapters=parallel)
    session.refresh_from_db()

    assert dict(facts(read_board(session)))["Chapters"] == f"5, {said}"


def test_chain_is_written_one_after_another(person: User) -> None:
    assert dict(facts(read_board(new_session(person, 5))))["Chapters"] == "5, one after another"
