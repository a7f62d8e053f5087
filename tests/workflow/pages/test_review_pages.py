"""The review desk."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from books.models import ChapterRevision, Origin
from tests.workflow.boards import make_board
from workflow.contract.states import SessionStatus
from workflow.models import ChangeStatus, ConsistencyRule, HarmonizationChange, ProcessingSession

TEXT = "The pegs went in along the towpath in the autumn of 1957, a row of white heads."


@pytest.fixture
def session(person: User) -> ProcessingSession:
    session = make_board(
        person, ["completed"] * 3, status=SessionStatus.COMPLETED, harmonized_at=timezone.now()
    )
    for item in session.items.select_related("chapter"):
        revision = ChapterRevision.objects.create(
            chapter=item.chapter,
            number=1,
            origin=Origin.HARMONIZER,
            title=item.chapter.title,
            markdown=TEXT,
            agent="rules",
        )
        item.chapter.current_revision = revision
        item.chapter.save()
    return session


@pytest.fixture
def client(person: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(person)


def make_change(
    session: ProcessingSession, status: str = "applied", number: int = 1, **columns: object
) -> HarmonizationChange:
    values: dict[str, object] = {
        "rule": "dashes",
        "severity": "info",
        "find": "1958",
        "replace": "1957",
        "offset": TEXT.index("1957"),
        "before": "in the autumn of ",
        "after": ", a row of white heads.",
        "reason": "Chapters 6 and 9 put it one year earlier.",
    }
    chapter = session.items.get(number=number).chapter
    return HarmonizationChange.objects.create(
        session=session, chapter=chapter, status=status, **(values | columns)
    )


def address(session: ProcessingSession, query: str = "") -> str:
    return f"{reverse('review', args=[session.version.book.book_id, session.version.number])}{query}"


def decide(client: Client, change: HarmonizationChange, decision: str, **headers: str) -> object:
    return client.post(
        reverse("change_decide", kwargs={"change_id": change.pk, "decision": decision}), headers=headers
    )


def test_a_change_is_shown_in_its_place_with_its_reason(client: Client, session: ProcessingSession) -> None:
    make_change(session, before="**Emm:** in the autumn of ", after=", a row [c-7] of\\*heads")

    html = client.get(address(session)).content.decode()

    assert "… Emm: in the autumn of <del>1958</del> <ins>1957</ins>, a row  of*heads …" in html
    assert "Chapters 6 and 9 put it one year earlier." in html
    assert "Dashes are the same" in html
    assert "1 change in 1 chapter" in html


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (
            {"find": "*The Bell* rang", "replace": "_The Bell_ tolled"},
            "<del>The Bell rang</del> <ins>The Bell tolled</ins>",
        ),
        ({"find": "**Emm** [c-7] said", "replace": None}, "<mark>Emm said</mark>"),
        ({"find": "5 * 3\\*", "replace": "snake_case"}, "<del>5 * 3*</del> <ins>snake_case</ins>"),
        ({"find": "*Bell*", "replace": "Bell"}, "<del>*Bell*</del> <ins>Bell</ins>"),
        ({"find": "<b>*x*</b>", "replace": "y"}, "<del>&lt;b&gt;x&lt;/b&gt;</del> <ins>y</ins>"),
        ({"before": "> He saw *", "after": "* and _"}, "… He saw <del>1958</del> <ins>1957</ins> and …"),
    ],
)
def test_marks_of_markdown_are_not_shown(
    client: Client, session: ProcessingSession, columns: dict[str, object], shown: str
) -> None:
    make_change(session, "suggested", **columns)

    html = " ".join(client.get(address(session)).content.decode().split())

    assert shown in html


def test_the_first_kind_that_has_something_is_shown(client: Client, session: ProcessingSession) -> None:
    make_change(session, "suggested")

    html = client.get(address(session)).content.decode()

    assert 'href="?show=suggested" id="show-suggested" data-status="retry" aria-current="true"' in html
    assert "Suggestions <b>1</b>" in html


def test_changes_come_by_chapter(client: Client, session: ProcessingSession) -> None:
    for number in (3, 1, 1):
        make_change(session, number=number)

    html = client.get(address(session)).content.decode()

    assert html.count('class="change-chapter"') == 2
    assert html.index("Chapter 1, ") < html.index("Chapter 3, ")


def test_keeping_is_one_press(client: Client, session: ProcessingSession) -> None:
    change = make_change(session)

    response = decide(client, change, "keep")

    change.refresh_from_db()
    assert change.status == ChangeStatus.KEPT
    assert change.decided_by is not None
    assert response.status_code == 302  # type: ignore[attr-defined]


def test_applying_a_suggestion_is_one_decision(client: Client, session: ProcessingSession) -> None:
    change = make_change(session, "suggested", find="1957", replace="1958")

    decide(client, change, "apply")
    html = client.get(address(session)).content.decode()

    change.refresh_from_db()
    assert change.status == ChangeStatus.KEPT
    assert "To look at <b>0</b>" in html
    assert change.revision is not None
    assert change.revision.reason == f"Applied: {change.reason}"


def test_undoing_puts_the_old_words_back(client: Client, session: ProcessingSession) -> None:
    change = make_change(session)

    decide(client, change, "undo")

    change.refresh_from_db()
    chapter = session.items.get(number=1).chapter
    assert change.status == ChangeStatus.UNDONE
    assert chapter.current_revision is not None
    assert "autumn of 1958" in chapter.current_revision.markdown


def test_htmx_gets_the_change_as_it_is_now_and_the_counts(client: Client, session: ProcessingSession) -> None:
    change = make_change(session)

    html = decide(client, change, "keep", **{"HX-Request": "true"}).content.decode()  # type: ignore[attr-defined]

    assert f'<article class="change" id="change-{change.pk}"' in html
    assert "Kept" in html
    assert '<nav hx-swap-oob="true" class="chips" id="change-filter"' in html
    assert "<html" not in html


@pytest.mark.parametrize(
    ("status", "columns", "offered", "missing"),
    [
        ("applied", {}, {"keep", "undo"}, {"apply", "dismiss"}),
        ("kept", {}, {"undo"}, {"keep"}),
        ("suggested", {}, {"apply", "dismiss"}, {"undo"}),
        ("suggested", {"replace": None}, {"dismiss"}, {"apply"}),
        ("undone", {}, {"apply"}, {"undo"}),
        ("dismissed", {}, {"apply"}, {"dismiss"}),
        ("rejected", {}, {"dismiss"}, {"apply"}),
    ],
)
def test_only_what_can_be_decided_is_offered(
    client: Client,
    session: ProcessingSession,
    status: str,
    columns: dict[str, object],
    offered: set[str],
    missing: set[str],
) -> None:
    make_change(session, status, **columns)

    html = client.get(address(session, "?show=all")).content.decode()

    assert {each for each in offered if f'data-decision="{each}"' in html} == offered
    assert not {each for each in missing if f'data-decision="{each}"' in html}


def test_what_could_not_be_applied_says_why(client: Client, session: ProcessingSession) -> None:
    make_change(session, "rejected", evidence={"not_applied": "The words occur twice."}, before="", after="")

    html = client.get(address(session)).content.decode()

    assert "<strong>Not applied:</strong> The words occur twice." in html
    assert "Open chapter 1" in html


def test_all_changes_are_kept_at_once(client: Client, session: ProcessingSession) -> None:
    changes = [make_change(session, number=number) for number in (1, 2, 3)]
    aside = make_change(session, "suggested")

    client.post(reverse("keep_all", args=[session.version.book.book_id, session.version.number]))

    assert {each.status for each in HarmonizationChange.objects.exclude(pk=aside.pk)} == {ChangeStatus.KEPT}
    aside.refresh_from_db()
    assert aside.status == ChangeStatus.SUGGESTED
    assert len(changes) == 3


def test_a_rule_is_switched_for_the_book(client: Client, session: ProcessingSession) -> None:
    where = reverse("rule_switch", args=[session.version.book.book_id, "dashes"])

    client.post(where)
    assert not ConsistencyRule.objects.get(book=session.version.book, key="dashes").is_enabled
    assert "Off for this book" in client.get(address(session)).content.decode()

    client.post(where, {"enabled": "on"})
    assert ConsistencyRule.objects.get(book=session.version.book, key="dashes").is_enabled


def test_an_unknown_rule_and_an_unknown_decision_are_refused(
    client: Client, session: ProcessingSession
) -> None:
    rule = client.post(reverse("rule_switch", args=[session.version.book.book_id, "no-such-rule"]))

    assert rule.status_code == 422
    assert decide(client, make_change(session), "burn").status_code == 404  # type: ignore[attr-defined]


def test_a_stranger_decides_nothing(
    session: ProcessingSession, stranger: User, client_of: Callable[[User], Client]
) -> None:
    change = make_change(session)
    other = client_of(stranger)
    rule = reverse("rule_switch", args=[session.version.book.book_id, "dashes"])
    keep_all = reverse("keep_all", args=[session.version.book.book_id, session.version.number])

    for decision in ("keep", "undo", "apply", "dismiss"):
        assert decide(other, change, decision).status_code == 404  # type: ignore[attr-defined]
    assert other.post(rule).status_code == 404
    assert other.post(keep_all).status_code == 404
    change.refresh_from_db()
    assert change.status == ChangeStatus.APPLIED


def test_hostile_words_are_escaped(client: Client, session: ProcessingSession) -> None:
    hostile = "<script>alert(1)</script>"
    columns = dict.fromkeys(("find", "replace", "before", "after", "reason", "rule"), hostile)
    make_change(session, **columns)

    assert hostile not in client.get(address(session)).content.decode()


@pytest.mark.parametrize(
    ("harmonized", "words"),
    [(True, "The harmonizer found nothing to change."), (False, "Nothing to review yet")],
)
def test_without_changes_the_page_says_why(
    client: Client, session: ProcessingSession, harmonized: bool, words: str
) -> None:
    if not harmonized:
        ProcessingSession.objects.filter(pk=session.pk).update(harmonized_at=None)

    assert words in client.get(address(session)).content.decode()


def advised(session: ProcessingSession, phase: str, **advice: object) -> None:
    """A language model helped with the phase."""
    session.attempts.create(
        phase=phase,
        number=1,
        agent="openai-chat:gpt-5-mini",
        outcome="succeeded",
        owner="run:1:1",
        token=uuid.uuid4(),
        context={"advice": {"answers": {}, "failure": None, "asked": 0, **advice}},
    )


def test_proposal_of_a_model_says_so_and_what_it_was_compared_with(
    client: Client, session: ProcessingSession
) -> None:
    others = [{"chapter": 2, "text": "It was <b>1957</b>. [c-2]"}]
    make_change(session, "suggested", rule="model", evidence={"kind": "facts", "others": others})

    html = client.get(address(session)).content.decode()

    assert "Numbers and dates agree" in html
    assert "Proposed by a language model" in html
    assert "Chapter 2 has: “It was &lt;b&gt;1957&lt;/b&gt;.”" in html


def test_verdict_of_a_model_stands_with_the_rules_suggestion(
    client: Client, session: ProcessingSession
) -> None:
    make_change(session, "suggested", rule="name_variants", evidence={"model": {"verdict": "fine"}})

    html = client.get(address(session)).content.decode()

    assert "A language model sees nothing wrong here." in html
    assert "Proposed by" not in html


def test_model_that_could_not_help_is_named_in_one_sentence(
    client: Client, session: ProcessingSession
) -> None:
    advised(session, "harmonizing", failure={"code": "rate_limited", "message": "429"})

    html = client.get(address(session)).content.decode()

    assert "The language model could not help</strong><p>Its provider asked us to slow down." in html
    assert "429" not in html


def test_model_that_helped_is_named(client: Client, session: ProcessingSession) -> None:
    advised(session, "harmonizing", answers={"a": {}, "b": {}}, asked=2)

    html = client.get(address(session)).content.decode()

    assert "A language model (gpt-5-mini) has looked at 2 places." in html


def test_switch_of_the_model_is_there_where_one_is_set(
    client: Client, session: ProcessingSession, settings: Settings
) -> None:
    words = "A language model compares the chapters"
    assert words not in client.get(address(session)).content.decode()

    settings.CHAPTERFLOW_HARMONIZER = "openai:gpt-5-mini"

    assert words in client.get(address(session)).content.decode()
