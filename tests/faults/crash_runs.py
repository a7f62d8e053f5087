"""Tells the stories (in the folder named) again and again, killed at each commit in turn; compares the books.

Each run is a process of its own with a copy of the same database; it is forked from one that has everything loaded.
Prints a line of JSON for each run, those that nobody disturbs first.
"""

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chapterflow_site.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402

from books.actions import upload_storyline  # noqa: E402
from chapterflow_site.core import crash_points  # noqa: E402
from tests.faults import tellers, telling  # noqa: E402
from tests.faults.crash_plans import all_plans  # noqa: E402
from tests.faults.forks import ended, fork, side_by_side  # noqa: E402
from tests.faults.pictures import COMPARED, picture_of  # noqa: E402
from tests.faults.stories import GRAPH, STORIES, sequence  # noqa: E402
from tests.workflow.invariants import broken  # noqa: E402

NOWHERE = "nowhere:before:1"
# One that hangs ends by itself; a busy machine takes its time.
SECONDS_PER_RUN = 120
WRITING = ("INSERT", "UPDATE", "DELETE")


def main(folder: Path) -> None:
    """Tell all stories undisturbed, then each with its crashes."""
    make_template(folder)
    warm_up(folder)
    calm = {}
    for story, picture in side_by_side(
        {name: partial(undisturbed, name, folder) for name in STORIES}, folder
    ):
        calm[story] = picture
        show({"story": story, "plans": [], "faults": picture["faults"]})
    plans = list(all_plans({story: picture["passed"] for story, picture in calm.items()}))
    runs = {
        number: partial(crashed, story, folder, folder / f"run-{number}", killed_at, calm[story])
        for number, (story, killed_at) in enumerate(plans)
    }
    for _, result in side_by_side(runs, folder):
        show(result)


def show(result: Mapping[str, object]) -> None:
    """Print a line for whoever reads."""
    print(json.dumps(result), flush=True)


def undisturbed(story: str, folder: Path) -> dict[str, Any]:
    """Tell the story without any crash. Returns its picture."""
    there = folder / f"calm-{story}"
    assert run(story, folder, there, NOWHERE) == 0, (there / "error").read_text()
    return picture_in(there)


def picture_in(there: Path) -> dict[str, Any]:
    """Return what the story has come to that was told in this folder."""
    found: dict[str, Any] = json.loads((there / "picture.json").read_text())
    return found


def crashed(
    story: str, folder: Path, there: Path, plans: Sequence[str], calm: Mapping[str, object]
) -> dict[str, object]:
    """Kill the story at each of the plans, then let it end undisturbed. Returns what is wrong with the book."""
    result = {"story": story, "plans": plans}
    for plan in plans:
        code = run(story, folder, there, plan)
        if code != -signal.SIGKILL:
            return {**result, "faults": [f"{plan} did not kill: {code}, {(there / 'error').read_text()}"]}
    if run(story, folder, there, NOWHERE) != 0:
        return {**result, "faults": [(there / "error").read_text()]}
    picture = picture_in(there)
    shutil.rmtree(there)
    faults = [
        f"{part}: {picture[part]} instead of {calm[part]}" for part in COMPARED if picture[part] != calm[part]
    ]
    return {**result, "faults": [*faults, *picture["faults"]], "lost": picture["lost"]}


def make_template(folder: Path) -> None:
    """Make the database that every run begins with: somebody's storylines, uploaded and not started."""
    folder.mkdir(parents=True, exist_ok=True)
    use(folder)
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("ottilie")
    for chapters in (2, 3, 4, 5):
        after = GRAPH if chapters == 5 else None
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
    sequence()
    connection.close()


def use(folder: Path) -> None:
    """Let this process work on the database of `folder`."""
    settings.DATA_DIR = folder
    connection.settings_dict["NAME"] = str(folder / "book.sqlite3")
    # A process that is killed leaves to the kernel what it wrote; only a machine's crash could lose that.
    options = connection.settings_dict["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


def run(story: str, folder: Path, there: Path, plan: str) -> int:
    """Tell the story in a process of its own, on what an earlier one has left. Returns how it ended."""
    if not there.exists():
        there.mkdir()
        shutil.copy(folder / "book.sqlite3", there)
    return ended(fork(partial(tell, story, there, plan), there / "error", SECONDS_PER_RUN))


def tell(story: str, there: Path, plan: str) -> None:
    """Tell the story, with the crash as the environment states it."""
    use(there)
    os.environ[crash_points.VARIABLE] = plan
    crash_points._plan = crash_points.planned()
    told, arrange = STORIES[story]
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
    main(Path(sys.argv[1]))
