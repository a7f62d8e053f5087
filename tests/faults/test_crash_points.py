"""Killed just before and just after every commit of the engine, a book ends as it does undisturbed."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from .commits import NAMELESS, PARTS, calls_that_name, nameless, writes_outside
from .stories import STORIES

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[2]
# Also where the machine has much else to do.
LONGEST_SECONDS = 900
SIDES = ("before", "after")
OURS = ("CHAPTERFLOW_", "DATABASE_URL", "REDIS_URL")
Result = dict[str, list[str]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Result]]:
    """Tell all stories, each killed at its share of the commits."""
    folder = tmp_path_factory.mktemp("stories")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)} | {
        "CHAPTERFLOW_DATA_DIR": str(folder),
        "CHAPTERFLOW_CRASH_PASSINGS": os.environ.get("CHAPTERFLOW_CRASH_PASSINGS", "0"),
    }
    log = folder / "log"
    with log.open("wb") as errors, subprocess.Popen(
        [sys.executable, "-m", "tests.faults.crash_runs", str(folder)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
    ) as telling:  # fmt: skip
        try:
            lines, _ = telling.communicate(timeout=LONGEST_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(telling.pid, signal.SIGKILL)
    assert telling.returncode == 0, log.read_text()[-4000:]
    found: dict[str, list[Result]] = {story: [] for story in STORIES}
    for line in lines.splitlines():
        result = json.loads(line)
        found[result["story"]].append(result)
    return found


def test_every_commit_of_the_engine_has_a_name_of_its_own() -> None:
    names = Counter(call.name for call in calls_that_name())

    assert [call.place for call in calls_that_name() if not call.name] == []
    assert [name for name, times in names.items() if times > 1] == []


def test_every_transaction_has_a_name_or_a_reason_for_none() -> None:
    assert nameless() == set(NAMELESS)


def test_every_write_is_part_of_a_named_commit_or_has_a_reason_not_to_be() -> None:
    outside = {call.function: call.place for call in writes_outside()}

    assert [place for function, place in outside.items() if function not in PARTS] == []
    assert sorted(set(PARTS) - set(outside)) == []


@pytest.mark.parametrize("story", STORIES)
def test_book_ends_as_undisturbed_whichever_commit_kills(
    story: str, results: dict[str, list[Result]]
) -> None:
    print(f"\n{story}: {len(results[story]) - 1} runs")
    for result in results[story]:
        plans = ", then ".join(result["plans"]) or "undisturbed"
        print(f"  {plans:60} {'; '.join(result['faults'])[:200] or 'same book'}")

    assert [result for result in results[story] if result["faults"]] == []


def test_every_named_commit_was_killed_before_and_after(results: dict[str, list[Result]]) -> None:
    killed = {
        plan.rsplit(":", 1)[0] for story in results.values() for result in story for plan in result["plans"]
    }

    assert {f"{call.name}:{side}" for call in calls_that_name() for side in SIDES} - killed == set()
