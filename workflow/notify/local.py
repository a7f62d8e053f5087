"""Tells the web processes that a session has news: a Unix datagram to each of this machine, never waited for.

A bell only says where to look. One that is lost costs the length of a poll, nothing else. `far_bell` carries the same
datagrams to other machines.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from books.text.words import count_prose

from . import datagrams
from .redis import publish

SUFFIX = ".bell"
SHOWN_CHARACTERS = 1_200

_RING = struct.Struct("!c16sQ")
_GLIMPSE = struct.Struct("!c16sII")


@dataclass(frozen=True)
class Ring:
    """The session has events up to number `seq`."""

    session_id: UUID
    seq: int


@dataclass(frozen=True)
class Preview:
    """What is being written, never stored: the end of the text of chapter `number`, and how many words it has."""

    session_id: UUID
    number: int
    word_count: int
    ending: str

    @classmethod
    def of(cls, session_id: UUID, number: int, text: str) -> "Preview":
        """Return the glimpse at `text`, all that is written so far."""
        return cls(session_id, number, count_prose(text), text[-SHOWN_CHARACTERS:])


def ring(session_id: str, seq: int) -> None:
    """Say that the session has events up to number `seq`. Never blocks, never raises."""
    with suppress(OSError, ValueError, struct.error):
        listening = datagrams.listening(SUFFIX)
        if listening or settings.REDIS_URL:
            _send(_RING.pack(b"R", UUID(session_id).bytes, seq), listening)


def show_text(session_id: str, number: int, text: str) -> None:
    """Show the text of chapter `number` as far as it is written. Never blocks, never raises."""
    with suppress(OSError, ValueError, struct.error):
        listening = datagrams.listening(SUFFIX)
        if listening or settings.REDIS_URL:
            seen = Preview.of(UUID(session_id), number, text)
            head = _GLIMPSE.pack(b"T", seen.session_id.bytes, number, seen.word_count)
            _send(head + seen.ending.encode("utf-8", "replace"), listening)


def _send(datagram: bytes, listening: list[str]) -> None:
    publish(datagram, datagrams.send(datagram, listening))


class Listener:
    """This process's end: a socket that others ring."""

    def __init__(self) -> None:
        self._receiver = datagrams.Receiver(SUFFIX)

    @property
    def name(self) -> str:
        """The name by which who rings knows it."""
        return self._receiver.name

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._receiver.fileno()

    def take(self) -> list[Ring | Preview]:
        """Return all that was rung since the last call, without waiting; what cannot be read is left out."""
        return [news for news in map(read, self._receiver.take()) if news is not None]

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._receiver.close()


def read(datagram: bytes) -> Ring | Preview | None:
    """Return what the datagram says, or None where it cannot be read."""
    try:
        if datagram[:1] == b"R":
            _, session, seq = _RING.unpack(datagram)
            return Ring(UUID(bytes=session), seq)
        if datagram[:1] == b"T":
            _, session, number, words = _GLIMPSE.unpack_from(datagram)
            ending = datagram[_GLIMPSE.size :].decode("utf-8", "replace")
            return Preview(UUID(bytes=session), number, words, ending)
    except struct.error:
        return None
    return None
