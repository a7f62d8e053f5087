"""What is spent and what may be, on the pages, through the API and in the admin."""

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.workflow.boards import make_board
from tests.workflow.sessions import new_session, new_version
from workflow.contract.events import EventKind
from workflow.live.board_state import BoardState
from workflow.models import Attempt, ProcessingSession
from workflow.pages.board.markup import BoardView
from workflow.transitions import session_transaction

SignedIn = Callable[[User], Client]
MODEL = "openai-chat:house"
SUMS = {
    "call_count": 9, "input_tokens": 212_400, "output_tokens": 21_380, "cached_tokens": 1_024,
    "spent_micros": 840_000,
}  # fmt: skip
OVER = {
    "paused_at": timezone.now(),
    "pause_reason": "budget",
    "refused_micros": 60_000,
    "refused_tokens": 9_000,
}
CALL = {
    "model": MODEL, "input": 8_412, "output": 2_280, "cached": 1_024, "estimated_input": 8_500,
    "estimated_output": 2_000, "cost_micros": 12_900,
}  # fmt: skip


@pytest.fixture(autouse=True)
def house(settings: Settings) -> None:
    """A model at a stated price."""
    settings.CHAPTERFLOW_WRITERS = ["quotations", MODEL]
    settings.CHAPTERFLOW_PRICES = {MODEL: (Decimal(1), Decimal(2), Decimal(1))}


def board_with(person: User, **columns: object) -> ProcessingSession:
    session = make_board(person, ["generated", "generated", "pending"])
    ProcessingSession.objects.filter(pk=session.pk).update(**{"writer": MODEL, **columns})
    return ProcessingSession.objects.select_related("version__book").get(pk=session.pk)


def board_page(client: Client, session: ProcessingSession) -> str:
    version = session.version
    return client.get(reverse("board", args=[version.book.book_id, version.number])).content.decode()


def test_board_shows_tokens_and_cost_of_the_budget(person: User, client_of: SignedIn) -> None:
    page = board_page(client_of(person), board_with(person, **SUMS, budget_micros=5_000_000))

    assert "<dt>Tokens in</dt><dd>212,400</dd>" in page
    assert "<dt>of these from a cache</dt><dd>1,024</dd>" in page
    assert "<dt>Cost</dt><dd>$0.84 of $5.00</dd>" in page
    assert "<dt>The rest, as it goes</dt><dd>about $0.42</dd>" in page


def test_board_says_what_was_not_reported_and_what_has_no_price(person: User, client_of: SignedIn) -> None:
    columns = {**SUMS, "spent_micros": 0, "unpriced_count": 9, "unreported_count": 2}

    page = board_page(client_of(person), board_with(person, **columns))

    assert "<dd>about 212,400</dd>" in page
    assert "<dt>Cost</dt><dd>unknown</dd>" in page
    assert "2 of 9 calls not reported by the server" in page


def test_board_of_quotations_has_no_usage(person: User, client_of: SignedIn) -> None:
    page = board_page(client_of(person), board_with(person, writer="quotations"))

    assert "Tokens in" not in page


def test_usage_travels_to_open_boards(person: User) -> None:
    session = board_with(person)
    board_view = BoardView("detailed")
    picture = BoardState(session.pk)
    picture.catch_up(None, board_view)

    with session_transaction(session.pk) as tx:
        tx.change(**SUMS)
        tx.record(EventKind.CHAPTER_GENERATED)
    news = picture.advance({board_view})[board_view]

    assert "212,400" in news.pieces["board-usage"]
    assert 'hx-swap-oob="true"' in news.pieces["board-usage"]


def test_board_over_budget_says_why_and_offers_to_raise_it(person: User, client_of: SignedIn) -> None:
    session = board_with(person, **SUMS, **OVER, budget_micros=850_000)

    page = board_page(client_of(person), session)

    assert "Paused: the next call would pass the budget of $0.85" in page
    assert "$0.84 is spent, and the call may cost up to $0.0600." in page
    assert 'name="budget_dollars"' in page
    assert 'value="1.40"' in page
    assert reverse("session_budget", args=[session.pk]) in page


def test_raising_on_the_page_lets_it_go_on(person: User, client_of: SignedIn) -> None:
    session = board_with(person, **OVER, budget_micros=850_000)

    answer = client_of(person).post(
        reverse("session_budget", args=[session.pk]), {"budget_dollars": "1.40"}, follow=True
    )

    session.refresh_from_db()
    assert (session.paused_at, session.budget_micros) == (None, 1_400_000)
    assert "ottilie raised the budget to $1.40." in answer.content.decode()


@pytest.mark.parametrize("said", ["", "much", "0.85", "0.10"])
def test_raising_by_nothing_is_refused_with_a_sentence(said: str, person: User, client_of: SignedIn) -> None:
    session = board_with(person, **OVER, budget_micros=850_000)

    answer = client_of(person).post(reverse("session_budget", args=[session.pk]), {"budget_dollars": said})

    assert answer.status_code in {409, 422}
    assert "budget" in answer.content.decode()
    session.refresh_from_db()
    assert session.is_over_budget


def test_call_without_a_price_cannot_be_raised_away(person: User, client_of: SignedIn) -> None:
    session = board_with(person, **{**OVER, "refused_micros": None}, budget_micros=850_000)

    page = board_page(client_of(person), session)

    assert "Paused: the price of the next call is not known" in page
    assert 'name="budget_dollars"' not in page
    assert 'id="session-resume"' in page


def test_home_calls_for_a_person_where_a_budget_is_reached(person: User, client_of: SignedIn) -> None:
    board_with(person, **OVER, budget_tokens=200_000)

    page = client_of(person).get("/").content.decode()

    assert "The budget of 200,000 tokens is reached" in page


def outline_page(client: Client, person: User, writer: str, chapters: int = 3) -> str:
    version = new_version(person, chapters)
    address = reverse("outline", args=[version.book.book_id, version.number])
    return client.get(address, {"writer": writer}).content.decode()


def test_start_panel_estimates_tokens_and_money(person: User, client_of: SignedIn) -> None:
    page = outline_page(client_of(person), person, MODEL)

    assert "<dt>Tokens sent</dt>" in page
    assert "<dt>Cost</dt><dd>$0.00" in page
    assert 'name="budget_dollars"' in page


def test_start_panel_says_that_a_price_is_unknown(
    person: User, client_of: SignedIn, settings: Settings
) -> None:
    settings.CHAPTERFLOW_PRICES = {}

    page = outline_page(client_of(person), person, MODEL)

    assert "unknown: no price is stated for it" in page
    assert "The price of house is not known, so only a number of tokens can be kept to." in page
    assert 'name="budget_dollars"' not in page


def test_start_panel_of_quotations_asks_for_no_budget(person: User, client_of: SignedIn) -> None:
    page = outline_page(client_of(person), person, "quotations")

    assert "<dt>Cost</dt><dd>nothing</dd>" in page
    assert 'id="start-budget" hidden disabled' in page


def test_budget_of_the_form_is_the_sessions(person: User, client_of: SignedIn, settings: Settings) -> None:
    settings.CHAPTERFLOW_BUDGET = (Decimal(1), None)
    version = new_version(person, 2)
    form = {"writer": MODEL, "budget_dollars": "", "budget_tokens": "50,000"}

    client_of(person).post(reverse("start", args=[version.book.book_id, version.number]), form)

    session = ProcessingSession.objects.get()
    assert (session.budget_micros, session.budget_tokens) == (None, 50_000)
    assert session.events.first().detail["budget"] == "50,000 tokens"


def test_money_for_ones_own_writer_is_refused(person: User, client_of: SignedIn, settings: Settings) -> None:
    settings.CHAPTERFLOW_WRITERS = ["python:tests.writers:*"]
    version = new_version(person, 2)
    form = {"writer": "python:tests.writers:plain", "budget_dollars": "5", "budget_tokens": ""}

    answer = client_of(person).post(reverse("start", args=[version.book.book_id, version.number]), form)

    assert answer.status_code == 422
    assert "does not ask before it spends" in answer.content.decode()


def spent_attempts(person: User) -> ProcessingSession:
    """A session with two attempts at its first chapter: one lost, one that went well."""
    session = new_session(person, 1, writer=MODEL)
    item = session.items.get()
    lost = {**CALL, "input": None, "output": None, "cached": None}
    for number, call, outcome in ((1, lost, "lost"), (2, CALL, "succeeded")):
        counted = {
            "call_count": 1, "input_tokens": call["input"] or 8_500, "output_tokens": call["output"] or 2_000,
            "cached_tokens": call["cached"] or 0, "spent_micros": 12_900,
            "unreported_count": int(call["input"] is None),
        }  # fmt: skip
        Attempt.objects.create(
            session=session,
            item=item,
            phase="writing",
            number=number,
            agent=MODEL,
            owner="a:1:1",
            token=uuid4(),
            outcome=outcome,
            usage={"model": MODEL, "calls": [call]},
            **counted,
        )
    session.items.update(attempt_count=2)
    return session


def test_attempts_page_says_what_was_sent_and_what_was_not_reported(
    person: User, client_of: SignedIn
) -> None:
    version = spent_attempts(person).version

    page = client_of(person).get(reverse("chapter_attempts", args=[version.book.book_id, 1, 1]))

    text = page.content.decode()
    assert "8,412 and 2,280 tokens (1,024 from the provider’s cache)" in text
    assert "about 8,500 and about 2,000 tokens" in text
    assert "Not reported by the server: an estimate of ours." in text
    assert "All attempts together" in text
    assert "$0.0258" in text


def test_api_tells_usage_by_session_chapter_attempt_and_call(person: User, client_of: SignedIn) -> None:
    session = spent_attempts(person)
    ProcessingSession.objects.filter(pk=session.pk).update(**SUMS, budget_micros=5_000_000)

    found = client_of(person).get(f"/api/sessions/{session.pk}/usage").json()

    assert found["usage"]["cost"] == "0.840000"
    assert found["book_usage"] == found["usage"]
    assert found["budget"] == {"dollars": "5.000000", "tokens": None}
    assert found["chapters"][0]["usage"]["cost"] == "0.025800"
    assert [each["outcome"] for each in found["attempts"]] == ["lost", "succeeded"]
    assert [each["calls"][0]["input_tokens"] for each in found["attempts"]] == [None, 8_412]


def test_api_starts_with_a_budget_and_says_why_it_is_paused(person: User, client_of: SignedIn) -> None:
    client = client_of(person)
    version = new_version(person, 2)
    path = f"/api/books/{version.book.book_id}/versions/v1/start"
    asked = {"writer": MODEL, "budget": {"dollars": "5.00"}}

    answer = client.post(path, asked, content_type="application/json")
    session = ProcessingSession.objects.get()
    ProcessingSession.objects.filter(pk=session.pk).update(**OVER)
    shown = client.get(f"/api/sessions/{session.pk}").json()

    assert answer.status_code == 202
    assert shown["budget"] == {"dollars": "5.000000", "tokens": None}
    assert shown["pause_reason"] == "budget"
    assert "would pass the budget of $5.00" in shown["message"]


@pytest.mark.parametrize("budget", [{"dollars": "-1"}, {"tokens": 0}, {"dollars": "NaN"}, {"euros": 5}])
def test_api_refuses_what_is_no_budget(budget: dict[str, object], person: User, client_of: SignedIn) -> None:
    version = new_version(person, 2)
    path = f"/api/books/{version.book.book_id}/versions/v1/start"

    answer = client_of(person).post(
        path, {"writer": MODEL, "budget": budget}, content_type="application/json"
    )

    assert answer.status_code == 422
    assert not ProcessingSession.objects.exists()


def test_api_estimates_for_a_model(person: User, client_of: SignedIn) -> None:
    version = new_version(person, 3)
    path = f"/api/books/{version.book.book_id}/versions/v1"

    estimate = client_of(person).get(path, {"writer": MODEL}).json()["estimate"]

    assert estimate["costs_nothing"] is False
    assert Decimal(estimate["cost"]["low"]) < Decimal(estimate["cost"]["high"])
    assert estimate["input_tokens"]["low"] > 0


def test_admin_shows_spending_and_why_it_is_paused(person: User, client_of: SignedIn) -> None:
    session = board_with(person, **SUMS, **OVER, budget_micros=850_000)
    admin = User.objects.create_superuser("staff")

    page = client_of(admin).get(reverse("admin:workflow_processingsession_change", args=[session.pk]))

    text = page.content.decode()
    assert "paused: the next call would pass the budget" in text
    assert "$0.84" in text
    assert "212,400 in, 21,380 out." in text


def test_outline_of_a_started_version_says_what_the_book_has_cost(person: User, client_of: SignedIn) -> None:
    session = new_session(person, 2, writer=MODEL)
    ProcessingSession.objects.filter(pk=session.pk).update(**SUMS)

    page = client_of(person).get(reverse("outline", args=[session.version.book.book_id, 1]))

    assert "<dt>Spent on this version</dt><dd>$0.84</dd>" in page.content.decode()
