"""A chapter's Metrics tab, its quality on the board and in the API, and its marks in the reading view."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from books.models import BookVersion
from tests.books.factories import written_book
from tests.workflow.pages.test_chapter_pages import ClientOf, address, page_of
from tests.workflow.quality_tasks import TOLD, measured
from workflow.models import ChapterWorkflowItem

INVENTED = "In 1931 Wilhelm Kessler <b>& sons</b> came over the ice."
TEXT = f"{TOLD}\n\n{INVENTED} [c-1]"


@pytest.fixture
def reader(person: User, client_of: ClientOf) -> Client:
    """The client of the person whose books they are."""
    return client_of(person)


@pytest.fixture
def version(person: User) -> BookVersion:
    """A book of one chapter, in which a year and a name are invented."""
    version = written_book(person, 1)
    measure_first(version, TEXT, measured(TEXT))
    return version


def measure_first(version: BookVersion, text: str, metrics: dict[str, object]) -> None:
    chapter = version.chapters.get(number=1)
    revision = chapter.current_revision
    revision.markdown, revision.quality_metrics = text, {"taste": "<i>fine</i>", "measured": metrics}
    revision.quality_score = metrics["score"]
    revision.save()
    ChapterWorkflowItem.objects.filter(chapter=chapter).update(quality_score=metrics["score"])


def test_metrics_name_what_was_found_and_lead_to_its_sentence(version: BookVersion, reader: Client) -> None:
    html = page_of(reader, version, "chapters/1/metrics/")

    assert f'{address(version, "chapters/1/")}#weak-1"' in html
    assert "“Wilhelm Kessler” and “1931” are in none of the passages." in html
    assert "3 of 4" in html
    assert "<b>& sons" not in html
    assert "<i>fine" not in html


def test_the_sentence_that_metrics_lead_to_is_marked_in_the_text(
    version: BookVersion, reader: Client
) -> None:
    for path in ("chapters/1/", "read/1/"):
        html = page_of(reader, version, path)
        assert html.count('id="weak-1"') == 1
        assert "“Wilhelm Kessler” and “1931” are in none of the passages." in html


def test_exports_have_no_marks(version: BookVersion, reader: Client) -> None:
    for kind in ("md", "epub", "json"):
        content = reader.get(address(version, f"export/{kind}/")).getvalue()
        assert b"weak-note" not in content
        assert b"Underlined" not in content


def test_api_gives_the_score_and_the_metrics(version: BookVersion, reader: Client) -> None:
    chapter = version.chapters.get(number=1)

    found = reader.get(f"/api/chapters/{chapter.chapter_id}").json()
    items = reader.get(f"/api/sessions/{chapter.item.session_id}").json()["items"]

    assert found["generation_metadata"]["quality_metrics"]["measured"]["weak"][0]["names"] == [
        "Wilhelm Kessler"
    ]
    assert found["metadata"]["quality_score"] == items[0]["quality_score"] == measured(TEXT)["score"]


@pytest.mark.parametrize("view", ["detailed", "compact"])
def test_board_shows_the_quality_of_written_chapters_in_words(
    version: BookVersion, reader: Client, view: str
) -> None:
    score = measured(TEXT)["score"]

    assert f"quality {score:.2f}</span>" in page_of(reader, version, f"board/?view={view}")

    ChapterWorkflowItem.objects.filter(session__version=version).update(quality_score=None)
    assert "quality" not in page_of(reader, version, f"board/?view={view}")


def test_what_was_not_measured_is_said_and_not_drawn(version: BookVersion, reader: Client) -> None:
    text = "Der Vater stand am Morgen mit Wilhelm Kessler am Ufer der Insel, und das Wasser kam. [c-1]"
    measure_first(version, text, measured(text))

    html = page_of(reader, version, "chapters/1/metrics/")

    assert "not measured" in html
    assert "checked in English text" in html
    assert "Weak sentences" not in html


def test_chapter_of_before_is_said_to_be_not_measured(person: User, reader: Client) -> None:
    html = page_of(reader, written_book(person, 1), "chapters/1/metrics/")

    assert "stored before chapters were measured" in html


@pytest.mark.parametrize(
    "metrics",
    [
        {"score": "x", "parts": [], "weak": 5, "said_before": [1], "grounding": "x", "script": 5},
        {"score": None, "wanted_words": 5, "words": "many", "compared_with": ["<b>"], "leftovers": "x"},
        {"score": True, "coverage": [], "frequent_phrases": [{"text": "<b>", "count": "x"}]},
    ],
)
def test_metrics_of_another_shape_break_no_page(
    version: BookVersion, reader: Client, metrics: dict[str, object]
) -> None:
    measure_first(version, TEXT, {**metrics, "score": None})

    assert "Metrics" in page_of(reader, version, "chapters/1/metrics/")
    assert "weak-1" not in page_of(reader, version, "read/1/")
