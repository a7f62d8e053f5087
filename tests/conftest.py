"""What every test may use: people, signed-in clients, the example storylines, Chromium."""

import gc
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker, Settings

EXAMPLES = Path(
    os.environ.get("CHAPTERFLOW_EXAMPLE_DATA", Path(__file__).resolve().parents[1] / "../shared/data")
).resolve()

CHROMIUM_ARGS = [
    "--no-sandbox",  # Chromium refuses its sandbox to root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The default writer, and passwords that are hashed quickly.
OF_TESTS = {
    "CHAPTERFLOW_WRITER": "quotations",
    "CHAPTERFLOW_WRITERS": ["quotations"],
    "CHAPTERFLOW_HARMONIZER": "rules",
    "CHAPTERFLOW_QUESTIONER": "rules",
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    # Else each new client looks through all assets once more. Tests of how these are served set it to what is in use.
    "WHITENOISE_AUTOREFRESH": True,
}
NEEDS = {
    "browser": (
        "CHAPTERFLOW_CHROMIUM",
        "no Chromium: `make test` looks for one, or name one in CHAPTERFLOW_CHROMIUM",
    ),
    "redis": (
        "CHAPTERFLOW_TEST_REDIS",
        "no Redis: `make test` looks for one, or name one in CHAPTERFLOW_TEST_REDIS",
    ),
    "postgres": (
        "CHAPTERFLOW_TEST_POSTGRES",
        "no PostgreSQL: `make test` looks for one, or name one in CHAPTERFLOW_TEST_POSTGRES",
    ),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs a thing that is not here; in CI, what is missing is a failure.

    Browser tests come last: Playwright keeps an event loop running, which asynchronous tests cannot bear.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if os.environ.get("CI") == "true":
        return
    for item in items:
        for marker, (variable, reason) in NEEDS.items():
            if item.get_closest_marker(marker) and not os.environ.get(variable):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def base_url() -> str | None:
    """Replace a fixture of pytest-playwright that warns."""
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Start the Chromium that was found, without its calls to the network."""
    return {
        **browser_type_launch_args,
        "executable_path": os.environ["CHAPTERFLOW_CHROMIUM"],
        "args": CHROMIUM_ARGS,
    }


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep SQLite's test database in a file: several connections must see it as they do in production."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: thousands of tests, and all that they import."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def data_dirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make new data directories. To find the next number pytest would read the names of all before, each time."""
    folder = tmp_path_factory.mktemp("data")

    def new(number: int) -> Path:
        path = folder / str(number)
        path.mkdir(mode=0o700)
        return path

    return map(new, count())


@pytest.fixture(autouse=True)
def own_installation(settings: Settings, data_dirs: Iterator[Path]) -> None:
    """Give each test a data directory and settings of its own, whatever the environment says."""
    for name, value in {**OF_TESTS, "DATA_DIR": next(data_dirs)}.items():
        setattr(settings, name, value)


@pytest.fixture(scope="module")
def kept(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, data_dirs: Iterator[Path]
) -> Iterator[None]:
    """Keep what a module's own fixtures make for all its tests, each of which is undone by itself."""
    with (
        override_settings(**OF_TESTS, DATA_DIR=next(data_dirs)),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def readable_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ids of titles alone, and of a number where one is taken, so that tests can name them."""
    monkeypatch.setattr(
        "books.actions.book.endings", lambda: ["", *(f"-{number}" for number in range(2, 20))]
    )


@pytest.fixture
def person(db: None) -> User:
    """Somebody who has books."""
    return User.objects.create_user("ottilie", password="bell-on-the-far-bank")


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody else."""
    return User.objects.create_user("stranger", password="far-from-the-river")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """Return a client that is signed in as a person."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def example() -> Callable[[str], bytes]:
    """Return the bytes of an example storyline, or skip where the examples are not there."""

    def read(name: str) -> bytes:
        path = EXAMPLES / name
        if not path.is_file():
            pytest.skip(f"the example storyline {name} is not on this machine")
        return path.read_bytes()

    return read
