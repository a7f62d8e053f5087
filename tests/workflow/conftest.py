"""What tests of the engine may use."""

from pathlib import Path

import pytest
from pytest_django import Settings

from workflow.processes import stopping


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Path:
    """A folder by which tests steer the writers of tests.writers."""
    monkeypatch.setenv("CHAPTERFLOW_TEST_CONTROL", str(tmp_path))
    settings.CHAPTERFLOW_WRITERS = ["quotations", "python:tests.writers:*"]
    return tmp_path


@pytest.fixture(autouse=True)
def nobody_stops() -> None:
    """Forget requests to stop of earlier tests."""
    stopping.reset()
