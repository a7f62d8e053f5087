"""What the environment says becomes settings."""

import os
import stat
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from chapterflow_site import env


def test_dotenv_does_not_override_what_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CF_SET", "from outside")
    monkeypatch.delenv("CF_UNSET", raising=False)
    (tmp_path / ".env").write_text("# a comment\nCF_SET=file\nexport CF_UNSET='a value'\nnonsense\n")

    env.load_dotenv(tmp_path / ".env")

    assert (os.environ["CF_SET"], os.environ.pop("CF_UNSET")) == ("from outside", "a value")


def test_secret_key_is_made_once_and_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)

    first, second = env.secret_key(tmp_path), env.secret_key(tmp_path)

    assert first == second
    assert len(first) > 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_postgresql_address_is_taken_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://emm:p%40ss@db.example:5433/river?sslmode=require")

    database = env.database(tmp_path)

    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert [database[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "river", "emm", "p@ss", "db.example", "5433",
    ]  # fmt: skip
    assert database["OPTIONS"] == {**env.PATIENCE, "sslmode": "require"}


def test_sqlite_is_the_default_and_may_be_placed_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    default = env.database(tmp_path)["NAME"]
    monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/books.sqlite3")

    assert default == str(tmp_path / "chapterflow.sqlite3")
    assert env.database(tmp_path)["NAME"] == "/srv/books.sqlite3"


def test_other_databases_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://localhost/books")

    with pytest.raises(ImproperlyConfigured):
        env.database(tmp_path)


def test_machines_of_one_installation_share_its_name() -> None:
    here = env.installation_id("key", "river")

    assert here == env.installation_id("key", "river")
    assert len({here, env.installation_id("other key", "river"), env.installation_id("key", "sea")}) == 3


def test_number_that_is_none_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPTERFLOW_WORKERS", "many")

    with pytest.raises(ImproperlyConfigured, match="whole number"):
        env.integer("CHAPTERFLOW_WORKERS", 2)


def test_prices_are_read_per_million_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CF_PRICES", "openai-chat:house=0.5/1.5, ollama:a/b=0/0, vllm:c=1/2/0.1")

    assert env.prices("CF_PRICES") == {
        "openai-chat:house": (Decimal("0.5"), Decimal("1.5"), Decimal("0.5")),
        "ollama:a/b": (0, 0, 0),
        "vllm:c": (1, 2, Decimal("0.1")),
    }


@pytest.mark.parametrize(
    "text", ["house", "house=1", "house=a/b", "=1/2", "house=-1/2", "house=NaN/2", "h=1/2/3/4"]
)
def test_price_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CF_PRICES", text)

    with pytest.raises(ImproperlyConfigured, match="CF_PRICES"):
        env.prices("CF_PRICES")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (None, None)), ("5.00", (5, None)), ("$2.50", (Decimal("2.5"), None)),
        ("200000 tokens", (None, 200_000)), ("5, 200000 tokens", (5, 200_000)),
    ],
)  # fmt: skip
def test_budget_is_read(text: str, found: tuple[object, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CF_BUDGET", text)

    assert env.budget("CF_BUDGET") == found


@pytest.mark.parametrize("text", ["five", "0", "-1", "5 euros", "Infinity"])
def test_budget_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CF_BUDGET", text)

    with pytest.raises(ImproperlyConfigured, match="CF_BUDGET"):
        env.budget("CF_BUDGET")


def test_limits_are_numbers_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CF_LIMITS", "ollama=1, *=8,python:mill.writers:write=2")

    assert env.limits("CF_LIMITS") == {"ollama": 1, "*": 8, "python:mill.writers:write": 2}


@pytest.mark.parametrize(
    "text", ["ollama", "=4", "ollama=", "ollama=0", "ollama=-1", "ollama=many", "ollama=1.5"]
)
def test_limit_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CF_LIMITS", text)

    with pytest.raises(ImproperlyConfigured, match="CF_LIMITS"):
        env.limits("CF_LIMITS")
