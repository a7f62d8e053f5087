"""Servers and databases of the tests' own: a PostgreSQL database or a whole server, a Redis; all gone afterwards."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.installation import ROOT, free_port, wait_for

REDIS = shutil.which("redis-server") or ""


def postgres_url() -> str:
    """Return the URL of a PostgreSQL in which databases can be made, or ""."""
    given = os.environ.get("CHAPTERFLOW_TEST_POSTGRES")
    if given is not None:
        return given
    said = subprocess.run(["sh", ".ci/postgres"], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip()


@contextmanager
def new_postgres() -> Iterator[str]:
    """Yield the URL of a new database of PostgreSQL; it is dropped afterwards."""
    server = postgres_url()
    name = f"chapterflow_own_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


class RedisServer:
    """A Redis that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(self._answers, 30, 0.02)

    def _answers(self) -> bool:
        from redis import ConnectionError, Redis

        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except ConnectionError:
            return False

    def kill(self) -> None:
        """Kill it by its id."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None


class PostgresServer:
    """A PostgreSQL of its own in `folder`, whose rows outlive its restarts. It never runs as root."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgres://owner@127.0.0.1:{self.port}/postgres"
        self._data = folder / "postgres"
        self._data.mkdir()
        self._user = self._somebody(folder)
        self._run("initdb", "-D", str(self._data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync")

    @staticmethod
    def programs() -> Path | None:
        """Return the folder of initdb and pg_ctl, None where they are not installed."""
        found = shutil.which("pg_ctl")
        folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        return folders[-1] if folders and (folders[-1] / "initdb").exists() else None

    def _somebody(self, folder: Path) -> pwd.struct_passwd | None:
        """Return the user that it runs as where this process is root's, who owns its folder then."""
        if os.geteuid() != 0:
            return None
        user = pwd.getpwnam("nobody")
        os.chown(self._data, user.pw_uid, user.pw_gid)
        for parent in [folder, *folder.parents][:3]:
            # Temporary folders of root's tests are closed to everybody else.
            if parent.stat().st_uid == 0 and parent != Path("/tmp"):
                parent.chmod(parent.stat().st_mode | 0o011)
        return user

    def _run(self, program: str, *arguments: str) -> None:
        programs = self.programs()
        assert programs is not None
        whom: dict[str, object] = {}
        if self._user is not None:
            whom = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        subprocess.run(
            [str(programs / program), *arguments], check=True, cwd=self._data, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=60, **whom,
        )  # type: ignore[call-overload]  # fmt: skip

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self._data / "log")
        self._run("pg_ctl", "start", "-D", str(self._data), "-w", "-l", log, "-o", options)

    def stop(self, how: str = "immediate") -> None:
        """Stop it: "immediate" is as if it had crashed."""
        self._run("pg_ctl", "stop", "-D", str(self._data), "-w", "-m", how)
