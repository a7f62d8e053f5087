"""Sends Unix datagrams between the processes of one installation on one machine, in a short private folder.

The sender never waits. A datagram that is lost costs the length of a poll, nothing else.
"""

import os
import secrets
import select
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings

# The path of a Unix socket ends at 108 bytes on Linux and at 104 elsewhere; a socket's name takes up to 20.
LONGEST_FOLDER = 80
LONGEST_DATAGRAM = 8_000


def folder() -> Path:
    """Return the folder of the sockets: in the data directory, or in the temporary one where that path is too long."""
    # The name of before: during an upgrade the processes of the release before still listen and send there.
    inside = Path(settings.DATA_DIR) / "bells"
    if len(os.fsencode(inside)) <= LONGEST_FOLDER:
        return inside
    return Path(tempfile.gettempdir()) / f"chapterflow-{os.getuid()}-{settings.INSTALLATION_ID}"


def listening(suffix: str) -> list[str]:
    """Return the paths of the sockets whose names end in `suffix`.

    Raises PermissionError where another account could listen in.
    """
    path = folder()
    try:
        # In the temporary folder somebody else may have been first, to read what is being written.
        _check_private(path)
        return [f"{path}/{name}" for name in os.listdir(path) if name.endswith(suffix)]  # noqa: PTH208  (4 times as fast)
    except FileNotFoundError:
        return []


def send(datagram: bytes, paths: list[str]) -> list[str]:
    """Send the datagram to each socket, and return the paths of those that took it.

    Never blocks: a socket whose buffer is full does without this one.
    """
    taken = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        for path in paths:
            try:
                sender.sendto(datagram, path)
                taken.append(path)
            except ConnectionRefusedError:
                # Its process has ended. Names are never used twice, so that nobody new can be listening there.
                Path(path).unlink(missing_ok=True)
            except OSError:
                continue
    return taken


class Receiver:
    """Receives the datagrams that other processes send to this one. Raises OSError where no socket can be made."""

    def __init__(self, suffix: str) -> None:
        self._path = _private_folder() / f"{os.getpid()}-{secrets.token_hex(3)}{suffix}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        try:
            self._socket.bind(str(self._path))
        except OSError:
            self._socket.close()
            raise

    @property
    def name(self) -> str:
        """The socket's name in its folder."""
        return self._path.name

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def wait(self, seconds: float) -> None:
        """Wait until a datagram has come, at most so long."""
        select.select([self._socket], [], [], seconds)

    def take(self) -> list[bytes]:
        """Return all datagrams since the last call, without waiting."""
        taken: list[bytes] = []
        with suppress(BlockingIOError):
            while True:
                taken.append(self._socket.recv(LONGEST_DATAGRAM))
        return taken

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._path.unlink(missing_ok=True)
        self._socket.close()


def _private_folder() -> Path:
    """Return the folder, made where it is missing. Raises PermissionError where another account could reach into it."""
    path = folder()
    path.mkdir(mode=0o700, exist_ok=True)
    _check_private(path)
    return path


def _check_private(path: Path) -> None:
    """Raise PermissionError where another account could listen in or send; FileNotFoundError without a folder."""
    # `lstat`: a link that somebody put there must not pass for the folder that it leads to.
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{path} is not a private folder of this user")
