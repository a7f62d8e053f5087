"""A worker that is killed leaves what it had written on its attempt."""

import os
import signal
from pathlib import Path

import pytest

from tests.installation import Installation, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.faults
QUERY = "SELECT number, outcome, partial_text FROM workflow_attempt WHERE phase = 'writing' ORDER BY number"


def test_killed_workers_text_stays_on_its_lost_attempt(tmp_path: Path) -> None:
    with Installation(tmp_path) as site:
        session = site.start_book(storyline(1), writer="python:tests.writers:dictating")
        wait_for(lambda: "word20" in str(site.rows(QUERY)))
        victim = site.busy_worker()
        assert victim is not None

        os.kill(victim, signal.SIGKILL)

        wait_for(lambda: len(site.rows(QUERY)) == 2)
        (site.control / "done").touch()
        wait_for(lambda: site.status(session) == "completed", 40)
        lost, written = site.rows(QUERY)
        assert lost[:2] == (1, "lost")
        assert str(lost[2]).startswith("Chapter 1 begins. word1 word2")
        assert "word20" in str(lost[2])
        assert written == (2, "succeeded", "")
