"""The release before, from the history, runs on the schema that this one's `migrate` leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import ROOT
from tests.previous_release.test_expand_then_contract import RELEASE
from tests.servers import new_postgres

LOOK = Path(__file__).parent / "look.py"
STORYLINE = "books/samples/template.json"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the release before. A clone without history is no place for this; in CI that is a failure."""
    folder = tmp_path_factory.mktemp("before")
    packed = subprocess.run(
        ["git", "archive", "--format=tar", RELEASE["commit"]], cwd=ROOT, capture_output=True, check=False
    )
    if packed.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip("the release before is not in this clone's history (git fetch --unshallow brings it)")
    assert packed.returncode == 0, packed.stderr.decode()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


def manage(root: Path, environment: dict[str, str], *arguments: str, stdin: str = "") -> str:
    """Run a management command of the code in `root`; return what it printed."""
    run = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=root, env={**environment, "PYTHONPATH": str(root)},
        input=stdin, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, f"{arguments}: {run.stdout[-3000:]}{run.stderr[-3000:]}"
    return run.stdout


def works(before: Path, folder: Path, **database: str) -> None:
    """Let this release migrate, and the one before write a book, show its pages and start another."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CHAPTERFLOW_", "DJANGO_"))},
        "CHAPTERFLOW_DATA_DIR": str(folder / "data"),
        **database,
    }  # fmt: skip
    manage(ROOT, environment, "migrate", "--verbosity", "0")

    manage(before, environment, "write_book", STORYLINE, "--out", str(folder / "out"))

    assert list((folder / "out").iterdir())
    assert "one book more" in manage(before, environment, "shell", stdin=LOOK.read_text())


@pytest.mark.processes
def test_release_before_runs_on_the_new_schema(before: Path, tmp_path: Path) -> None:
    works(before, tmp_path)


@pytest.mark.postgres
def test_release_before_runs_on_the_new_schema_of_postgresql(before: Path, tmp_path: Path) -> None:
    with new_postgres() as url:
        works(before, tmp_path, DATABASE_URL=url)
