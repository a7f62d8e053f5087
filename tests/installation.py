"""A real installation for tests: `manage.py up` on a data directory and port of its own."""

import atexit
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from http.cookiejar import CookieJar
from pathlib import Path
from types import TracebackType

import psycopg

ROOT = Path(__file__).resolve().parents[1]
WRITERS = [
    "quotations",
    *(f"python:tests.writers:{each}" for each in ["plain", "failing", "slow", "waiting", "dictating"]),
]
ASSETS = Path(tempfile.gettempdir()) / f"chapterflow-static-{os.getuid()}-{zlib.crc32(str(ROOT).encode()):x}"
LINK = re.compile(r"http://\S+/sign-in/\S+/")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for(what: Callable[[], object], seconds: float = 30.0, every: float = 0.05) -> float:
    """Wait until `what` is true. Returns the seconds that it took; fails when it takes longer."""
    begin = time.monotonic()
    while not what():
        assert time.monotonic() - begin < seconds, f"waited {seconds} s in vain"
        time.sleep(every)
    return time.monotonic() - begin


def own_environment() -> dict[str, str]:
    """Return the environment without what somebody has set for an installation."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("CHAPTERFLOW_", "DJANGO_"))}


@cache
def migrated_database() -> Path:
    """Return a database of SQLite with all tables and no rows of anybody's, made when it is first asked for."""
    folder = Path(tempfile.mkdtemp(prefix="chapterflow-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT, env={**own_environment(), "CHAPTERFLOW_DATA_DIR": str(folder), "DATABASE_URL": ""},
        check=True, timeout=180,
    )  # fmt: skip
    return folder / "chapterflow.sqlite3"


def make_tables(data_dir: Path) -> None:
    """Make a data directory with SQLite's tables: `migrate` would take longer than the rest of a start."""
    data_dir.mkdir(mode=0o700, parents=True)
    shutil.copy(migrated_database(), data_dir)


class Installation:
    """Runs `manage.py up`; use as a context manager, which stops it and everything that it started.

    One that starts `from_nothing` finds no data directory, as that of somebody who has just installed it.
    """

    def __init__(
        self, folder: Path, *, workers: int = 2, from_nothing: bool = False, **environment: str
    ) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.control = folder / "control"
        self.control.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.workers = workers
        self.log = folder / "up.log"
        self.environment = {
            **own_environment(),
            "CHAPTERFLOW_DATA_DIR": str(self.data_dir),
            "CHAPTERFLOW_WRITERS": ",".join(WRITERS),
            # The same for all: collecting them each time would take longer than most tests.
            "CHAPTERFLOW_STATIC_DIR": str(ASSETS),
            "CHAPTERFLOW_TEST_CONTROL": str(self.control),
            "PYTHONPATH": str(ROOT),
            **environment,
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self._token = ""
        self._needs_tables = not from_nothing and not self.environment.get("DATABASE_URL")

    def __enter__(self) -> "Installation":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """The site's address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        if self._needs_tables and not self.data_dir.exists():
            make_tables(self.data_dir)
        self.log.write_text("")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port), "--workers", str(self.workers)],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_for(lambda: "ready at" in self.log.read_text() or self._died(), 180)

    def _died(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return False

    def stop(self, number: int = signal.SIGINT, seconds: float = 20) -> int:
        """Stop it as Ctrl-C does. Returns the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=seconds)
        self.process = None
        return code

    def kill_everything(self) -> None:
        """SIGKILL the supervisor and all that it started, by id."""
        pids = self.processes()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.wait(timeout=10)
            self.process = None
        wait_for(lambda: not any(is_alive(pid) for pid in pids), 10)

    def processes(self) -> list[int]:
        """Return the ids of the supervisor and everything below it."""
        if self.process is None:
            return []
        found = [self.process.pid]
        for pid in found:
            found += [child for child in children_of(pid) if child not in found]
        return found

    @property
    def sign_in_link(self) -> str:
        """The one-time link that it printed."""
        found = LINK.search(self.log.read_text())
        assert found, self.log.read_text()
        return found[0]

    def cookie(self, link: str = "") -> str:
        """Sign in by a one-time link, the printed one if none is given. Returns the Cookie header of a browser."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar := CookieJar()))
        # From this very machine the link needs no button.
        browser.open(link or self.sign_in_link, timeout=60).close()
        return "; ".join(f"{each.name}={each.value}" for each in jar)

    def command(self, *arguments: str) -> str:
        """Run a management command; return what it printed."""
        run = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return run.stdout.strip()

    def call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """Call the API as the first administrator; return the JSON answer."""
        if not self._token:
            self._token = self.command("create_token", "owner")
        data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        request = urllib.request.Request(
            f"{self.address}/api{path}", data=data, method=method,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer: dict[str, object] = json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:2000]}") from error
        return answer

    def start_book(self, storyline: bytes, **options: str) -> str:
        """Upload a storyline as a new book and start it. Returns the session's id."""
        book = self.call("POST", "/books", {"title": "The River"})["book_id"]
        version = self.call("POST", f"/books/{book}/storyline", storyline)["version"]
        started = self.call("POST", f"/books/{book}/versions/{version}/start", options)
        return str(started["session_id"])

    def rows(self, query: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Ask the installation's database."""
        url = self.environment.get("DATABASE_URL")
        if url:
            with psycopg.connect(url) as server:
                return server.execute(query.replace("?", "%s"), parameters).fetchall()
        connection = sqlite3.connect(
            f"file:{self.data_dir / 'chapterflow.sqlite3'}?mode=ro", uri=True, timeout=10
        )
        try:
            return connection.execute(query, parameters).fetchall()
        finally:
            connection.close()

    def status(self, session_id: str) -> str:
        """Return the session's status."""
        rows = self.rows("SELECT status FROM workflow_processingsession WHERE id = ?", (plain(session_id),))
        return str(rows[0][0])

    def statuses(self, session_id: str) -> list[str]:
        """Return the chapters' statuses in order."""
        rows = self.rows(
            "SELECT status FROM workflow_chapterworkflowitem WHERE session_id = ? ORDER BY number",
            (plain(session_id),),
        )
        return [str(row[0]) for row in rows]

    def events(self, session_id: str) -> list[Mapping[str, object]]:
        """Return the session's events in order: seq, kind, item."""
        rows = self.rows(
            "SELECT seq, kind, item_id FROM workflow_event WHERE session_id = ? ORDER BY seq",
            (plain(session_id),),
        )
        return [{"seq": seq, "kind": kind, "item": item} for seq, kind, item in rows]

    def times(self, session_id: str, kind: str) -> list[datetime]:
        """Return when the session's events of this kind happened, by the database's clock."""
        found = self.rows(
            "SELECT at FROM workflow_event WHERE session_id = ? AND kind = ? ORDER BY seq",
            (plain(session_id), kind),
        )
        return [at if isinstance(at, datetime) else datetime.fromisoformat(str(at)) for (at,) in found]

    def busy_worker(self) -> int | None:
        """Return the process id of a worker that writes a chapter now."""
        rows = self.rows("SELECT owner FROM workflow_chapterworkflowitem WHERE status = 'in_progress'")
        return int(str(rows[0][0]).split(":")[1]) if rows else None


def plain(session_id: str) -> str:
    """Return the id as SQLite keeps it."""
    return session_id.replace("-", "")


def children_of(pid: int) -> list[int]:
    """Return the ids of the process's children."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        return []
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def is_alive(pid: int) -> bool:
    """Return whether the process lives; its remains do not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
