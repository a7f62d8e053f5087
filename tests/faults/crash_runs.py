"""Tells a story (first argument, then a folder) again and again, killed at each commit in turn; compares the books.

Each run is a process of its own with a copy of the same database; it is forked from one that has everything loaded.
Prints a line of JSON for each run; after the first, undisturbed one it reads a line with the places to be killed at.
"""

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chapterflow_site.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402

from books.actions import upload_storyline  # noqa: E402
from chapterflow_site import crash_points  # noqa: E402
from tests.faults import stories, tellers, telling  # noqa: E402
from tests.faults.pictures import COMPARED, picture_of  # noqa: E402
from tests.workflow.invariants import broken  # noqa: E402

NOWHERE = "nowhere:before:1"
# One that hangs ends by itself; a busy machine takes its time.
SECONDS_PER_RUN = 120
# How many passings of each point, beside its last. CHAPTERFLOW_CRASH_PASSINGS asks for more.
MORE = int(os.environ.get("CHAPTERFLOW_CRASH_PASSINGS", "0"))
FIRST_TOO = {"sequence", "wake_ups"}
# Passed for another reason each time.
EACH_TIME = ("decide_change", "create_book", "regenerate_chapter")
WRITING = ("INSERT", "UPDATE", "DELETE")
# What only a crash leads to, with the crash that does.
AFTERWARDS = {
    "sequence": [
        ("store_chapter:before:2", "take_back_chapter"),
        ("finish_harmonizing:before:1", "take_back_phase"),
        ("store_questions:before:1", "take_back_phase"),
        ("complete_chapters:before:2", "wake"),
        ("begin:before:1", "forget_wake_ups"),
    ],
    "graph": [
        ("store_chapter:before:1", "take_back_chapter"),
        ("store_chapter:after:2", "take_back_chapter"),
    ],
    "again": [("store_chapter:before:4", "take_back_chapter")],
}


def main(name: str, folder: Path) -> None:
    """Run all crashes of one story."""
    make_template(folder)
    warm_up(folder)
    calm = folder / "calm"
    assert run(name, folder, calm, NOWHERE) == 0, "the undisturbed run broke"
    undisturbed = json.loads((calm / "picture.json").read_text())
    passed = {place: times for place, times in undisturbed["passed"].items() if is_certain(name, place)}
    print(json.dumps({"plans": [], "passed": passed, "faults": undisturbed["faults"]}), flush=True)
    # Whoever reads says at which of them it is killed.
    among = json.loads(sys.stdin.readline())
    for number, plans in enumerate(all_plans(name, passed, among)):
        there = folder / f"run-{number}"
        print(json.dumps(crashed(name, folder, there, plans, undisturbed)), flush=True)
        shutil.rmtree(there)


def is_certain(story: str, place: str) -> bool:
    """Whether the story comes by the place however fast the machine is."""
    return story == "troubles" or not place.startswith(tellers.OF_SLOW_WRITING)


def all_plans(name: str, passed: dict[str, int], among: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the crashes of each run: one at each passing of each point, and some during the recovery from another."""
    for place, times in sorted(passed.items()):
        if place not in among:
            continue
        yield from ([f"{place}:{passing}"] for passing in passings_of(name, place, times))
    for first, second in AFTERWARDS.get(name, []):
        yield from ([first, f"{second}:{side}:1"] for side in (crash_points.BEFORE, crash_points.AFTER))


def passings_of(story: str, place: str, times: int) -> Sequence[int]:
    """Return at which of so many passings of a place the story is killed."""
    if place.startswith(tellers.OF_SLOW_WRITING):
        # How often these are passed is a matter of time.
        return [1]
    if place.startswith(EACH_TIME):
        return range(1, times + 1)
    first = min(times, MORE or (story in FIRST_TOO))
    return sorted({*range(1, first + 1), times})


def crashed(
    name: str, folder: Path, there: Path, plans: Sequence[str], calm: dict[str, object]
) -> dict[str, object]:
    """Kill the story at each of the plans, then let it end undisturbed. Returns what is wrong with the book."""
    for plan in plans:
        ended = run(name, folder, there, plan)
        if ended != -signal.SIGKILL:
            return {
                "plans": plans,
                "faults": [f"{plan} did not kill: {ended}, {(there / 'error').read_text()}"],
            }
    if run(name, folder, there, NOWHERE) != 0:
        return {"plans": plans, "faults": [(there / "error").read_text()]}
    picture = json.loads((there / "picture.json").read_text())
    faults = [
        f"{part}: {picture[part]} instead of {calm[part]}" for part in COMPARED if picture[part] != calm[part]
    ]
    return {"plans": plans, "faults": [*faults, *picture["faults"]], "lost": picture["lost"]}


def make_template(folder: Path) -> None:
    """Make the database that every run begins with: somebody's storylines, uploaded and not started."""
    folder.mkdir(parents=True, exist_ok=True)
    use(folder)
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("ottilie")
    for chapters in (2, 3, 4, 5):
        after = stories.GRAPH if chapters == 5 else None
        upload_storyline(tellers.told_of(chapters, after), actor=owner, source_name=f"{chapters}.json")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def warm_up(folder: Path) -> None:
    """Tell a story here first, so that the processes that are forked have everything loaded."""
    (folder / "warm").mkdir()
    shutil.copy(folder / "book.sqlite3", folder / "warm")
    use(folder / "warm")
    telling.prepare()
    stories.sequence()
    connection.close()


def use(folder: Path) -> None:
    """Let this process work on the database of `folder`."""
    settings.DATA_DIR = folder
    connection.settings_dict["NAME"] = str(folder / "book.sqlite3")
    # A process that is killed leaves to the kernel what it wrote; only a machine's crash could lose that.
    options = connection.settings_dict["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


def run(name: str, folder: Path, there: Path, plan: str) -> int:
    """Tell the story in a process of its own, on what an earlier one has left. Returns how it ended."""
    if not there.exists():
        there.mkdir()
        shutil.copy(folder / "book.sqlite3", there)
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.alarm(SECONDS_PER_RUN)
    try:
        (there / "error").touch()
        tell(name, there, plan)
    except BaseException:
        (there / "error").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def tell(name: str, there: Path, plan: str) -> None:
    """Tell the story, with the crash as the environment states it."""
    use(there)
    os.environ[crash_points.VARIABLE] = plan
    crash_points._plan = crash_points.planned()
    _, told, arrange = stories.STORIES[name]
    telling.prepare()
    arrange()
    unnamed = watch_commits()
    session = told()
    passed = {":".join(place): times for place, times in crash_points.passed.items()}
    picture = picture_of(session)
    faults = [*broken(session), *(f"a commit without a name: {each}" for each in unnamed)]
    (there / "picture.json").write_text(json.dumps({**picture, "passed": passed, "faults": faults}))


def watch_commits() -> list[str]:
    """Note, from now on, what is committed in the worker's thread outside any crash point."""
    unnamed: list[str] = []
    standing = [""]
    real_commit, real_pass = BaseDatabaseWrapper.commit, crash_points.pass_by

    def pass_by(name: str, side: str) -> None:
        standing[0] = name if side == crash_points.BEFORE else ""
        real_pass(name, side)

    def commit(database: BaseDatabaseWrapper) -> None:
        if not standing[0]:
            unnamed.append("".join(traceback.format_stack(limit=8)))
        real_commit(database)

    def look(execute: object, sql: str, params: object, many: bool, context: dict[str, object]) -> object:
        if sql.startswith(WRITING) and not connection.in_atomic_block and not standing[0]:
            unnamed.append(sql)
        return execute(sql, params, many, context)  # type: ignore[operator]

    crash_points.pass_by = pass_by
    BaseDatabaseWrapper.commit = commit  # type: ignore[method-assign]
    connection.execute_wrappers.append(look)
    return unnamed


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
