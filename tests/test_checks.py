"""The system checks: settings that would break something are named, the installation's own are not."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.test import override_settings

from chapterflow_site.checks import broker as checks_broker
from chapterflow_site.checks import installation

SQLITE = "django.db.backends.sqlite3"
OWN_WRITER = "tests.test_checks:make_own_writer"


def make_own_writer() -> object:
    """A writer factory that can be imported."""
    return object()


def ids() -> list[str]:
    return [str(message.id) for message in run_checks(tags=[installation.TAG])]


def queue(**changes: object) -> override_settings:
    return override_settings(Q_CLUSTER={**settings.Q_CLUSTER, **changes})


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The options of a SQLite database, to be spoilt."""
    database = settings.DATABASES["default"]
    good: dict[str, object] = {
        "timeout": 60,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
    monkeypatch.setitem(database, "ENGINE", SQLITE)
    monkeypatch.setitem(database, "OPTIONS", good)
    monkeypatch.setattr(settings, "REDIS_URL", "")
    return good


@pytest.fixture(autouse=True)
def private_data_dir(tmp_path: Path) -> Iterator[None]:
    """A data directory that only its owner can look into."""
    tmp_path.chmod(0o700)
    with override_settings(DATA_DIR=tmp_path):
        yield


def test_the_settings_as_they_are_pass(options: dict[str, object]) -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"timeout": 100}, ["chapterflow.E001"]),
        ({"timeout": None}, ["chapterflow.E001"]),
        ({"timeout": 1565, "retry": 4695}, ["chapterflow.E002"]),
        ({"timeout": 1565, "retry": 4696}, []),
        ({"max_attempts": 0}, ["chapterflow.E003"]),
        ({"max_attempts": 2}, ["chapterflow.E003"]),
        ({"ack_failures": False}, ["chapterflow.E004"]),
        ({"queue_limit": 4}, ["chapterflow.E005"]),
        ({"catch_up": True}, ["chapterflow.E006"]),
        ({"save_limit": -1}, ["chapterflow.E007"]),
        ({"save_limit": 0}, []),
    ],
)
def test_queue(options: dict[str, object], changes: dict[str, object], expected: list[str]) -> None:
    with queue(**changes):
        assert ids() == expected


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("max_attempts", "chapterflow.E003"),
        ("ack_failures", "chapterflow.E004"),
        ("queue_limit", "chapterflow.E005"),
        ("catch_up", "chapterflow.E006"),
        ("timeout", "chapterflow.E001"),
        ("retry", "chapterflow.E002"),
    ],
)
def test_queue_setting_left_out_counts_as_its_default(
    options: dict[str, object], missing: str, expected: str
) -> None:
    left = {name: value for name, value in settings.Q_CLUSTER.items() if name != missing}

    with override_settings(Q_CLUSTER=left):
        assert ids() == [expected]


def test_longer_attempts_need_a_longer_timeout(options: dict[str, object]) -> None:
    with override_settings(CHAPTERFLOW_ATTEMPT_SECONDS=settings.CHAPTERFLOW_ATTEMPT_SECONDS + 1):
        assert ids() == ["chapterflow.E001"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ATOMIC_REQUESTS", True, ["chapterflow.E008"]),
        ("ATOMIC_REQUESTS", False, []),
        ("CONN_MAX_AGE", 600, ["chapterflow.E009"]),
        ("CONN_MAX_AGE", None, ["chapterflow.E009"]),
        ("CONN_MAX_AGE", 0, []),
    ],
)
def test_connections(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, object], name: str, value: object, expected: list[str]
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], name, value)

    with override_settings(IS_WORKER=False):
        assert ids() == expected


def test_a_worker_keeps_its_connections(monkeypatch: pytest.MonkeyPatch, options: dict[str, object]) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_MAX_AGE", 600)

    with override_settings(IS_WORKER=True):
        assert ids() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"init_command": "PRAGMA synchronous=FULL;"}, ["chapterflow.E010"]),
        ({"init_command": "PRAGMA journal_mode=DELETE;"}, ["chapterflow.E010"]),
        ({"init_command": "PRAGMA journal_mode=WAL;"}, []),
        ({"init_command": "PRAGMA journal_mode=wal; PRAGMA synchronous=EXTRA"}, []),
        ({"init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"}, ["chapterflow.W001"]),
        ({"init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous = 1;"}, ["chapterflow.W001"]),
        ({"transaction_mode": "DEFERRED"}, ["chapterflow.E011"]),
        ({"transaction_mode": None}, ["chapterflow.E011"]),
        ({"timeout": 19}, ["chapterflow.E012"]),
        ({"timeout": 20}, []),
    ],
)
def test_sqlite(options: dict[str, object], changes: dict[str, object], expected: list[str]) -> None:
    options.update(changes)

    assert ids() == expected


def test_sqlite_without_options_has_every_fault(options: dict[str, object]) -> None:
    options.clear()

    assert ids() == ["chapterflow.E010", "chapterflow.E011", "chapterflow.E012"]


def test_sqlite_is_for_one_machine(monkeypatch: pytest.MonkeyPatch, options: dict[str, object]) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://cache:6379/0")

    assert ids() == ["chapterflow.W002"]


def test_postgresql_needs_none_of_sqlites_options(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    options.clear()
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    monkeypatch.setattr(settings, "REDIS_URL", "redis://cache:6379/0")

    assert ids() == []


@pytest.mark.parametrize(("seconds", "expected"), [(2, ["chapterflow.E013"]), (3, []), (30, [])])
def test_lease(options: dict[str, object], seconds: int, expected: list[str]) -> None:
    with override_settings(CHAPTERFLOW_LEASE_SECONDS=seconds):
        assert ids() == expected


@pytest.mark.parametrize("name", installation.POSITIVE)
def test_counts_below_one(options: dict[str, object], name: str) -> None:
    with override_settings(**{name: 0}):
        assert ids() == ["chapterflow.E014"]


@pytest.mark.parametrize(
    ("writer", "expected"),
    [
        ("quotations", []),
        ("quotation", ["chapterflow.E015"]),
        ("", ["chapterflow.E015"]),
        ("python:", ["chapterflow.E015"]),
        ("python:tests.test_checks", ["chapterflow.E015"]),
        ("python:tests.test_checks:", ["chapterflow.E015"]),
        (f"python:{OWN_WRITER}", []),
        ("python:tests.test_checks:missing", ["chapterflow.W003"]),
        ("python:there.is.no.such.module:make", ["chapterflow.W003"]),
    ],
)
def test_default_writer(options: dict[str, object], writer: str, expected: list[str]) -> None:
    with override_settings(CHAPTERFLOW_WRITER=writer, CHAPTERFLOW_WRITERS=[]):
        assert ids() == expected


@pytest.mark.parametrize(
    ("writer", "expected"),
    [
        ("python:tests.never_imported:make", []),
        ("python:tests.*", []),
        ("python:there.is.no.such.module:make", ["chapterflow.W003"]),
        ("openia:gpt-5", ["chapterflow.E018"]),
        ("openai:*", []),
    ],
)
def test_other_writers_are_looked_for_and_not_imported(
    options: dict[str, object], writer: str, expected: list[str]
) -> None:
    with override_settings(CHAPTERFLOW_WRITERS=[writer]):
        assert ids() == expected


@pytest.mark.parametrize("name", ["CHAPTERFLOW_HARMONIZER", "CHAPTERFLOW_QUESTIONER"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("rules", []),
        ("ollama:qwen3:8b", []),
        ("ollama:qwen3:8b,openai-chat:local", []),
        ("quotations", ["chapterflow.E017"]),
        ("ollama:", ["chapterflow.E017"]),
        ("ollama:qwen3:8b,nobody:x", ["chapterflow.E017"]),
    ],
)
def test_roles(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: list[str]
) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:11434/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "a key")

    with override_settings(**{name: value}):
        assert ids() == expected


def test_what_models_need_is_named_once_each(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VLLM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)

    with override_settings(
        CHAPTERFLOW_WRITER="openai:gpt-5", CHAPTERFLOW_WRITERS=["openai:gpt-5", "vllm:own"]
    ):
        messages = run_checks(tags=[installation.TAG])

    assert [message.id for message in messages] == ["chapterflow.W007", "chapterflow.W006"]
    assert "OPENAI_API_KEY" in str(messages[0].hint)
    assert "VLLM_BASE_URL" in str(messages[1].hint)


def test_missing_package_says_what_to_install(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "a key")
    monkeypatch.setattr("workflow.agents.llm.providers.backends.is_installed", lambda provider: False)

    with override_settings(CHAPTERFLOW_WRITERS=["mistral:mistral-small-latest"]):
        (message,) = run_checks(tags=[installation.TAG])

    assert message.id == "chapterflow.W005"
    assert message.hint == 'Run: pip install "pydantic-ai-slim[mistral]"'


@pytest.mark.parametrize(
    ("debug", "hosts", "expected"),
    [(True, ["*"], ["chapterflow.E016"]), (True, ["localhost"], []), (False, ["*"], [])],
)
def test_debug_for_everybody(
    options: dict[str, object], debug: bool, hosts: list[str], expected: list[str]
) -> None:
    with override_settings(DEBUG=debug, ALLOWED_HOSTS=hosts):
        assert ids() == expected


@pytest.mark.parametrize(
    ("mode", "expected"), [(0o755, ["chapterflow.W004"]), (0o701, ["chapterflow.W004"]), (0o750, [])]
)
def test_data_directory(options: dict[str, object], tmp_path: Path, mode: int, expected: list[str]) -> None:
    tmp_path.chmod(mode)

    assert ids() == expected


def test_data_directory_that_is_not_made_yet(options: dict[str, object], tmp_path: Path) -> None:
    with override_settings(DATA_DIR=tmp_path / "later"):
        assert ids() == []


def test_every_message_has_a_hint_and_an_id_of_its_own(options: dict[str, object]) -> None:
    options.update({"timeout": 1, "init_command": "", "transaction_mode": ""})
    spoilt = {"timeout": 1, "retry": 1, "max_attempts": 0, "queue_limit": 9, "save_limit": -1}

    with queue(**spoilt), override_settings(CHAPTERFLOW_LEASE_SECONDS=1, CHAPTERFLOW_WRITER="none"):
        found = run_checks(tags=[installation.TAG])

    assert len({message.id for message in found}) == len(found) > 8
    assert all(message.hint and message.msg.endswith((".", "”.")) for message in found)


def test_budget_in_money_for_a_model_without_a_price_is_named() -> None:
    model = "openai-chat:house"
    with override_settings(CHAPTERFLOW_BUDGET=(5, None), CHAPTERFLOW_WRITERS=["quotations", model]):
        unknown = ids()
        with override_settings(CHAPTERFLOW_PRICES={model: (Decimal(1), Decimal(1), Decimal(1))}):
            known = ids()

    assert "chapterflow.W008" in unknown
    assert "chapterflow.W008" not in known


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://cache:6379/0", []),
        ("rediss://:secret@cache:6380/0?socket_timeout=30", []),
        ("unix:///run/redis.sock?db=1", []),
        ("redis://cache:6379/0?socket_timeout=1", ["chapterflow.E023"]),
        ("redis://cache:6379/0?socket_timeout=soon", ["chapterflow.E023"]),
        ("cache:6379", ["chapterflow.E021"]),
        ("postgres://cache/0", ["chapterflow.E021"]),
    ],
)
def test_redis(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, object], url: str, expected: list[str]
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")

    with override_settings(REDIS_URL=url):
        assert ids() == expected


def test_redis_without_its_library(monkeypatch: pytest.MonkeyPatch, options: dict[str, object]) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    monkeypatch.setattr(checks_broker, "find_spec", lambda name: None)

    with override_settings(REDIS_URL="redis://cache:6379/0"):
        assert ids() == ["chapterflow.E022"]


@pytest.mark.parametrize("broker", [None, "django_q.brokers.orm.ORM"])
def test_broker_of_another_make_is_refused(options: dict[str, object], broker: str | None) -> None:
    with queue(broker_class=broker):
        assert ids() == ["chapterflow.E020"]


@pytest.mark.parametrize(
    ("probe", "wedged", "expected"), [(15, 30, ["chapterflow.E024"]), (15, 31, []), (1, 5, [])]
)
def test_canary_that_is_lost_is_no_wedge(
    options: dict[str, object], probe: int, wedged: int, expected: list[str]
) -> None:
    with override_settings(CHAPTERFLOW_CANARY_SECONDS=probe, CHAPTERFLOW_WEDGED_SECONDS=wedged):
        assert ids() == expected


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, []),
        ({"ollama": 1, "openai": 6, "*": 8, "all": 12, "python:tests.writers:plain": 1}, []),
        ({"openai-chat": 2}, ["chapterflow.E025"]),
        ({"olama": 1}, ["chapterflow.E025"]),
    ],
)
def test_limits_name_providers(
    options: dict[str, object], limits: dict[str, int], expected: list[str]
) -> None:
    with override_settings(CHAPTERFLOW_CHAPTERS_AT_ONCE=limits):
        assert ids() == expected
