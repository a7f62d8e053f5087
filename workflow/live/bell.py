"""Tells the web processes of this machine that a session has news: one Unix datagram to each, never waited for.

A bell only says where to look. One that is lost costs the length of a poll, nothing else; a bell that reaches
other machines would send the same `Ring` and `Glimpse` to `Bell.take`'s callers.
"""

import os
import secrets
import socket
import stat
import struct
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

SUFFIX = ".bell"
# The path of a Unix socket ends at 108 bytes on Linux and at 104 elsewhere; a socket's name takes up to 20.
LONGEST_FOLDER = 80
SHOWN_CHARACTERS = 1_200
LONGEST_DATAGRAM = 8_000

_RING = struct.Struct("!c16sQ")
_GLIMPSE = struct.Struct("!c16sII")


@dataclass(frozen=True)
class Ring:
    """The session has events up to number `seq`."""

    session_id: UUID
    seq: int


@dataclass(frozen=True)
class Glimpse:
    """What is being written, never stored: the end of the text of chapter `number`, and how many words it has."""

    session_id: UUID
    number: int
    word_count: int
    ending: str

    @classmethod
    def of(cls, session_id: UUID, number: int, text: str) -> "Glimpse":
        """Return the glimpse at `text`, all that is written so far."""
        return cls(session_id, number, len(text.split()), text[-SHOWN_CHARACTERS:])


def ring(session_id: str, seq: int) -> None:
    """Say that the session has events up to number `seq`. Never blocks, never raises."""
    with suppress(OSError, ValueError, struct.error):
        listening = _listening()
        if listening:
            _send(_RING.pack(b"R", UUID(session_id).bytes, seq), listening)


def show_text(session_id: str, number: int, text: str) -> None:
    """Show the text of chapter `number` as far as it is written. Never blocks, never raises."""
    with suppress(OSError, ValueError, struct.error):
        listening = _listening()
        if listening:
            seen = Glimpse.of(UUID(session_id), number, text)
            head = _GLIMPSE.pack(b"T", seen.session_id.bytes, number, seen.word_count)
            _send(head + seen.ending.encode("utf-8", "replace"), listening)


def folder() -> Path:
    """Return the folder of the sockets: in the data directory, or in the temporary one where that path is too long."""
    inside = Path(settings.DATA_DIR) / "bells"
    if len(os.fsencode(inside)) <= LONGEST_FOLDER:
        return inside
    return Path(tempfile.gettempdir()) / f"chapterflow-{os.getuid()}-{settings.INSTALLATION_ID}"


class Bell:
    """This process's end: a socket that others ring."""

    def __init__(self) -> None:
        self._path = _private_folder() / f"{os.getpid()}-{secrets.token_hex(3)}{SUFFIX}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        try:
            self._socket.bind(str(self._path))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def take(self) -> list[Ring | Glimpse]:
        """Return all that was rung since the last call, without waiting; what cannot be read is left out."""
        taken: list[Ring | Glimpse] = []
        with suppress(BlockingIOError):
            while True:
                news = _read(self._socket.recv(LONGEST_DATAGRAM))
                if news is not None:
                    taken.append(news)
        return taken

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._path.unlink(missing_ok=True)
        self._socket.close()


def _private_folder() -> Path:
    """Return the folder, made where it is missing. Raises PermissionError where somebody else could reach into it."""
    path = folder()
    path.mkdir(mode=0o700, exist_ok=True)
    _check_private(path)
    return path


def _check_private(path: Path) -> None:
    """Raise PermissionError where another account could listen in or ring; FileNotFoundError without a folder."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{path} is not a private folder of this user")


def _listening() -> list[str]:
    path = folder()
    try:
        # In the temporary folder somebody else may have been first, to read what is being written.
        _check_private(path)
        return [f"{path}/{name}" for name in os.listdir(path) if name.endswith(SUFFIX)]  # noqa: PTH208  (4 times as fast)
    except FileNotFoundError:
        return []


def _send(datagram: bytes, paths: list[str]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        for path in paths:
            try:
                sender.sendto(datagram, path)
            except ConnectionRefusedError:
                # Whoever listened there is gone: names are never used twice.
                Path(path).unlink(missing_ok=True)
            except OSError:
                continue


def _read(datagram: bytes) -> Ring | Glimpse | None:
    try:
        if datagram[:1] == b"R":
            _, session, seq = _RING.unpack(datagram)
            return Ring(UUID(bytes=session), seq)
        if datagram[:1] == b"T":
            _, session, number, words = _GLIMPSE.unpack_from(datagram)
            ending = datagram[_GLIMPSE.size :].decode("utf-8", "replace")
            return Glimpse(UUID(bytes=session), number, words, ending)
    except struct.error:
        return None
    return None
