"""What every test may use: people, signed-in clients, the example storylines."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

EXAMPLES = Path(
    os.environ.get("CHAPTERFLOW_EXAMPLE_DATA", Path(__file__).resolve().parents[1] / "../shared/data")
).resolve()


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
