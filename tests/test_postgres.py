"""The same contract on PostgreSQL: runs the engine's tests there, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAME_TESTS = [
    "tests/workflow/engine/test_engine.py",
    "tests/test_rows.py",
    "tests/workflow/test_queries.py",
    "tests/workflow/test_transitions.py",
    "tests/workflow/engine/test_leases.py",
    "tests/workflow/actions/test_session_actions.py",
    "tests/workflow/engine/test_concurrency.py",
    "tests/workflow/queue/test_database_broker.py",
    "tests/workflow/agents/test_contract_agents.py",
    "tests/workflow/engine/test_contract_cost.py",
    "tests/workflow/engine/test_contract_crowd.py",
    "tests/workflow/engine/test_contract_phases.py",
    "tests/workflow/workers/test_contract_recovery.py",
    "tests/workflow/engine/test_contract_storing.py",
    "tests/workflow/engine/test_regeneration.py",
    "tests/workflow/engine/test_skip.py",
    "tests/workflow/engine/test_slots.py",
    "tests/workflow/engine/test_state_machine.py",
    "tests/workflow/workers/test_watchdog.py",
    "tests/books/test_actions.py",
]


@pytest.mark.postgres
def test_engine_keeps_its_contract_on_postgresql(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": os.environ["CHAPTERFLOW_TEST_POSTGRES"],
        "CHAPTERFLOW_DATA_DIR": str(tmp_path),
        "CHAPTERFLOW_SCHEDULES": "10",
    }

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--create-db", *SAME_TESTS],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
