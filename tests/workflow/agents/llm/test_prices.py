"""Prices: stated by the installation, published, nothing on one's own machine, or openly unknown."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from workflow.agents.llm.forecast import forecast
from workflow.agents.llm.providers.prices import cost_of, has_price
from workflow.contract.money import budget_words, money, parse_dollars, parse_tokens

HOUSE = "openai-chat:house"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    for name in ("OPENAI_BASE_URL", "OLLAMA_BASE_URL", "VLLM_BASE_URL", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    settings.CHAPTERFLOW_PRICES = {}


@pytest.mark.parametrize("model", ["openai:gpt-4o", "openai-chat:gpt-4o", "anthropic:claude-sonnet-4-5"])
def test_published_price_is_taken(model: str) -> None:
    alone, cached = cost_of(model, 10_000, 1_000), cost_of(model, 10_000, 1_000, 8_000)

    assert alone is not None
    assert cached is not None
    assert 0 < cached < alone


@pytest.mark.parametrize("model", [HOUSE, "ollama:llama3", "vllm:house", "google:no-such-model", "house", ""])
def test_unknown_price_is_none(model: str) -> None:
    assert cost_of(model, 10, 10) is None


def test_model_of_a_known_name_at_another_address_has_no_published_price(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models.example.org/v1")

    assert not has_price("openai-chat:gpt-4o")


def test_stated_price_counts_first_and_is_exact(settings: Settings) -> None:
    settings.CHAPTERFLOW_PRICES = {HOUSE: (Decimal("0.5"), Decimal("1.5"), Decimal("0.05"))}

    assert cost_of(HOUSE, 1_000_000, 1_000_000) == 2_000_000
    assert cost_of(HOUSE, 1_000_000, 0, 1_000_000) == 50_000
    assert cost_of(HOUSE, 1, 0) == 1  # half a millionth, never understated


def test_stated_price_of_a_prefix_gives_way_to_a_longer_one(settings: Settings) -> None:
    one, two = (Decimal(1),) * 3, (Decimal(2),) * 3
    settings.CHAPTERFLOW_PRICES = {"ollama:*": one, "ollama:big*": two}

    assert cost_of("ollama:small", 1_000_000, 0) == 1_000_000
    assert cost_of("ollama:big-7b", 1_000_000, 0) == 2_000_000


@pytest.mark.parametrize(
    ("model", "address", "cost"),
    [
        ("ollama:llama3", "http://127.0.0.1:11434/v1", 0),
        ("ollama:llama3", "http://localhost:11434/v1", 0),
        ("ollama:gpt-oss:120b-cloud", "http://localhost:11434/v1", None),
        ("ollama:llama3", "http://10.0.0.9:11434/v1", None),
        ("ollama:llama3", "not an address", None),
    ],
)
def test_only_what_surely_runs_here_costs_nothing(
    model: str, address: str, cost: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", address)

    assert cost_of(model, 1_000, 1_000) == cost


def test_forecast_is_a_range_of_words_tokens_and_money(settings: Settings) -> None:
    settings.CHAPTERFLOW_PRICES = {HOUSE: (Decimal(1), Decimal(2), Decimal(1))}

    found = forecast(HOUSE, [2_000] * 10, {"words_per_chapter": 500})

    assert found is not None
    assert (found.words.low, found.words.high) == (3_500, 6_500)
    assert 10 * 2_400 < found.input_tokens.low < found.input_tokens.high < 10 * 1.5 * 8_800
    assert found.micros is not None
    assert found.micros.low == found.input_tokens.low + 2 * found.output_tokens.low
    assert found.micros.high == found.input_tokens.high + 2 * found.output_tokens.high


def test_thin_sources_make_a_short_book() -> None:
    found = forecast(HOUSE, [100] * 10, {})

    assert found is not None
    assert found.words.low == 600
    assert found.micros is None


def test_fallback_list_ranges_from_the_cheapest_to_the_dearest(settings: Settings) -> None:
    cheap, dear = (Decimal(1),) * 3, (Decimal(10),) * 3
    settings.CHAPTERFLOW_PRICES = {"openai-chat:a": cheap, "openai-chat:b": dear}

    both = forecast("openai-chat:b, openai-chat:a", [500], {})
    with_unknown = forecast("openai-chat:a,openai-chat:c", [500], {})

    assert both is not None
    assert both.micros is not None
    assert both.micros.low == both.input_tokens.low + both.output_tokens.low
    assert both.micros.high == 10 * (both.input_tokens.high + both.output_tokens.high)
    assert with_unknown is not None
    assert with_unknown.micros is None


def test_other_writers_have_no_forecast() -> None:
    assert forecast("quotations", [500], {}) is None
    assert forecast("python:a.b:c", [500], {}) is None


@pytest.mark.parametrize(
    ("micros", "words"),
    [
        (0, "$0.00"), (5_000_000, "$5.00"), (840_000, "$0.84"), (1_290, "$0.0013"), (3, "less than $0.0001"),
        (1_234_500_000, "$1,234.50"),
    ],
)  # fmt: skip
def test_money_in_words(micros: int, words: str) -> None:
    assert money(micros) == words


def test_budget_in_words() -> None:
    assert budget_words(5_000_000, None) == "$5.00"
    assert budget_words(5_000_000, 200_000) == "$5.00 and 200,000 tokens"
    assert budget_words(None, None) == ""


@pytest.mark.parametrize(
    ("text", "micros"),
    [("5", 5_000_000), ("$2.50", 2_500_000), ("1,000", 1_000_000_000), ("0", None), ("-1", None), ("NaN", None),
     ("Infinity", None), ("five", None), ("1e9", None), ("0.0000001", 1)],
)  # fmt: skip
def test_amounts_that_people_write(text: str, micros: int | None) -> None:
    assert parse_dollars(text) == micros


@pytest.mark.parametrize(
    ("text", "count"),
    [("200,000", 200_000), ("200 000", 200_000), ("0", None), ("-5", None), ("٣", None),
     ("9" * 20, None)],
)  # fmt: skip
def test_tokens_that_people_write(text: str, count: int | None) -> None:
    assert parse_tokens(text) == count
