"""The supervisor's rules, on processes that only sleep or end."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from pytest_django import Settings

from tests.installation import is_alive
from workflow.management.commands import cluster, pacemaker
from workflow.management.commands.up import web_child
from workflow.processes import worker_registry
from workflow.processes.lease_owner import process_start
from workflow.workers.supervisor import WORKERS, Child, Supervisor, worker_children

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
END = [sys.executable, "-c", "raise SystemExit(3)"]


class World:
    """A supervisor with one child, and what it said."""

    def __init__(self, command: list[str]) -> None:
        self.said: list[str] = []
        self.child = Child(WORKERS, command)
        self.supervisor = Supervisor([self.child], self.said.append)
        self.supervisor._start(self.child)

    @property
    def pid(self) -> int:
        """The child's process."""
        assert self.child.process is not None
        return self.child.process.pid

    def look(self) -> None:
        """Let the supervisor look once."""
        self.supervisor._keep_running()

    def bury(self) -> None:
        """Let the child end, and the supervisor see it."""
        if self.child.process is None:
            self.supervisor._start(self.child)
        assert self.child.process is not None
        self.child.process.wait(timeout=20)
        self.supervisor._bury(self.child)


@pytest.fixture
def sleeping() -> Iterator[World]:
    """Workers that sleep."""
    world = World(SLEEP)
    yield world
    world.supervisor._stop_all()


def hire(cluster: str, pid: int, *, busy: bool) -> None:
    """Let the process be a worker of the cluster."""
    folder = worker_registry.folder(cluster)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{pid}-{process_start(pid)}").write_bytes(worker_registry._RECORD.pack(busy, 0.0, 1))


def test_workers_that_are_retired_write_to_the_end_beside_the_new_ones(sleeping: World) -> None:
    old_pid, old = sleeping.pid, sleeping.child.cluster
    hire(old, old_pid, busy=True)

    worker_registry.retire(old)
    sleeping.look()
    sleeping.look()
    while_writing = is_alive(old_pid)
    hire(old, old_pid, busy=False)
    sleeping.look()

    assert (while_writing, is_alive(old_pid)) == (True, False)
    assert sleeping.child.cluster != old
    assert is_alive(sleeping.pid)
    assert not worker_registry.folder(old).exists()
    assert sleeping.said == ["The workers took nothing any more; others are started in their place."]


def test_retired_workers_are_ended_when_no_attempt_can_last_so_long(
    sleeping: World, settings: Settings
) -> None:
    settings.CHAPTERFLOW_TASK_SECONDS = 0
    old_pid, old = sleeping.pid, sleeping.child.cluster
    hire(old, old_pid, busy=True)

    worker_registry.retire(old)
    sleeping.look()
    sleeping.look()

    assert not is_alive(old_pid)


def test_retired_workers_end_with_the_run() -> None:
    world = World(SLEEP)
    old_pid = world.pid
    hire(world.child.cluster, old_pid, busy=False)
    worker_registry.retire(world.child.cluster)
    world.supervisor._replace_wedged()
    new_pid = world.pid

    world.supervisor._stop_all()

    assert not is_alive(old_pid)
    assert not is_alive(new_pid)
    assert list((worker_registry.runs_dir() / "crews").iterdir()) == []


def test_child_that_dies_at_once_again_and_again_is_backed_off_and_reported() -> None:
    world = World(END)
    for _ in range(9):
        world.bury()
    world.supervisor._stop_all()

    pauses = [said.rpartition(" in ")[2] if " in " in said[-9:] else said[-8:] for said in world.said]
    assert pauses == ["at once.", "1 s.", "2 s.", "4 s.", "8 s.", "16 s.", "30 s.", "30 s.", "30 s."]
    assert "it is started again at once" in world.said[0]
    assert "for the 9th time in a row" in world.said[-1]


def test_web_server_and_workers_know_how_many_workers_were_asked_for() -> None:
    asked = [web_child("127.0.0.1", 8000, ["localhost"], 4), *worker_children(4)]
    not_asked = [web_child("127.0.0.1", 8000, ["localhost"], None), *worker_children(None)]

    assert [child.environment.get("CHAPTERFLOW_WORKERS") for child in asked] == ["4"] * 3
    assert [child.environment.get("CHAPTERFLOW_WORKERS") for child in not_asked] == [None] * 3


ONLY_SERVED = {
    "daphne",
    "twisted",
    "ninja",
    "books.views",
    "workflow.views",
    "workflow.api",
    "workflow.admin",
}


@pytest.mark.parametrize(
    ("loads", "is_supervisor"),
    [
        ("workflow.management.commands.cluster", False),
        ("workflow.management.commands.pacemaker", False),
        ("workflow.workers.__main__", True),
    ],
)
def test_process_that_serves_no_pages_loads_nothing_that_serves_them(loads: str, is_supervisor: bool) -> None:
    start = "" if is_supervisor else "import django; django.setup(); import workflow.tasks;"
    show = "print(*(name for name in sys.modules))"

    said = subprocess.check_output(
        [sys.executable, "-c", f"import sys; {start} import {loads}; {show}"],
        env={
            **os.environ,
            "CHAPTERFLOW_PROCESS": "worker",
            "DJANGO_SETTINGS_MODULE": "chapterflow_site.settings",
        },
        cwd=settings.BASE_DIR,
        text=True,
    )

    loaded = set(said.split())
    assert loads in loaded
    assert not loaded & ONLY_SERVED
    if is_supervisor:
        assert not loaded & {"django.db.models", "django.contrib.admin", "books.models"}


def test_checks_that_load_the_pages_do_not_run_where_workers_start() -> None:
    assert not cluster.Command.requires_system_checks
    assert not pacemaker.Command.requires_system_checks
