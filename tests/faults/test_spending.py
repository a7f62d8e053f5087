"""A worker is killed while its model is silent: what it had reserved is given back, what it may have cost counts."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, plain, wait_for
from tests.storylines import storyline
from tests.workflow.agents.llm.server import KEY, ScriptedServer

pytestmark = pytest.mark.faults

MODEL = "openai-chat:house"
COLUMNS = "call_count, unreported_count, reserved_micros, reserved_tokens"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


def test_killed_worker_leaves_no_reservation(tmp_path: Path, server: ScriptedServer) -> None:
    environment = {
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": KEY,
        "CHAPTERFLOW_WRITERS": MODEL,
        "CHAPTERFLOW_PRICES": f"{MODEL}=1/2",
        "CHAPTERFLOW_BUDGET": "0.03",
    }
    server.play("silent stream", "good")
    with Installation(tmp_path, workers=1, **environment) as press:
        session = press.start_book(storyline(2), writer=MODEL)
        query = f"SELECT {COLUMNS} FROM workflow_processingsession WHERE id = ?"
        wait_for(lambda: server.seen, 60)
        [(*_, reserved_micros, _)] = press.rows(query, (plain(session),))
        worker = press.busy_worker()
        assert worker is not None

        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: press.status(session) == "completed", 60)

        assert int(str(reserved_micros)) > 0
        assert press.rows(query, (plain(session),)) == [(3, 1, 0, 0)]
        lost = press.rows("SELECT call_count, spent_micros FROM workflow_attempt WHERE outcome = 'lost'")
        assert lost == [(1, reserved_micros)]
