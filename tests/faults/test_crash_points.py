"""Killed just before and just after every commit of the engine, a book ends as it does undisturbed."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .commits import NAMELESS, PARTS, calls_that_name, nameless, writes_outside

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[2]
STORIES = ("sequence", "graph", "troubles", "model", "again", "turns", "wake_ups", "content")
# Also where the machine has much else to do.
LONGEST_SECONDS = 900
SIDES = ("before", "after")
Result = dict[str, list[str]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Result]]:
    """Tell all stories at once, each killed at every commit that it comes by."""
    folder = tmp_path_factory.mktemp("stories")
    environment = {
        k: v
        for k, v in os.environ.items()
        if k == "CHAPTERFLOW_CRASH_PASSINGS"
        or not k.startswith(("CHAPTERFLOW_", "DATABASE_URL", "REDIS_URL"))
    }
    told = {}
    for name in STORIES:
        (folder / name).mkdir()
        with (folder / f"{name}.log").open("wb") as log:
            told[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.crash_runs", name, str(folder / name)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                env={**environment, "CHAPTERFLOW_DATA_DIR": str(folder / name)},
                stdout=subprocess.PIPE,
                stderr=log,
            )
    calm = {name: read_first(process, folder / f"{name}.log") for name, process in told.items()}
    shares = share_out({name: list(first["passed"]) for name, first in calm.items()})
    asked = {name: json.dumps(places).encode() + b"\n" for name, places in shares.items()}
    found = {
        name: process.communicate(asked[name], timeout=LONGEST_SECONDS)[0] for name, process in told.items()
    }
    for name, process in told.items():
        assert process.returncode == 0, (folder / f"{name}.log").read_text()[-4000:]
    return {name: [calm[name], *map(json.loads, lines.splitlines())] for name, lines in found.items()}


def read_first(process: subprocess.Popen[bytes], log: Path) -> Result:
    """Return what a story says of its undisturbed run."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, log.read_text()[-4000:]
    found: Result = json.loads(line)
    return found


def share_out(passed: dict[str, list[str]]) -> dict[str, list[str]]:
    """Let each story be killed at its share of the places: at all that it comes by where more was asked for.

    A place goes to the story that comes by the fewest, so that the shares are about even.
    """
    if "CHAPTERFLOW_CRASH_PASSINGS" in os.environ:
        return passed
    stories = sorted(passed, key=lambda name: len(passed[name]))
    owner = {place: name for name in reversed(stories) for place in passed[name]}
    return {name: [place for place, whose in owner.items() if whose == name] for name in passed}


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
